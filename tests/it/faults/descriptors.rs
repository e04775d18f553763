use std::net::TcpStream;
use std::process::Command;

use super::check::is_well_and_is_killed;
use super::load::Told;
use super::{Site, THEIRS, rounds};
use crate::support::tools::eventually;

/// Failures are said, and nothing is taken for missing.
const SCARCE: [u16; 6] = [200, 201, 500, 502, 503, 507];

/// How many files the server may have open.
const FILES: u64 = 64;

#[test]
fn no_descriptors_left_and_then_there_are() {
    for _ in 0..rounds(2) {
        let (site, told) = (Site::new(), Told::default());
        site.lengthen_journal(site.root.path());
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("ulimit -n {FILES}; exec \"$0\" \"$@\"")]);
        let server = site.serve_through(limited);
        site.begin(&server, &told);
        site.under_load(&server, &told, &SCARCE, || {
            for _ in 0..4 {
                let mut idle = Vec::new();
                eventually("there are no descriptors left", || {
                    idle.push(TcpStream::connect(server.addr()).unwrap());
                    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid()));
                    (open.unwrap().count() as u64 + 1 >= FILES).then_some(())
                });
                drop(idle);
                told.goes_on();
            }
        });
        is_well_and_is_killed(server, &told);
        println!(
            "| no descriptors | 4 | {} | {} |",
            told.acknowledged(),
            told.answers()
        );
        site.check(site.root.path(), &told.expected(), THEIRS);
    }
}
