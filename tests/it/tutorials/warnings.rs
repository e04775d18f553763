//! docs/operations.md has what the log says when something is wrong: each line of the sources, and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::tools::{files_below, repository};

/// A line of the log as the sources have it: `…` for what is put in.
#[derive(Debug)]
struct Line {
    /// As the log names who says it, such as `athens::http::error`.
    target: String,
    text: String,
}

impl Line {
    /// Whether nothing of its text is fixed.
    fn is_all_put_in(&self) -> bool {
        self.text.chars().all(|letter| letter == '…')
    }

    /// Whether the page tells of it so.
    fn is_told(&self, told: &str) -> bool {
        match self.is_all_put_in() {
            true => told == format!("{}: …", self.target),
            false => self.text.starts_with(told.trim_end_matches('…')),
        }
    }
}

/// The first text literal after a place in the sources, without escapes and with `…` for what is put in.
fn literal(source: &str) -> String {
    let mut text = String::new();
    let mut letters = source.chars().skip_while(|letter| *letter != '"').skip(1);
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '{' => {
                text.push('…');
                letters.by_ref().find(|letter| *letter == '}');
            }
            '\\' => match letters.next() {
                Some('\n') => {
                    let mut rest = letters.clone();
                    while rest.next().is_some_and(char::is_whitespace) {
                        letters.next();
                    }
                }
                escaped => text.extend(escaped),
            },
            letter => text.push(letter),
        }
    }
    text
}

/// All sources, by their names below src, with the text literals that go on in the next line on one.
fn sources() -> BTreeMap<String, String> {
    let root = repository().join("src");
    let read = |name: String| {
        let text = fs::read_to_string(root.join(&name)).unwrap();
        (name, text)
    };
    files_below(&root).into_iter().map(read).collect()
}

/// Who says it, as the log names the file.
fn target(name: &str) -> String {
    let path = Path::new(name).with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap());
    let names = names.filter(|name| *name != "mod");
    ["athens"]
        .into_iter()
        .chain(names)
        .collect::<Vec<_>>()
        .join("::")
}

fn lines(sources: &BTreeMap<String, String>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, source) in sources {
        for macro_name in ["warn!(", "error!("] {
            for (at, _) in source.match_indices(&format!("tracing::{macro_name}")) {
                lines.push(Line {
                    target: target(name),
                    text: literal(&source[at..]),
                });
            }
        }
        // Those that would not be found.
        let all = source.matches("warn!(").count() + source.matches(" error!(").count();
        let found = source.matches("tracing::warn!(").count();
        assert_eq!(
            all, found,
            "{name}: write tracing::warn!( and tracing::error!("
        );
    }
    lines
}

/// What the page's tables of the log tell of, from the first column.
fn told() -> Vec<String> {
    let page = fs::read_to_string(repository().join("docs/operations.md")).unwrap();
    let (_, log) = page.split_once("\n## What the log says\n").unwrap();
    let (log, _) = log.split_once("\n## ").unwrap();
    let cells = log
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split(" | ").next());
    cells
        .flat_map(|cell| cell.trim_end_matches('`').split("`, `"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_line_of_the_log_is_in_the_page_and_no_other() {
    let sources = sources();
    let (lines, told) = (lines(&sources), told());
    assert!(lines.len() > 40 && told.len() > 40);
    for line in &lines {
        let is_told = told.iter().any(|told| line.is_told(told));
        assert!(is_told, "docs/operations.md lacks {line:?}");
    }
    // What is put in as a whole is made elsewhere; it must be there.
    let everything: String = sources.values().map(|source| on_one_line(source)).collect();
    for told in &told {
        let is_made = told
            .split('…')
            .filter(|part| part.len() > 3)
            .all(|part| everything.contains(part));
        let is_said = lines.iter().any(|line| line.is_told(told));
        assert!(is_said || is_made, "nothing in src says {told:?}");
        assert!(
            told.chars().count() > 12,
            "{told:?} may be the beginning of anything"
        );
    }
}

/// A source in which text literals that go on in the next line are on one.
fn on_one_line(source: &str) -> String {
    let pieces = source.split("\\\n").map(str::trim_start);
    pieces.collect()
}

#[test]
fn every_alert_is_in_the_page() {
    let read = |name: &str| fs::read_to_string(repository().join("docs").join(name)).unwrap();
    let (alerts, page) = (read("prometheus/alerts.yaml"), read("operations.md"));
    let names = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut number = 0;
    for name in names {
        let is_told = page.lines().any(|line| {
            let cell = line.split(" | ").next().unwrap();
            cell.starts_with("| ") && cell.contains(&format!("`{name}`"))
        });
        assert!(
            is_told,
            "docs/operations.md does not say what to do about {name}"
        );
        number += 1;
    }
    assert!(number > 10);
}

#[test]
fn literals_are_read_as_the_compiler_does() {
    let source =
        "tracing::warn!(\n    %client,\n    \"a {b} \\\"c\\\": \\\n     {d:?}\",\n    \"e\"\n)";
    assert_eq!(literal(source), "a … \"c\": …");
    assert_eq!(target("http/error.rs"), "athens::http::error");
    assert_eq!(target("proxy/mod.rs"), "athens::proxy");
}
