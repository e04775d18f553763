use std::time::Duration;

use super::load::Told;
use super::{Site, THEIRS, rounds};

/// What a healthy server answers here.
const HEALTHY: [u16; 2] = [200, 201];

#[test]
fn at_any_moment_while_everything_happens() {
    let rounds = rounds(12);
    let (site, told) = (Site::new(), Told::default());
    let server = site.serve();
    site.begin(&server, &told);
    assert!(server.stop().success());
    for round in 0..rounds {
        if round % 4 == 1 {
            site.lengthen_journal(site.root.path());
        }
        let server = site.serve();
        site.under_load(&server, &told, &HEALTHY, || {
            // The moment is what this is about; nothing is expected to have happened by then.
            std::thread::sleep(Duration::from_micros(20_000 + round * 79_190 % 900_000));
            server.signal("KILL");
        });
        server.wait();
        if round % 10 == 9 || round + 1 == rounds {
            site.check(site.root.path(), &told.expected(), THEIRS);
        }
    }
    assert!(site.sealed() > 0);
    println!(
        "| kill -9 | {rounds} | {} | {} |",
        told.acknowledged(),
        told.answers()
    );
}
