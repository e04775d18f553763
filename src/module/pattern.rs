//! Lists of globs for module paths, as in `GOPRIVATE`.

use super::glob::{Glob, GlobFault};
use super::path::ModulePath;
use std::fmt;
use std::str::FromStr;

/// A list with a glob that can match nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed pattern {pattern:?}: {kind}")]
pub struct InvalidPathPatterns {
    /// The one glob that is wrong.
    pub pattern: String,
    /// What is wrong with it.
    pub kind: GlobFault,
}

/// Comma-separated globs, each of which matches a module path or a prefix of one, element by element.
///
/// A glob of N elements is held against the first N elements of a path: `*.corp.example.com` matches every module on
/// these hosts, `example.com/team/*` all modules below `example.com/team` but not `example.com/team` itself. A slash
/// at the end of a glob and empty globs have no weight; blanks do, they are part of a glob. It shows as it was written,
/// without the empty globs.
///
/// Source: `go help private`; `golang.org/x/mod/module`, `MatchPrefixPatterns`. Unlike Go, which skips a malformed glob
/// without a word, we refuse it: a rule that guards nothing should not look like one that does.
///
/// ```
/// use athens::module::PathPatterns;
///
/// let private: PathPatterns = "*.corp.example.com,example.com/secret".parse()?;
/// assert!(private.matches(&"git.corp.example.com/a/b".parse().unwrap()));
/// assert!(private.matches(&"example.com/secret/tool".parse().unwrap()));
/// assert!(!private.matches(&"example.com/secrets".parse().unwrap()));
/// assert!("example.com/[a".parse::<PathPatterns>().is_err());
/// # Ok::<(), athens::module::InvalidPathPatterns>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathPatterns(Vec<PrefixGlob>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct PrefixGlob {
    written: String,
    glob: Glob,
    elements: usize,
}

impl PathPatterns {
    /// Whether any glob matches the path or a prefix of it.
    pub fn matches(&self, path: &ModulePath) -> bool {
        self.0.iter().any(|glob| glob.matches(path.as_str()))
    }

    /// Whether a path may match that is this one or begins with it and a slash. May say so where none does.
    pub fn may_match_below(&self, path: &ModulePath) -> bool {
        let elements = path.as_str().split('/').count();
        self.0
            .iter()
            .any(|glob| elements < glob.elements || glob.matches(path.as_str()))
    }

    /// Whether there is no glob at all, so that nothing matches.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PrefixGlob {
    fn matches(&self, path: &str) -> bool {
        let mut ends = path
            .bytes()
            .enumerate()
            .filter_map(|(at, b)| (b == b'/').then_some(at))
            .chain([path.len()]);
        ends.nth(self.elements - 1)
            .and_then(|end| path.get(..end))
            .is_some_and(|prefix| self.glob.matches(prefix))
    }
}

impl FromStr for PathPatterns {
    type Err = InvalidPathPatterns;

    fn from_str(list: &str) -> Result<Self, InvalidPathPatterns> {
        list.split(',')
            .map(|written| (written, written.strip_suffix('/').unwrap_or(written)))
            .filter(|(_, pattern)| !pattern.is_empty())
            .map(|(written, pattern)| match Glob::parse(pattern) {
                Ok(glob) => Ok(PrefixGlob {
                    written: written.to_owned(),
                    glob,
                    // Slashes count wherever they stand, in a set too: so does Go.
                    elements: pattern.split('/').count(),
                }),
                Err(kind) => Err(InvalidPathPatterns {
                    pattern: pattern.to_owned(),
                    kind,
                }),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for PathPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written: Vec<&str> = self.0.iter().map(|glob| glob.written.as_str()).collect();
        f.pad(&written.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        for (patterns, path, matches) in [
            ("", "a.b", false),
            (",,/", "a.b", false),
            ("a.b", "a.b", true),
            ("a.b/", "a.b/c", true),
            ("a.b", "a.bc", false),
            ("a.b/*", "a.b", false),
            ("a.b/*", "a.b/c/d", true),
            ("*", "a.b/c", true),
            ("*/d", "a.b/c/d", false),
            ("*/c", "a.b/c/d", true),
            ("x.y,*.b", "a.b/c", true),
            ("*.com/*a", "x.com/ba/c", true),
            ("a.b/c?", "a.b/cd", true),
            ("a.b/[a-c]", "a.b/b", true),
            ("a.b/[^a-c]", "a.b/b", false),
            (" a.b", "a.b", false),
            ("a.b//", "a.b/c", false),
            ("A.b", "a.b", false),
        ] {
            let list: PathPatterns = patterns.parse().unwrap();
            assert_eq!(
                list.matches(&path.parse().unwrap()),
                matches,
                "{patterns} {path}"
            );
        }
    }

    #[test]
    fn names_the_glob_that_is_wrong() {
        let error = "a.b,c.d/[x,e.f".parse::<PathPatterns>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"malformed pattern "c.d/[x": a `[` is not closed"#
        );
    }

    #[test]
    fn shows_as_written() {
        for (text, shown) in [
            ("", ""),
            ("*", "*"),
            (",a.b/,,c.d/[x-z]//,/", "a.b/,c.d/[x-z]//"),
        ] {
            let patterns: PathPatterns = text.parse().unwrap();
            assert_eq!(patterns.to_string(), shown);
            assert_eq!(shown.parse::<PathPatterns>().unwrap(), patterns);
        }
    }

    #[test]
    fn what_may_lie_below() {
        for (patterns, path, may) in [
            ("corp.example/a/*", "corp.example", true),
            ("corp.example/a/*", "corp.example/a", true),
            ("corp.example/a/*", "corp.example/a/x/y", true),
            ("corp.example/a", "corp.example/b", false),
            ("corp.example", "other.example", false),
            ("corp.example", "corp.example/a/b", true),
            ("*", "other.example", true),
            ("x.example,corp.example/a", "other.example", true),
            ("", "other.example", false),
        ] {
            let patterns: PathPatterns = patterns.parse().unwrap();
            assert_eq!(
                patterns.may_match_below(&path.parse().unwrap()),
                may,
                "{path}"
            );
        }
    }

    #[test]
    fn emptiness() {
        assert!(PathPatterns::default().is_empty());
        assert!(",/,".parse::<PathPatterns>().unwrap().is_empty());
        assert!(!"*".parse::<PathPatterns>().unwrap().is_empty());
    }
}
