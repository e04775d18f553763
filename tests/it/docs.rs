//! The reference pages against the program: what `--help` says is what `docs/` says.

use std::fs;

use athens::config::{Applies, Key};

use crate::support::server::athens;
use crate::support::tools::repository;

/// Flags with their defaults, as `--help` prints them.
fn flags_of(command: &str) -> Vec<(String, String)> {
    let output = athens().args([command, "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout)
        .unwrap()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let help = help.split(" Examples: ").next().unwrap();
    let mut flags = Vec::new();
    for piece in help.split(" --").skip(1) {
        let name: String = piece
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '-')
            .collect();
        if let Some((_, rest)) = piece.split_once("[default: ") {
            let default = rest.split(']').next().unwrap();
            flags.push((format!("--{name}"), default.to_owned()));
        }
    }
    flags
}

#[test]
fn every_setting_is_in_the_reference_with_its_default() {
    let page = fs::read_to_string(repository().join("docs/configuration.md")).unwrap();
    let flags = flags_of("serve");
    assert!(flags.len() > 15, "{flags:?}");
    for (flag, default) in flags {
        let shown = if default == "none" {
            default
        } else {
            format!("`{default}`")
        };
        let row = format!("| `{flag}` | {shown} | ");
        assert!(
            page.contains(&row),
            "docs/configuration.md lacks the row {row:?}"
        );
    }
}

#[test]
fn settings_that_wait_for_a_restart_are_marked() {
    let page = |name: &str| fs::read_to_string(repository().join("docs").join(name)).unwrap();
    let (configuration, reload) = (page("configuration.md"), page("reload.md"));
    let list = reload.split("marks them with †:").nth(1).unwrap();
    let list = list.split(".\n").next().unwrap();
    let mut waiting = Vec::new();
    for key in Key::ALL {
        let start = format!("| `--{}` | ", key.name);
        let row = configuration.lines().find(|line| line.starts_with(&start));
        let row =
            row.unwrap_or_else(|| panic!("docs/configuration.md has no row for {}", key.name));
        let waits = key.applies == Applies::Restart;
        assert_eq!(row.ends_with(" † |"), waits, "docs/configuration.md: {row}");
        if waits {
            waiting.push(format!("`{}`", key.name));
        }
    }
    let listed: Vec<&str> = list.split(',').map(str::trim).collect();
    assert_eq!(listed, waiting, "docs/reload.md");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let root = repository();
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ]
    .map(|page| root.join(page));
    let docs = fs::read_dir(root.join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let mut links = 0;
    for page in pages.into_iter().chain(docs) {
        let text = fs::read_to_string(&page).unwrap();
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            if target.starts_with("http") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(file),
            };
            assert!(file.exists(), "{} links to {target}", page.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&file).unwrap();
                let is_there = text
                    .lines()
                    .any(|line| anchor(line) == Some(heading.to_owned()));
                assert!(is_there, "{} links to {target}", page.display());
            }
            links += 1;
        }
    }
    assert!(links > 5);
}

/// What a link to a heading names, as GitHub makes it.
fn anchor(line: &str) -> Option<String> {
    let heading = line.trim_start_matches('#').strip_prefix(' ')?;
    let kept = |letter: &char| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter);
    let letters = heading.chars().filter(kept).flat_map(char::to_lowercase);
    let anchor = letters.map(|letter| if letter == ' ' { '-' } else { letter });
    line.starts_with('#').then(|| anchor.collect())
}
