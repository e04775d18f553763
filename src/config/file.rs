//! The TOML file of `--config`: the same names as the flags, every mistake refused with its line.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use clap::{Args as _, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ServeSettings;

/// Why a configuration file was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigFileError {
    /// It could not be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML, or says something that is not understood.
    #[error("{}:{line}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line of the mistake, from 1.
        line: usize,
        /// What is wrong, in one sentence.
        problem: String,
    },
}

/// Reads the settings of a file.
pub(super) fn read(path: &Path) -> Result<ServeSettings, ConfigFileError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigFileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|mistake| ConfigFileError::Wrong {
        path: path.to_owned(),
        line: line_of(&text, mistake.at),
        problem: mistake.problem,
    })
}

/// A mistake and the byte at which it stands.
#[derive(Debug)]
struct Mistake {
    at: usize,
    problem: String,
}

fn parse(text: &str) -> Result<ServeSettings, Mistake> {
    let table = DeTable::parse(text).map_err(|error| Mistake {
        at: error.span().map_or(0, |span| span.start),
        problem: format!("not TOML: {}", one_line(error.message())),
    })?;
    let table = table.get_ref();
    let known = known_keys();
    for key in table.keys() {
        let name: &str = key.get_ref();
        if !known.iter().any(|known| known == name) {
            return Err(Mistake {
                at: key.span().start,
                problem: UnknownKey {
                    name,
                    known: &known,
                }
                .to_string(),
            });
        }
    }
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let problem = one_line(error.message());
        Mistake {
            at: span.start,
            problem: match key_at(table, &span) {
                Some(key) => format!("`{key}`: {problem}"),
                None => problem,
            },
        }
    })
}

/// The names that a file may use: those of the flags, asked of clap so that there is one list only.
fn known_keys() -> Vec<String> {
    ServeSettings::augment_args(Command::new("keys"))
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .collect()
}

/// The key in whose value a mistake stands.
fn key_at<'a>(table: &'a DeTable<'_>, span: &Range<usize>) -> Option<&'a str> {
    table
        .iter()
        .find(|(_, value): &(_, &Spanned<DeValue<'_>>)| {
            value.span().start <= span.start && span.end <= value.span().end
        })
        .map(|(key, _)| -> &str { key.get_ref() })
}

struct UnknownKey<'a> {
    name: &'a str,
    known: &'a [String],
}

impl fmt::Display for UnknownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown key `{}`", self.name.escape_debug())?;
        let nearest = self
            .known
            .iter()
            .map(|known| (strsim::jaro_winkler(known, self.name), known))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        match nearest {
            Some((_, known)) => write!(f, "; did you mean `{known}`?"),
            None => write!(f, "; the keys are {}", self.known.join(", ")),
        }
    }
}

/// The TOML reader breaks its longer messages; ours are one sentence.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ByteSize, TimeSpan, WatchName};
    use std::time::Duration;

    #[test]
    fn every_key_is_read() {
        let settings = parse(
            r#"
            root = "/srv/go"
            listen = ["127.0.0.1:0", "[::1]:80"]
            path-prefix = "/go"
            read-only = true
            watch = "poll"
            poll-interval = "50ms"
            max-watches = 12
            scan-interval = 0
            crawl = ["/srv/cache"]
            crawl-interval = "10m"
            cache-size = 1048576
            max-connections = 7
            max-header-size = "8KiB"
            header-timeout = "1s"
            idle-timeout = "2s"
            write-timeout = "3s"
            shutdown-timeout = "4s"
            log-level = "warn"
            log-format = "json"
            "#,
        )
        .unwrap();
        assert_eq!(settings.listen.as_ref().map(Vec::len), Some(2));
        assert_eq!(settings.watch, Some(WatchName::Poll));
        assert_eq!(settings.scan_interval, Some(TimeSpan(Duration::ZERO)));
        assert_eq!(settings.cache_size, Some(ByteSize(1 << 20)));
        // Nothing is left for the weaker channel to fill in, so all keys above were understood.
        assert_eq!(settings.clone().or(ServeSettings::default()), settings);
        assert_eq!(ServeSettings::default().or(settings.clone()), settings);
        let flags = ServeSettings::augment_args(Command::new("test"));
        let flags: Vec<_> = flags
            .get_arguments()
            .filter_map(|flag| flag.get_long())
            .collect();
        assert_eq!(known_keys(), flags);
    }

    #[test]
    fn one_address_needs_no_brackets() {
        let settings = parse(r#"listen = "127.0.0.1:81""#).unwrap();
        assert_eq!(settings.listen.unwrap()[0].to_string(), "127.0.0.1:81");
    }

    #[test]
    fn mistakes_have_a_line_and_a_sentence() {
        for (text, line, problem) in [
            (
                "\n\nlisen = 1",
                3,
                "unknown key `lisen`; did you mean `listen`?",
            ),
            (
                "max_watches = 1",
                1,
                "unknown key `max_watches`; did you mean `max-watches`?",
            ),
            ("[serve]\nroot = \"x\"", 1, "unknown key `serve`; "),
            (
                "xyzzy = 1",
                1,
                "unknown key `xyzzy`; the keys are root, listen, ",
            ),
            (
                "# time\nheader-timeout = 10",
                2,
                "`header-timeout`: invalid type: integer `10`, expected a time such as \"500ms\"",
            ),
            (
                "idle-timeout = \"ten\"",
                1,
                "`idle-timeout`: `ten` is not a time; write a number with a unit",
            ),
            (
                "cache-size = \"64K\"",
                1,
                "`cache-size`: `64K` is not a size",
            ),
            (
                "cache-size = -1",
                1,
                "`cache-size`: invalid type: integer `-1`, expected a size",
            ),
            (
                "read-only = \"yes\"",
                1,
                "`read-only`: invalid type: string \"yes\", expected a boolean",
            ),
            (
                "max-watches = -3",
                1,
                "`max-watches`: invalid value: integer `-3`, expected u32",
            ),
            (
                "listen = 3000",
                1,
                "`listen`: invalid type: integer `3000`, expected an address with a port",
            ),
            (
                "listen = [\n\"127.0.0.1:1\",\n\":80\"]",
                3,
                "`listen`: `:80` is not an address with a port",
            ),
            (
                "watch = \"inotify\"",
                1,
                "`watch`: unknown variant `inotify`, expected one of `native`, `poll`, `off`",
            ),
            ("path-prefix = \"/a b\"", 1, "`path-prefix`: "),
            ("log-level = \"loud=very\"", 1, "`log-level`: "),
            ("root = \"x\"\nroot = \"y\"", 2, "not TOML: duplicate key"),
            ("root = ", 1, "not TOML: "),
        ] {
            let mistake = parse(text).unwrap_err();
            assert_eq!(line_of(text, mistake.at), line, "{text:?}: {mistake:?}");
            assert!(
                mistake.problem.starts_with(problem),
                "{text:?}: {:?}",
                mistake.problem
            );
            assert!(!mistake.problem.contains('\n'), "{mistake:?}");
        }
    }
}
