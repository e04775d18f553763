//! What the whole folder has, by time and by name; and the journal, which is read for it, as it grows over many files.

mod catalog;
mod index;
mod log;
mod seal;
mod visible;

use serde_json::Value;

use crate::support::http::{Answer, get};

/// An entry of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    time: String,
    version: String,
}

/// The entries of an answer, `path@version` each.
fn entries(answer: &Answer) -> Vec<Entry> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let parse = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let of = |name: &str| line[name].as_str().unwrap().to_owned();
        Entry {
            time: of("Timestamp"),
            version: format!("{}@{}", of("Path"), of("Version")),
        }
    };
    text.lines().map(parse).collect()
}

/// The versions of an index.
fn versions(answer: &Answer) -> Vec<String> {
    entries(answer).into_iter().map(|it| it.version).collect()
}

/// Reads the whole index as a mirror does: each page begins with the last entry of the page before.
fn follow(url: &str, limit: usize, mut since: String) -> Vec<Entry> {
    let mut seen: Vec<Entry> = Vec::new();
    loop {
        let query = format!("/index?limit={limit}&since={since}");
        let mut page = entries(&get(url, &query));
        assert!(page.is_sorted(), "{page:?}");
        let is_full = page.len() == limit;
        if let (Some(last), Some(first)) = (seen.last(), page.first())
            && last.time == first.time
        {
            assert_eq!(last, first);
            page.remove(0);
        }
        seen.extend(page);
        let Some(last) = seen.last().filter(|_| is_full) else {
            return seen;
        };
        since = last.time.clone();
    }
}

/// A page of the catalog: the versions, and where the next begins.
fn catalog(answer: &Answer) -> (Vec<String>, Option<String>) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page: Value = serde_json::from_slice(&answer.body).unwrap();
    let version = |entry: &Value| {
        let of = |name: &str| entry[name].as_str().unwrap();
        format!("{}@{}", of("module"), of("version"))
    };
    (
        page["modules"]
            .as_array()
            .unwrap()
            .iter()
            .map(version)
            .collect(),
        page["next"].as_str().map(str::to_owned),
    )
}
