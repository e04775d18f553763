use std::fs;

use super::check::is_well_and_is_killed;
use super::load::Told;
use super::{Site, THEIRS, rounds};
use crate::support::small_disk::{SmallDisk, fill};
use crate::support::tools::eventually;

/// A full disk is 507, for publishing and for fetching.
const FULL: [u16; 3] = [200, 201, 507];

#[test]
fn a_disk_that_is_full_and_then_is_not() {
    for round in 0..rounds(3) {
        let Some(disk) = SmallDisk::mount("48m") else {
            return;
        };
        let (site, told) = (Site::new(), Told::default());
        let root = disk.path().join("root");
        fs::create_dir(&root).unwrap();
        site.lengthen_journal(&root);
        let server = site.serve_over(&root);
        site.begin(&server, &told);
        site.under_load(&server, &told, &FULL, || {
            let filler = disk.path().join("filler");
            for room in [0, 4096 * (round % 8), 64 << 10] {
                let before = told.count(507);
                fill(&filler, room);
                eventually("the disk is full", || {
                    (told.count(507) > before + 5).then_some(())
                });
                fs::remove_file(&filler).unwrap();
                told.goes_on();
            }
        });
        is_well_and_is_killed(server, &told);
        println!(
            "| full disk | 3 | {} | {} |",
            told.acknowledged(),
            told.answers()
        );
        site.check(&root, &told.expected(), THEIRS);
    }
}
