//! The rows written by hand, and how words and documents become requests.

use super::Request;

const WORDS: &str = include_str!("../testdata/xmod/words.txt");
const PATTERNS: &str = include_str!("../testdata/xmod/patterns.txt");
const INFOS: &str = include_str!("../testdata/xmod/infos.txt");
const PIECES: &str = include_str!("../testdata/xmod/pieces.txt");
const GO_MODS: &str = include_str!("../testdata/xmod/gomods.txt");

/// Operations that take any single word. Each word goes to all of them: a path makes a good bad version.
const WORD_OPERATIONS: [&str; 6] = [
    "path",
    "unescape-path",
    "version",
    "escape-version",
    "unescape-version",
    "file",
];

/// All rows of the table.
pub(super) fn requests() -> Vec<Request> {
    let mut requests: Vec<Request> = words().iter().flat_map(|w| for_word(w)).collect();
    requests.extend(
        infos()
            .iter()
            .map(|json| for_content("info", json.as_bytes())),
    );
    for text in go_mods() {
        // Files come with the line ends of both worlds.
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            requests.push(for_content("mod", text.as_bytes()));
            requests.push(for_content("mod-line", text.as_bytes()));
        }
    }
    requests
}

/// A word for every operation that takes one.
pub(super) fn for_word(word: &str) -> impl Iterator<Item = Request> {
    WORD_OPERATIONS
        .map(|op| vec![op.to_owned(), word.to_owned()])
        .into_iter()
}

/// A document for an operation that takes one.
pub(super) fn for_content(operation: &str, bytes: &[u8]) -> Request {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![operation.to_owned(), hex]
}

/// The words of the table: each line a JSON string.
pub(super) fn words() -> Vec<String> {
    lines(WORDS)
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
        .collect()
}

/// The lists of globs of the table, a line each.
pub(super) fn patterns() -> Vec<&'static str> {
    lines(PATTERNS).collect()
}

/// The `.info` documents of the table, a line each.
pub(super) fn infos() -> Vec<&'static str> {
    lines(INFOS).collect()
}

/// The pieces of this name, for chance to build strings from.
pub(super) fn pieces(name: &str) -> Vec<String> {
    let head = format!("== {name}");
    let body: String = PIECES
        .lines()
        .skip_while(|line| *line != head)
        .skip(1)
        .take_while(|line| !line.starts_with("== "))
        .filter(|line| !line.starts_with('#'))
        .collect();
    let pieces: Vec<String> = serde_json::Deserializer::from_str(&body)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap_or_else(|e| panic!("pieces {name}: {e}"));
    assert!(!pieces.is_empty(), "no pieces {name}");
    pieces
}

/// The go.mod files of the table; a line `-- name --` begins each.
pub(super) fn go_mods() -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for line in GO_MODS.lines() {
        if line.starts_with("-- ") && line.ends_with(" --") {
            files.push(String::new());
        } else if let Some(file) = files.last_mut() {
            file.push_str(line);
            file.push('\n');
        }
    }
    files
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
}
