//! The pages against the code: every path is in the one table, and every test that docs/security.md names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use athens::http::Endpoint;

use crate::support::tools::{files_below, repository};

/// What is between backticks in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_paths_of_the_reference_are_those_of_the_table() {
    let page = fs::read_to_string(repository().join("docs/http.md")).unwrap();
    let (_, table) = page.split_once("| path | answer |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let mut said = BTreeSet::new();
    for row in table.lines().filter(|row| row.starts_with("| `")) {
        let mut last = String::new();
        for word in quoted(row.split(" | ").next().unwrap()) {
            let (method, path) = word.split_once(' ').unwrap_or(("GET", word));
            let path = match path.split_once("?") {
                Some((path, query)) if query != "go-get=1" => path,
                _ => path,
            };
            let path = match path.chars().next() {
                Some('/') => path.to_owned(),
                Some('.') => format!("{}{path}", last.rsplit_once('.').unwrap().0),
                _ => format!("{}/{path}", last.rsplit_once('/').unwrap().0),
            };
            // `tile/…` stands where `lookup/…` stood.
            let path = path.replace("/lookup/tile/", "/tile/");
            said.insert(format!("{method} {path}"));
            last = path;
        }
    }
    let mut known = BTreeSet::new();
    for endpoint in Endpoint::ALL {
        for method in endpoint.methods.split(", ").filter(|one| *one != "HEAD") {
            known.insert(format!("{method} {}", endpoint.path));
        }
    }
    assert_eq!(said, known, "docs/http.md and http::Endpoint::ALL");
}

/// The string literals after `start` in a text.
fn literals<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start)
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

/// A filter for a path or method that no row tells of would be a door that nobody knows of.
#[test]
fn every_filter_of_the_server_has_a_row() {
    let folder = repository().join("src/http");
    let firsts: BTreeSet<&str> = Endpoint::ALL
        .iter()
        .filter_map(|endpoint| endpoint.path.split('/').nth(1))
        .collect();
    let mut found = 0;
    let mut methods = Vec::new();
    for name in files_below(&folder) {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        for start in ["warp::path!(", "warp::path("] {
            for path in literals(&text, start) {
                assert!(firsts.contains(path), "src/http/{name}: {path} has no row");
                found += 1;
            }
        }
        for method in ["get", "head", "put", "post", "delete", "patch", "options"] {
            if text.contains(&format!("warp::{method}()")) {
                methods.push(format!("{name} {method}"));
            }
        }
    }
    assert!(found >= 9, "{found}: are they made in another way now?");
    methods.sort();
    let want = [
        "mod.rs get",
        "mod.rs head",
        "publish.rs delete",
        "publish.rs put",
        "refresh.rs post",
    ];
    assert_eq!(methods, want, "rows of http::Endpoint::ALL for these");
}

/// The files in which the test of a path such as `publish::rights::every_kind_of_token` can be.
fn places(modules: &[&str]) -> Vec<PathBuf> {
    let modules: PathBuf = modules.iter().filter(|name| **name != "tests").collect();
    ["tests/it", "src"]
        .iter()
        .flat_map(|folder| {
            let stem = repository().join(folder).join(&modules);
            [
                stem.with_extension("rs"),
                stem.join("mod.rs"),
                stem.join("tests.rs"),
            ]
        })
        .collect()
}

#[test]
fn the_tests_that_the_page_names_exist() {
    let page = fs::read_to_string(repository().join("docs/security.md")).unwrap();
    let mut found = 0;
    for name in quoted(&page).filter(|word| word.contains("::") && !word.contains(' ')) {
        let mut modules: Vec<&str> = name.split("::").collect();
        let test = modules.pop().unwrap();
        let declared = format!("fn {test}(");
        let exists = places(&modules)
            .iter()
            .filter_map(|place| fs::read_to_string(place).ok())
            .any(|text| {
                text.contains(&declared)
                    && (text.contains("#[test]") || text.contains("#[tokio::test"))
            });
        assert!(exists, "docs/security.md names {name}, which is no test");
        found += 1;
    }
    assert!(found >= 30, "{found}");
}
