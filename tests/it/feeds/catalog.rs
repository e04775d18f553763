//! `/catalog`.

use std::collections::BTreeSet;

use super::catalog;
use crate::publish::registry::{Registry, delete};
use crate::publish::zips::zip_saying;
use crate::support::tree::{Tree, version, zip_of};

/// In the order of the catalog.
const ALL: [&str; 8] = [
    "example.com/Corp/m@v0.9.0-rc.1",
    "example.com/Corp/m@v1.0.0",
    "example.com/Corp/m@v1.2.0",
    "example.com/Corp/m@v1.10.0",
    "example.com/a@v0.0.0-20260102030405-0123456789ab",
    "example.com/a@v2.0.0+incompatible",
    "example.com/a/b@v1.0.0",
    "other.example/x@v1.0.0",
];

fn registry(flags: &[&str]) -> Registry {
    let registry = Registry::start(flags);
    for name in ALL.iter().rev() {
        registry.publish(&version(name), &zip_saying(&version(name), "").0);
    }
    registry
}

#[test]
fn has_the_form_of_earlier_servers_of_this_name() {
    let registry = registry(&[]);
    let answer = registry.get("/catalog?pagesize=1");
    assert_eq!(
        answer.text(),
        "{\"modules\":[{\"module\":\"example.com/Corp/m\",\"version\":\"v0.9.0-rc.1\"}],\
         \"next\":\"example.com/Corp/m@v0.9.0-rc.1\"}\n"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        registry.get("/catalog?token=other.example/x@v1.0.0").text(),
        "{\"modules\":[]}\n"
    );
    let (all, next) = catalog(&registry.get("/catalog"));
    assert_eq!((all, next), (ALL.map(str::to_owned).to_vec(), None));
}

#[test]
fn pages_of_every_size_make_up_the_whole() {
    let registry = registry(&[]);
    for size in 1..=9 {
        let mut seen = Vec::new();
        let mut token = String::new();
        let mut pages = 0;
        loop {
            let query = format!("/catalog?pagesize={size}&token={token}");
            let (page, next) = catalog(&registry.get(&query));
            assert!(page.len() <= size);
            seen.extend(page);
            pages += 1;
            match next {
                Some(next) => token = next,
                None => break,
            }
        }
        assert_eq!(seen, ALL);
        assert_eq!(pages, ALL.len().div_ceil(size));
    }
}

#[test]
fn what_stays_is_seen_once_whatever_else_comes_and_goes() {
    let registry = registry(&[]);
    let (first, next) = catalog(&registry.get("/catalog?pagesize=2"));
    assert_eq!(first, ALL[..2]);
    // The version and, with all of them, the module that the token names are gone; others come before and after.
    for name in &ALL[..4] {
        assert_eq!(registry.send(delete(&version(name))).status, 200);
    }
    for name in ["a.example/new@v1.0.0", "example.com/a@v1.0.0"] {
        registry.publish(&version(name), &zip_saying(&version(name), "").0);
    }
    let query = format!("/catalog?pagesize=100&token={}", next.unwrap());
    let (rest, next) = catalog(&registry.get(&query));
    let rest: BTreeSet<&str> = rest.iter().map(String::as_str).collect();
    let mut wanted: BTreeSet<&str> = ALL[4..].iter().copied().collect();
    wanted.insert("example.com/a@v1.0.0");
    assert_eq!((rest, next), (wanted, None));
}

#[test]
fn only_what_is_served() {
    let tree = Tree::new();
    for name in ["example.com/m@v1.0.0", "example.com/m@v1.1.0"] {
        let version = version(name);
        tree.write_path(
            &format!("example.com/m/@v/{}.zip", version.version()),
            &zip_of(&version),
        );
        tree.write_path(
            &format!("example.com/m/@v/{}.mod", version.version()),
            b"module example.com/m\n\ngo 1.13\n",
        );
        tree.write_path(
            &format!("example.com/m/@v/{}.info", version.version()),
            format!("{{\"Version\":\"{}\"}}", version.version()).as_bytes(),
        );
    }
    tree.write_path("example.com/m/@v/v1.2.0.zip", b"no zip");
    tree.write_path("example.com/m/@v/v1.3.0.mod", b"module example.com/m\n");
    tree.write_path("example.com/Not/m/@v/v1.0.0.zip", b"not in the layout");
    let registry = Registry::over(tree, &["--block", "example.com/m@v1.1.0"]);
    let (all, next) = catalog(&registry.get("/catalog"));
    assert_eq!((all, next), (vec!["example.com/m@v1.0.0".to_owned()], None));
}
