//! A disk on which little is left.

use std::fs;

use super::{House, fetch, numbered, path_of};
use crate::support::http::{Request, get};
use crate::support::small_disk::{SmallDisk, fill, zip_of_size};
use crate::support::tools::{files_below, until};
use crate::support::tree::version;

#[test]
fn nothing_is_taken_and_everything_is_given() {
    let Some(disk) = SmallDisk::mount("64m") else {
        return;
    };
    let versions = numbered(3);
    let house = House::new(&versions);
    let server = house.serve_at(disk.path(), &["--min-free", "8MiB"]);
    let put = |text: &str, len: usize| {
        let version = version(text);
        let put = Request::new("PUT", &path_of(&version, "zip")).body(&zip_of_size(&version, len));
        house.send(&server, put)
    };
    fetch(&server, &versions[0], "zip");
    assert_eq!(put("own.example/m@v1.0.0", 1000).status, 201);
    // What is sent would leave too little, and that is said before it is read.
    let answer = put("own.example/m@v1.1.0", 60 << 20);
    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(
        answer.text().contains("more do not fit"),
        "{}",
        answer.text()
    );

    let filler = disk.path().join(".filler");
    fill(&filler, 6 << 20);
    let ready = || get(&server.url(), "/readyz");
    until("it is seen", || {
        let answer = ready();
        assert_eq!(answer.status, 200);
        answer.text().starts_with("ready\nnote: only for reading: ")
    });
    let zip = path_of(&version(&versions[1]), "zip");
    assert_eq!(get(&server.url(), &zip).status, 507);
    house.upstream.forget();
    let refused = get(&server.url(), &path_of(&version(&versions[2]), "info"));
    assert_eq!(refused.status, 507);
    assert!(refused.text().contains("--min-free"), "{}", refused.text());
    assert_eq!(refused.text().lines().count(), 1);
    assert_eq!(put("own.example/m@v1.2.0", 1000).status, 507);
    assert_eq!(house.upstream.paths(), [""; 0]);
    fetch(&server, &versions[0], "zip");
    fetch(&server, "own.example/m@v1.0.0", "zip");

    fs::remove_file(&filler).unwrap();
    until("room is seen", || get(&server.url(), &zip).status == 200);
    assert_eq!(put("own.example/m@v1.2.0", 1000).status, 201);
    assert_eq!(ready().text(), "ready\n");
    assert!(files_below(&disk.path().join(".athens/staging")).is_empty());
}

#[test]
fn room_is_made_on_a_disk_that_is_full() {
    let Some(disk) = SmallDisk::mount("4m") else {
        return;
    };
    let versions = numbered(4);
    let house = House::new(&versions);
    let server = house.serve_at(disk.path(), &["--min-free", "0"]);
    for text in &versions[..3] {
        fetch(&server, text, "zip");
    }
    fill(&disk.path().join(".filler"), 0);
    let zip = path_of(&version(&versions[3]), "zip");
    assert_eq!(get(&server.url(), &zip).status, 507);
    until("they are old enough", || {
        let told = crate::support::carrier::run(disk.path(), &["gc", "--max-size", "0"]);
        told.text().starts_with("3 versions")
    });
    assert_eq!(get(&server.url(), &zip).status, 200);
    assert!(files_below(&disk.path().join(".athens/staging")).is_empty());
}
