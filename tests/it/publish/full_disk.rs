//! Publishing to a disk that is full.

use std::fs;

use athens::store::ModuleFile;

use super::registry::{State, put, url_of};
use super::zips::zip_saying;
use crate::support::http::{Request, get};
use crate::support::small_disk::{SmallDisk, fill, zip_of_size};
use crate::support::tools::{files_below, until};
use crate::support::tree::version;

#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let Some(disk) = SmallDisk::mount("1m") else {
        return;
    };
    let state = State::new();
    let server = state.serve(disk.path(), &["--min-free", "0"]);
    let (url, token) = (server.url(), state.local_token());
    let send = |request: Request| request.bearer(&token).send(&url);
    let good = version("example.com/m@v1.0.0");
    let (zip, _) = zip_saying(&good, "");
    assert_eq!(send(put(&good, &zip)).status, 201);
    let visible = || {
        let mut files = files_below(disk.path());
        files.retain(|name| !name.starts_with(".athens/"));
        files
    };
    until("what is derived is there", || visible().len() == 6);
    let before = visible();

    // Larger than the whole disk: it ends in the middle of the body.
    let large = version("example.com/m@v1.1.0");
    let answer = send(put(&large, &zip_of_size(&large, 2 << 20)));
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("the storage of this server failed"));
    assert_eq!(visible(), before);

    // The zip has room and what belongs to it has none, from no room at all to enough.
    let filler = disk.path().join(".filler");
    let page = 4096;
    let mut seen = std::collections::BTreeSet::new();
    for room in 0..12 {
        fill(&filler, room * page);
        let next = version(&format!("example.com/n@v1.0.{room}"));
        let (zip, _) = zip_saying(&next, "");
        let answer = send(put(&next, &zip));
        seen.insert(answer.status);
        fs::remove_file(&filler).unwrap();
        let there = get(&url, &url_of(&next, ModuleFile::Zip)).status;
        match answer.status {
            201 => assert_eq!(there, 200, "room for {room} pages"),
            507 => {
                assert_eq!(there, 404, "room for {room} pages: {}", answer.text());
                let zip = disk.path().join(&url_of(&next, ModuleFile::Zip)[1..]);
                assert!(!zip.exists(), "room for {room} pages");
            }
            _ => panic!("room for {room} pages: {} {}", answer.status, answer.text()),
        }
        let staging = disk.path().join(".athens/staging");
        until("the staging area is empty", || {
            files_below(&staging).is_empty()
        });
    }
    assert!(seen.contains(&507), "{seen:?}");

    // Space again: the same version goes in.
    let freed = version("example.com/m@v1.2.0");
    assert_eq!(
        send(put(&freed, &zip_of_size(&freed, 200 << 10))).status,
        201
    );
    assert_eq!(get(&url, &url_of(&good, ModuleFile::Zip)).body, zip);
    assert_eq!(get(&url, "/readyz").status, 200);
}
