//! The rooms of the house: who may import whom, and what only one room may name. ARCHITECTURE.md draws them.

use std::fs;
use std::path::Path;

use crate::support::tools::{files_below, repository};

/// Each room and the rooms it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["cli", "commands"]),
    (
        "commands",
        &[
            "cli",
            "client",
            "config",
            "doctor",
            "http",
            "logging",
            "proxy",
            "auth",
            "carry",
            "verify",
            "warm",
            "housekeeping",
            "catalog",
            "store",
            "modzip",
            "trace",
            "module",
        ],
    ),
    ("cli", &["config", "auth", "module"]),
    ("client", &["transport", "auth", "module"]),
    ("upstream", &["transport", "metrics", "trace", "module"]),
    ("metrics", &["modzip"]),
    (
        "doctor",
        &["client", "transport", "auth", "store", "module"],
    ),
    ("sumdb", &["module"]),
    ("transport", &[]),
    (
        "config",
        &[
            "http",
            "logging",
            "proxy",
            "housekeeping",
            "upstream",
            "sumdb",
            "trace",
            "module",
        ],
    ),
    (
        "http",
        &["proxy", "auth", "store", "metrics", "trace", "module"],
    ),
    ("logging", &["transport", "trace"]),
    ("trace", &[]),
    ("auth", &["module"]),
    (
        "proxy",
        &[
            "housekeeping",
            "catalog",
            "store",
            "upstream",
            "sumdb",
            "metrics",
            "modzip",
            "trace",
            "module",
        ],
    ),
    ("carry", &["catalog", "store", "modzip", "module"]),
    ("verify", &["catalog", "store", "modzip", "module"]),
    ("warm", &["proxy", "store", "modzip", "module"]),
    ("housekeeping", &["catalog", "store", "module"]),
    ("catalog", &["store", "metrics", "modzip", "module"]),
    ("store", &["module"]),
    ("modzip", &["module"]),
    ("sumdb", &["module"]),
    ("module", &[]),
];

/// What only certain files may name.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("warp::", &["http"]),
    ("hyper", &["http", "logging/caps.rs"]),
    (
        "reqwest",
        &[
            "client",
            "transport",
            "upstream",
            "logging/otlp",
            "logging/caps.rs",
        ],
    ),
    ("rustls", &["transport", "http", "logging/caps.rs"]),
    (" notify::", &["catalog/watch.rs"]),
    ("sd_notify", &["commands/service_manager.rs"]),
    ("listenfd", &["commands/listen.rs"]),
    ("rustix::fs", &["store", "http/listener/unix_file.rs"]),
    ("std::env", &["config", "main.rs"]),
    ("clap::", &["cli.rs", "cli/", "config"]),
    ("prometheus_client", &["metrics"]),
    ("getrandom", &["auth/plain.rs", "trace/random.rs"]),
    ("ed25519_dalek", &["sumdb"]),
];

/// The code of a source file, without its comments and its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn sources() -> Vec<(String, String)> {
    let src = repository().join("src");
    let files = files_below(&src);
    assert!(files.len() > 20, "{files:?}");
    files
        .into_iter()
        .filter(|file| file.ends_with(".rs") && !file.ends_with("tests.rs") && file != "lib.rs")
        .map(|file| {
            let text = code(&src.join(&file));
            (file, text)
        })
        .collect()
}

fn room(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or(file)
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let room = room(&file);
        let (_, may) = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| {
                panic!("src/{file}: a room that MAY_IMPORT and ARCHITECTURE.md do not know")
            });
        for place in text
            .match_indices("crate::")
            .chain(text.match_indices("athens::"))
        {
            let rest = &text[place.0 + place.1.len()..];
            let named = rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            if named != room
                && MAY_IMPORT.iter().any(|(name, _)| *name == named)
                && !may.contains(&named)
            {
                wrong.push(format!("src/{file} imports {named}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_one_room_names() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (name, places) in ONLY_IN {
            if text.contains(name) && !places.iter().any(|place| file.starts_with(place)) {
                wrong.push(format!("src/{file} names {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_names_every_room() {
    let map = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    for (room, may) in MAY_IMPORT {
        assert!(
            map.contains(&format!("`{room}")),
            "ARCHITECTURE.md does not name {room}"
        );
        if !may.is_empty() {
            let line = format!("{room} → {}", may.join(", "));
            assert!(
                map.contains(&line),
                "ARCHITECTURE.md lacks the line {line:?}"
            );
        }
    }
}
