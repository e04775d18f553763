//! Lists of upstreams, in the syntax of `GOPROXY`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::url::UpstreamUrl;

/// A list that the go command would not take. It does not repeat the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed list of upstreams: {kind}{at}", at = self.place())]
pub struct InvalidUpstreamList {
    /// Which entry is wrong, counted from 1 and without the empty ones; 0 if it is the list.
    pub entry: usize,
    /// What is wrong with it.
    pub kind: UpstreamListFault,
}

impl InvalidUpstreamList {
    fn place(&self) -> String {
        match self.entry {
            0 => String::new(),
            entry => format!(" (entry {entry})"),
        }
    }
}

/// Why a list is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamListFault {
    /// Nothing but separators and blanks.
    #[error("it has no entries")]
    Empty,
    /// A word without a meaning: neither `direct` nor `off`, and no URL.
    #[error("neither a URL nor `direct` nor `off`")]
    NoScheme,
    /// Another scheme.
    #[error("a URL must start with https://, http:// or file://")]
    Scheme,
    /// Not readable as a URL.
    #[error("it is no URL")]
    NoUrl,
    /// A URL without a host.
    #[error("the URL names no host")]
    NoHost,
    /// A `file:` URL with a host, a query or the like.
    #[error("a file:// URL must consist of an absolute path only")]
    FileElements,
    /// A password that everybody on the way could read.
    #[error("a user name or a password goes over https:// only, or to this machine")]
    Exposed,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamEntry {
    /// A proxy, or a folder in its layout.
    Proxy {
        /// Where it is.
        url: UpstreamUrl,
        /// Whether the next entry is asked after any error (`|` follows), or only if this one has not found it.
        falls_back_on_error: bool,
    },
    /// Version control; the last entry.
    Direct,
    /// Nobody; the last entry.
    Off,
}

/// Whom to ask for modules, in turn: what `GOPROXY` of the go command holds.
///
/// URLs, separated by `,` (go on if this one has not found it) or `|` (go on after any error). The words `direct` and `off`
/// end the list; what follows them has no weight. An entry with a dot, a colon or a slash and no `:/` gets `https://` before
/// it. Empty entries and blanks around entries have no weight. It shows without credentials.
///
/// Different from Go on purpose: a user name or password in a plain `http:` URL of another machine is refused here, and not
/// only when it is about to be sent.
///
/// Source: Go Modules Reference, "Environment variables", `GOPROXY`; the go command's `proxyList`.
///
/// ```
/// use athens::upstream::UpstreamList;
///
/// let list: UpstreamList = "https://me:secret@proxy.corp.example/go|mirror.example,direct".parse()?;
/// assert_eq!(list.to_string(), "https://xxxxx@proxy.corp.example/go|https://mirror.example,direct");
/// assert!(!format!("{list:?}").contains("secret"));
/// assert!("ftp://mirror.example".parse::<UpstreamList>().is_err());
/// # Ok::<(), athens::upstream::InvalidUpstreamList>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamList(Vec<UpstreamEntry>);

impl UpstreamList {
    /// The entries, at least one.
    #[must_use]
    pub fn entries(&self) -> &[UpstreamEntry] {
        &self.0
    }

    /// Whether it is the word `off`: nobody is ever asked.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0 == [UpstreamEntry::Off]
    }

    /// The first proxy that leads to whoever listens at one of these addresses of this machine.
    #[must_use]
    pub fn leading_to(&self, listeners: &[SocketAddr]) -> Option<&UpstreamUrl> {
        self.0.iter().find_map(|entry| match entry {
            UpstreamEntry::Proxy { url, .. } => listeners
                .iter()
                .any(|listener| url.leads_to(*listener))
                .then_some(url),
            _ => None,
        })
    }

    /// The list without the proxies that lead there; `off` if nothing is left.
    #[must_use]
    pub fn without_those_leading_to(mut self, listeners: &[SocketAddr]) -> Self {
        self.0.retain(|entry| match entry {
            UpstreamEntry::Proxy { url, .. } => {
                !listeners.iter().any(|listener| url.leads_to(*listener))
            }
            _ => true,
        });
        if self.0.is_empty() {
            self.0.push(UpstreamEntry::Off);
        }
        self
    }

    /// Whether version control is asked in the end.
    #[must_use]
    pub fn has_direct(&self) -> bool {
        self.0.contains(&UpstreamEntry::Direct)
    }
}

impl FromStr for UpstreamList {
    type Err = InvalidUpstreamList;

    fn from_str(list: &str) -> Result<Self, InvalidUpstreamList> {
        let mut entries = Vec::new();
        for piece in list.split_inclusive([',', '|']) {
            let falls_back_on_error = piece.ends_with('|');
            let word = piece.trim_end_matches([',', '|']).trim();
            let url = match word {
                "" => continue,
                "direct" => {
                    entries.push(UpstreamEntry::Direct);
                    break;
                }
                "off" => {
                    entries.push(UpstreamEntry::Off);
                    break;
                }
                _ if lacks_scheme(word) => UpstreamUrl::parse(&format!("https://{word}")),
                _ => UpstreamUrl::parse(word),
            };
            let url = url.map_err(|kind| InvalidUpstreamList {
                entry: entries.len() + 1,
                kind,
            })?;
            entries.push(UpstreamEntry::Proxy {
                url,
                falls_back_on_error,
            });
        }
        if entries.is_empty() {
            return Err(InvalidUpstreamList {
                entry: 0,
                kind: UpstreamListFault::Empty,
            });
        }
        Ok(Self(entries))
    }
}

/// Whether Go puts `https://` before it. An absolute path of a file is not meant so.
fn lacks_scheme(word: &str) -> bool {
    word.contains(['.', ':', '/']) && !word.contains(":/") && !word.starts_with('/')
}

impl fmt::Display for UpstreamList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for (at, entry) in self.0.iter().enumerate() {
            let is_last = at + 1 == self.0.len();
            match entry {
                UpstreamEntry::Direct => text.push_str("direct"),
                UpstreamEntry::Off => text.push_str("off"),
                UpstreamEntry::Proxy {
                    url,
                    falls_back_on_error,
                } => {
                    text.push_str(url.redacted());
                    if !is_last {
                        text.push(if *falls_back_on_error { '|' } else { ',' });
                    }
                }
            }
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_go_takes() {
        for (list, shown) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/,direct", "https://a.example,direct"),
            (
                " https://a.example | http://b.example:8080/x/ , off",
                "https://a.example|http://b.example:8080/x,off",
            ),
            ("a.example", "https://a.example"),
            ("a.example:8443/x,direct", "https://a.example:8443/x,direct"),
            (",,|a.example,|direct", "https://a.example,direct"),
            ("direct", "direct"),
            ("off", "off"),
            ("off,https://a.example", "off"),
            ("direct|nonsense://", "direct"),
            ("file:///srv/modules", "file:///srv/modules"),
            ("file:/srv/modules/", "file:///srv/modules"),
            ("file:///srv/a%20b", "file:///srv/a%20b"),
            ("HTTPS://A.example", "https://a.example"),
            ("https://u@a.example", "https://xxxxx@a.example"),
            ("https://u:hunter2@a.example/x", "https://xxxxx@a.example/x"),
            ("https://a.example/x?hunter2=1", "https://a.example/x?xxxxx"),
            ("http://u:hunter2@127.0.0.1:1", "http://xxxxx@127.0.0.1:1"),
            ("https://[::1]:3000", "https://[::1]:3000"),
        ] {
            let parsed: UpstreamList = list.parse().unwrap_or_else(|e| panic!("{list}: {e}"));
            assert_eq!(parsed.to_string(), shown, "{list}");
            assert!(!format!("{parsed:?}").contains("hunter2"), "{parsed:?}");
            // Nothing is lost but what is not shown.
            if !shown.contains("xxxxx") {
                assert_eq!(shown.parse::<UpstreamList>(), Ok(parsed), "{list}");
            }
        }
    }

    #[test]
    fn separators() {
        let list: UpstreamList = "a.b|c.d,e.f|direct".parse().unwrap();
        let falls_back: Vec<bool> = list
            .entries()
            .iter()
            .filter_map(|entry| match entry {
                UpstreamEntry::Proxy {
                    falls_back_on_error,
                    ..
                } => Some(*falls_back_on_error),
                _ => None,
            })
            .collect();
        assert_eq!(falls_back, [true, false, true]);
        assert!(list.has_direct() && !list.is_off());
    }

    #[test]
    fn lists_that_go_refuses() {
        for (list, entry, kind) in [
            ("", 0, UpstreamListFault::Empty),
            (" ,|, ", 0, UpstreamListFault::Empty),
            ("proxy", 1, UpstreamListFault::NoScheme),
            ("a.example,noproxy", 2, UpstreamListFault::NoScheme),
            ("/srv/modules", 1, UpstreamListFault::NoScheme),
            ("ftp://a.example", 1, UpstreamListFault::Scheme),
            ("https://", 1, UpstreamListFault::NoUrl),
            ("https:/a.example", 1, UpstreamListFault::NoUrl),
            ("https://a b", 1, UpstreamListFault::NoUrl),
            ("https://a:port", 1, UpstreamListFault::NoUrl),
            ("file://host/srv", 1, UpstreamListFault::FileElements),
            ("file:srv/", 1, UpstreamListFault::NoUrl),
            ("file:///srv?x", 1, UpstreamListFault::FileElements),
            ("file:///srv%00", 1, UpstreamListFault::NoUrl),
            ("file:///srv%ff", 1, UpstreamListFault::NoUrl),
            ("http://u:hunter2@a.example", 1, UpstreamListFault::Exposed),
        ] {
            let error = list.parse::<UpstreamList>().unwrap_err();
            assert_eq!(error, InvalidUpstreamList { entry, kind }, "{list}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
