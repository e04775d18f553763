//! A power cut, without one: all that a server does to its folder is recorded, and what a disk may be left with is made from the
//! record, for many moments.

/// A disk that knows what of it was synced.
mod disk;
/// The record.
mod trace;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use self::disk::{Disk, Unsynced};
use self::trace::{Call, calls};
use super::load::Told;
use super::{Site, rounds};
use crate::support::server::TestServer;
use crate::support::tools::{copy_tree, eventually, require_tool};

/// What can change a folder.
const CALLS: &str = "trace=openat,openat2,write,writev,pwrite64,copy_file_range,sendfile,ftruncate,rename,renameat,renameat2,\
                     link,linkat,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync";

/// How many changes are acknowledged before the record ends.
const CHANGES: usize = 60;

#[test]
fn what_was_acknowledged_was_synced() {
    let Some(strace) = require_tool("strace") else {
        return;
    };
    let (site, told) = (Site::of_weight(4 << 10), Told::default());
    site.lengthen_journal(site.root.path());
    let base = TempDir::new().unwrap();
    copy_tree(site.root.path(), base.path());
    let log = site.state.path().join("strace");
    let server = recorded(&strace, &site, &log);
    site.begin(&server, &told);
    site.under_load(&server, &told, &[200, 201], || {
        eventually("enough happened", || {
            (told.acknowledged() > CHANGES).then_some(())
        });
    });
    assert!(server.stop().success());
    eventually("the record is whole", || {
        let log = fs::read_to_string(&log).ok()?;
        log.ends_with("+++\n").then_some(())
    });
    assert!(site.sealed() > 0);

    let root = site.root.path().to_str().unwrap();
    let calls = calls(&fs::read_to_string(&log).unwrap());
    let steps = steps(root, base.path(), &calls);
    let moments = rounds(8);
    for moment in 0..moments {
        // The last one is the end.
        let step = steps.len() as u64 * (moment + 1) / moments;
        let until = steps[usize::try_from(step).unwrap() - 1];
        let mut disk = Disk::of(base.path());
        for call in &calls[..=until] {
            disk.apply(root, call);
        }
        let began = calls[..=until].iter().map(|call| call.time);
        let expected = told.expected_at(calls[until].time, began.fold(0.0, f64::max));
        for unsynced in [Unsynced::Lost, Unsynced::NamesOnly, Unsynced::Torn(moment)] {
            println!("after {step} of {} steps: {unsynced:?}", steps.len());
            let after = TempDir::new().unwrap();
            disk.after_cut(unsynced, after.path());
            site.check(after.path(), &expected, 2);
        }
    }
    println!(
        "| power cut | {moments} × 3 of {} steps | {} | {} |",
        steps.len(),
        told.acknowledged(),
        told.answers()
    );
}

/// The numbers of the calls that changed the folder.
fn steps(root: &str, base: &Path, calls: &[Call]) -> Vec<usize> {
    let mut disk = Disk::of(base);
    let mut changes = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        if disk.apply(root, call) {
            changes.push(number);
        }
    }
    changes
}

/// A server all of whose changes are written down.
fn recorded(strace: &Path, site: &Site, log: &Path) -> TestServer {
    let mut tracer = Command::new(strace);
    // -D: the server is the child, and the tracer looks on.
    tracer
        .args(["-D", "-f", "-y", "-x", "-ttt", "--seccomp-bpf"])
        .args(["-s", "10000000", "-e", "signal=none", "-e", CALLS, "-o"])
        .arg(log);
    site.serve_through(tracer)
}
