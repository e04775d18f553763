//! SIGKILL in the middle of making room.

use std::process::Stdio;

use super::{House, fetch, path_of};
use crate::support::carrier::{is_verified, run};
use crate::support::http::get;
use crate::support::server::athens;
use crate::support::tools::{eventually, until};
use crate::support::tree::version;

/// How often it is killed.
const ROUNDS: usize = 24;

#[test]
fn nothing_is_half_there_afterwards() {
    // Several of a module, so that lists are shortened, and modules of one, so that directories go.
    let mut versions: Vec<String> = (0..120)
        .map(|number| format!("example.com/many{}@v1.0.{number}", number % 3))
        .collect();
    versions.extend((0..120).map(|number| format!("example.com/one{number}@v1.0.0")));
    let house = House::with_zips_of(&versions, 1 << 10);
    let fill = || {
        let server = house.serve(&[]);
        for text in &versions {
            fetch(&server, text, "zip");
        }
        assert!(server.stop().success());
        until("all of them may go", || {
            let told = run(
                house.root(),
                &["gc", "--max-size", "0", "--dry-run", "--json"],
            );
            told.summary()["versions"] == versions.len()
        });
    };
    let gone = || versions.iter().filter(|text| !house.has(text)).count();
    fill();
    let mut killed = 0;
    for round in 0..ROUNDS {
        let (told, before) = (house.events("evict"), gone());
        let mut child = athens()
            .args(["gc", "--max-size", "0", "--root"])
            .arg(house.root())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The journal is told first, and the files go after that.
        eventually("it is in the middle", || {
            let is_in = house.events("evict") > told && gone() >= before + round % 4;
            (is_in || child.try_wait().unwrap().is_some()).then_some(())
        });
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());

        // The next server mends what is derived.
        let server = house.serve(&["--offline"]);
        until("all is as it should be", || {
            run(house.root(), &["verify"]).code == 0
        });
        for module in ["many0", "many1", "many2"] {
            let list = get(&server.url(), &format!("/example.com/{module}/@v/list"));
            let list = if list.status == 200 {
                list.text()
            } else {
                String::new()
            };
            for line in list.lines() {
                let version = version(&format!("example.com/{module}@{line}"));
                let ask = |ending: &str| get(&server.url(), &path_of(&version, ending));
                assert_eq!(
                    (ask("mod").status, ask("zip").status),
                    (200, 200),
                    "{version}"
                );
                // The one that was fetched, and none that was made.
                assert!(
                    ask("info").text().contains("2026-01-02T15:04:05Z"),
                    "{version}"
                );
            }
        }
        assert!(server.stop().success());
        assert_eq!(house.events("adopt"), 0, "round {round}");
        if gone() > versions.len() * 3 / 4 {
            fill();
        }
    }
    assert!(killed >= ROUNDS / 2, "{killed}");
    fill();
    assert_eq!(gone(), 0);
    is_verified(house.root());
}
