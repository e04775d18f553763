//! `GOPROXY`, as the go command reads it, and what it does not like in it.

use super::redact::redact;
use crate::client::ServerUrl;

/// What stands at one place of the list.
#[derive(Debug)]
pub(super) enum Entry {
    /// A server.
    Server(ServerUrl),
    /// A folder.
    Folder(String),
    /// Version control.
    Direct,
    /// Nobody.
    Off,
    /// Nothing that the go command takes: what stands there, why not, and what was probably meant.
    Wrong(String, &'static str, Option<String>),
}

/// An entry, and whether the one behind it is asked after every failure.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) entry: Entry,
    pub(super) passes_every_failure: bool,
}

/// The entries of a list, also those that are never reached.
pub(super) fn entries(list: &str) -> Vec<Listed> {
    let mut found = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let end = rest.find([',', '|']);
        let (text, behind) = match end {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, ""),
        };
        let passes_every_failure = end.is_some_and(|at| rest[at..].starts_with('|'));
        rest = behind;
        let text = text.trim();
        if !text.is_empty() {
            found.push(Listed {
                entry: entry(text),
                passes_every_failure,
            });
        }
    }
    found
}

fn entry(text: &str) -> Entry {
    let wrong = |why, meant: Option<String>| Entry::Wrong(redact(text), why, meant);
    match text {
        "direct" => return Entry::Direct,
        "off" => return Entry::Off,
        _ => {}
    }
    if text.contains(char::is_whitespace) || text.contains(';') {
        let parts: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c == ';')
            .filter(|part| !part.is_empty())
            .collect();
        return wrong(
            "entries are separated by commas",
            Some(redact(&parts.join(","))),
        );
    }
    if let Some(path) = text.strip_prefix("file://") {
        return if path.starts_with('/') {
            Entry::Folder(path.to_owned())
        } else {
            wrong("a file:// URL names an absolute path, and no host", None)
        };
    }
    if text.starts_with('/') {
        let meant = Some(format!("file://{text}"));
        return wrong("a folder is written as a file:// URL", meant);
    }
    // As the go command has it.
    let url = if text.contains(['.', ':', '/']) && !text.contains(":/") {
        format!("https://{text}")
    } else {
        text.to_owned()
    };
    // With one slash it parses here, and is a path without a host there.
    if url.contains("://")
        && let Ok(server) = url.parse::<ServerUrl>()
    {
        return Entry::Server(server);
    }
    if !text.contains(['.', ':', '/']) {
        let why = "of single words, only direct and off mean something";
        return wrong(why, meant_word(text));
    }
    // `https:/host`, `htps://host`.
    let meant = text
        .split_once(":/")
        .map(|(_, rest)| redact(&format!("https://{}", rest.trim_start_matches('/'))))
        .filter(|meant| meant.parse::<ServerUrl>().is_ok());
    wrong(
        "the URL of a server starts with https:// or http://, names a host, and has no ? or # in it",
        meant,
    )
}

fn meant_word(text: &str) -> Option<String> {
    ["direct", "off"]
        .into_iter()
        .find(|word| strsim::damerau_levenshtein(word, &text.to_lowercase()) <= 2)
        .map(str::to_owned)
}

/// An entry, as it may be shown.
impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(url) => url.fmt(f),
            Self::Folder(path) => write!(f, "file://{path}"),
            Self::Direct => f.write_str("direct"),
            Self::Off => f.write_str("off"),
            Self::Wrong(text, ..) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_reads_it() {
        let shown = |list: &str| -> String {
            entries(list)
                .iter()
                .map(|listed| {
                    let mark = match listed.entry {
                        Entry::Wrong(..) => "!",
                        _ => "",
                    };
                    let after = if listed.passes_every_failure {
                        "|"
                    } else {
                        ";"
                    };
                    format!("{mark}{}{after}", listed.entry)
                })
                .collect()
        };
        for (list, read) in [
            ("", ""),
            (",| ,", ""),
            ("https://a.example/, direct", "https://a.example;direct;"),
            (
                "a.example/go|b.example",
                "https://a.example/go|https://b.example;",
            ),
            ("localhost:3000", "https://localhost:3000;"),
            ("https://u:p@a.example,off", "https://a.example;off;"),
            ("file:///srv/modules", "file:///srv/modules;"),
            ("file://host/srv", "!file://host/srv;"),
            ("proxy", "!proxy;"),
            ("https:/a.example", "!https:/a.example;"),
            ("ftp://a.example", "!ftp://a.example;"),
            (
                "https://a.example https://u:p@b.example",
                "!https://a.example https://***@b.example;",
            ),
        ] {
            assert_eq!(shown(list), read, "{list:?}");
        }
    }
}
