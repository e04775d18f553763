//! A server over a folder that may not grow.

use std::fs;

use athens::store::ModuleFile;

use super::{House, fetch, numbered, path_of};
use crate::support::carrier::{import, is_verified, run};
use crate::support::http::{Request, get};
use crate::support::tools::until;
use crate::support::tree::{Tree, version, zip_of};

/// Room for some seven versions.
const SIZE: [&str; 2] = ["--max-size", "1MiB"];

#[test]
fn the_least_recently_used_go_and_come_back() {
    let versions = numbered(9);
    let house = House::new(&versions);
    // Without limits nothing is noted: until the next server, a version was last used when it came.
    let server = house.serve(&[]);
    for text in &versions[..6] {
        fetch(&server, text, "zip");
    }
    assert!(server.stop().success());
    assert!(!house.root().join(".athens/uses").exists());

    // The first three are used last, in one way or another.
    later_than_it_came(&house, &versions[5]);
    let server = house.serve(&SIZE);
    for (text, ending) in versions.iter().zip(["zip", "mod", "info"]) {
        fetch(&server, text, ending);
    }
    assert!(server.stop().success());
    assert!(house.root().join(".athens/uses").exists());

    // The next server knows what the last one noted.
    let server = house.serve(&SIZE);
    for text in &versions[6..] {
        fetch(&server, text, "zip");
    }
    until("room was made", || {
        house.events("evict") > 0 && du(&house) <= 1 << 20
    });
    for text in versions[..3].iter().chain(&versions[6..]) {
        assert!(house.has(text), "{text}: {}", server.stderr());
    }
    let gone: Vec<&String> = versions.iter().filter(|text| !house.has(text)).collect();
    assert!(!gone.is_empty());
    is_verified(house.root());

    // What is gone is still somebody else's, and comes back.
    let back = gone[0];
    let module = version(back).path().to_string();
    until("no empty directory is left", || {
        !house.root().join(&module).exists()
    });
    let cached = get(&server.url(), &format!("/cached-only/{module}/@v/list"));
    assert_eq!(cached.status, 404, "{}", cached.text());
    fetch(&server, back, "zip");
    assert_eq!(house.events("adopt"), 0);
    until("it is said", || {
        server.stderr().contains("fetched versions with")
    });
}

#[test]
fn what_is_here_on_purpose_stays() {
    let versions = numbered(12);
    let house = House::new(&versions);
    let server = house.serve(&["--min-free", "0"]);
    // Fetched, and wanted by somebody else too.
    for text in &versions[..3] {
        fetch(&server, text, "zip");
    }
    let published = "own.example/published@v1.0.0";
    let path = path_of(&version(published), "zip");
    let put = Request::new("PUT", &path).body(&zip_of(&version(published)));
    assert_eq!(house.send(&server, put).status, 201);
    // The zip that was fetched, published: the same content, and no news.
    let fetched = version(&versions[2]);
    let zip = fs::read(house.root().join(&path_of(&fetched, "zip")[1..])).unwrap();
    let put = Request::new("PUT", &path_of(&fetched, "zip")).body(&zip);
    assert_eq!(house.send(&server, put).status, 200);
    assert!(server.stop().success());
    let arguments = ["fetch", &versions[0], &versions[3], "--sumdb", "off"];
    let upstream = house.upstream.url();
    let told = run(
        house.root(),
        &[&arguments[..], &["--upstream", &upstream]].concat(),
    );
    assert_eq!(told.code, 0, "{told:?}");
    let cache = Tree::new();
    cache.add("example.org/imported@v1.0.0");
    // One that is here already, too.
    for (text, file) in [
        (&versions[1], "zip"),
        (&versions[1], "mod"),
        (&versions[1], "info"),
    ] {
        let path = path_of(&version(text), file);
        let content = fs::read(house.root().join(&path[1..])).unwrap();
        cache.write_path(&path[1..], &content);
    }
    let (told, _) = import(house.root(), cache.root(), &[]);
    assert_eq!(told.code, 0, "{told:?}");
    let dropped = version("own.example/dropped@v1.0.0");
    for (file, ending) in [
        (ModuleFile::Zip, "zip"),
        (ModuleFile::Mod, "mod"),
        (ModuleFile::Info, "info"),
    ] {
        let own = Tree::new();
        own.add("own.example/dropped@v1.0.0");
        let to = house.root().join(&path_of(&dropped, ending)[1..]);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(own.path_of(&dropped, file), to).unwrap();
    }

    let server = house.serve(&[&SIZE[..], &["--max-age", "1s", "--scan-interval", "1s"]].concat());
    fetch(&server, &versions[4], "zip");
    fetch(&server, &versions[5], "mod");
    until("all went that may", || !house.has(&versions[4]));
    for text in &versions[..4] {
        assert!(house.has(text), "{text}");
    }
    for text in [
        published,
        "own.example/dropped@v1.0.0",
        "example.org/imported@v1.0.0",
    ] {
        assert!(house.has(text), "{text}");
    }
    assert_eq!(house.events("evict"), 1);
    assert!(server.stop().success());
    is_verified(house.root());
}

#[test]
fn what_may_not_go_and_is_too_large_is_said_once() {
    let house = House::new(&[]);
    let tree = Tree::new();
    for number in 0..3 {
        let path = format!("own.example/m/@v/v1.0.{number}.zip");
        tree.write_path(&path, &vec![b'x'; 600 << 10]);
    }
    let often = ["--scan-interval", "100ms", "--log-level", "debug"];
    let server = house.serve_at(
        tree.root(),
        &[
            SIZE,
            often[..2].try_into().unwrap(),
            often[2..].try_into().unwrap(),
        ]
        .concat(),
    );
    let count = |words: &str| server.stderr().matches(words).count();
    until("it is said", || count("more than --max-size says") == 1);
    let walks = count("the tree holds");
    until("it was looked again", || {
        count("the tree holds") > walks + 5
    });
    assert_eq!(count("more than --max-size says"), 1);
}

#[test]
fn where_nothing_can_be_fetched_nothing_goes() {
    let versions = numbered(1);
    let house = House::new(&versions);
    let server = house.serve(&[]);
    fetch(&server, &versions[0], "zip");
    assert!(server.stop().success());
    let server = house.serve(&["--offline", "--max-age", "1s"]);
    fetch(&server, &versions[0], "zip");
    let log = server.stop_and_collect().stderr;
    assert!(log.contains("nothing is removed to make room"), "{log}");
    assert!(house.has(&versions[0]));
}

/// Waits until the clock has left the second in which a zip came.
fn later_than_it_came(house: &House, text: &str) {
    let zip = house.root().join(&path_of(&version(text), "zip")[1..]);
    let came = fs::metadata(zip).unwrap().modified().unwrap();
    until("a second has passed", || {
        came.elapsed().is_ok_and(|age| age.as_millis() > 1100)
    });
}

/// What the folder takes, in bytes.
fn du(house: &House) -> u64 {
    let told = run(house.root(), &["gc", "--dry-run", "--json"]);
    told.summary()["size"].as_u64().unwrap()
}
