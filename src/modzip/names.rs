//! What an entry of a module zip may be called.

use super::limits::{MAX_ELEMENT_LEN, MAX_NAME_LEN};
use super::rule::{Fault, Rule};
use crate::module::{ModuleVersion, PathFault, check_file_path};

/// What every entry of a module's zip starts with: path and version as they are, not escaped.
pub(super) fn prefix(version: &ModuleVersion) -> String {
    format!("{}@{}/", version.path(), version.version())
}

/// A name that the go command takes, without the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// The path of a file or directory, without a slash at the end; empty for the root of the module.
    pub(super) path: &'a str,
    /// Whether it ended in a slash.
    pub(super) is_directory: bool,
}

impl<'a> Name<'a> {
    /// Reads the raw name of an entry.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub(super) fn parse(raw: &'a [u8], prefix: &str) -> Result<Self, Fault> {
        let Some(name) = raw.strip_prefix(prefix.as_bytes()) else {
            return Err(Fault::new(
                Rule::Prefix,
                format!(
                    "it does not start with {prefix:?}; leave it out of the archive or move it there"
                ),
            ));
        };
        let name = std::str::from_utf8(name).map_err(|_| {
            Fault::new(
                Rule::NotUtf8,
                "its name is not UTF-8; rename it, or make the archive with a tool that writes UTF-8",
            )
        })?;
        let (path, is_directory) = match name.strip_suffix('/') {
            Some(path) => (path, true),
            None => (name, name.is_empty()),
        };
        if !name.is_empty() {
            check_file_path(path).map_err(|error| refused(&error.kind))?;
        }
        let is_long = raw.len() > MAX_NAME_LEN
            || path
                .split('/')
                .any(|element| element.len() > MAX_ELEMENT_LEN);
        if is_long {
            return Err(Fault::new(
                Rule::LongName,
                format!(
                    "its name is longer than a file system can hold: {MAX_ELEMENT_LEN} bytes an element, \
                     {MAX_NAME_LEN} in all; rename it"
                ),
            ));
        }
        Ok(Self { path, is_directory })
    }

    /// The root's go.mod.
    pub(super) fn is_go_mod(self) -> bool {
        !self.is_directory && self.path == "go.mod"
    }

    /// The root's LICENSE.
    pub(super) fn is_license(self) -> bool {
        !self.is_directory && self.path == "LICENSE"
    }

    /// A go.mod may only be at the root, in small letters: elsewhere it begins another module, whose files do not belong
    /// in this one, and on some file systems `GO.MOD` is the same file.
    pub(super) fn check_go_mod_place(self) -> Result<(), Fault> {
        let (base, is_root) = match self.path.rsplit_once('/') {
            Some((_, base)) => (base, false),
            None => (self.path, true),
        };
        if self.is_directory || !base.eq_ignore_ascii_case("go.mod") || self.is_go_mod() {
            return Ok(());
        }
        Err(if is_root {
            Fault::new(
                Rule::GoModCase,
                "its name must be written go.mod, in small letters; rename it",
            )
        } else {
            Fault::new(
                Rule::GoModPlace,
                "a go.mod below the root begins another module; leave out its directory, or this file",
            )
        })
    }
}

fn refused(fault: &PathFault) -> Fault {
    match fault {
        PathFault::Empty | PathFault::EmptyElement | PathFault::OnlyDots(_) => Fault::new(
            Rule::UncleanName,
            format!(
                "its name is no clean path below the module: {fault}; rename it or leave it out"
            ),
        ),
        _ => Fault::new(
            Rule::FileName,
            format!("the go command does not take its name: {fault}; rename it or leave it out"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str) -> Result<&str, Rule> {
        Name::parse(name.as_bytes(), "a.b/m@v1.0.0/")
            .and_then(|name| name.check_go_mod_place().map(|()| name.path))
            .map_err(|fault| fault.rule)
    }

    #[test]
    fn names_and_rules() {
        let long = format!("a.b/m@v1.0.0/{}", "x".repeat(256));
        let longest = format!("a.b/m@v1.0.0/{}", "x".repeat(255));
        let deep = format!("a.b/m@v1.0.0{}", "/x".repeat(2042));
        let deepest = format!("a.b/m@v1.0.0{}", "/x".repeat(2041));
        for (name, want) in [
            ("a.b/m@v1.0.0/x/y.go", Ok("x/y.go")),
            ("a.b/m@v1.0.0/x/", Ok("x")),
            ("a.b/m@v1.0.0/", Ok("")),
            ("a.b/m@v1.0.0/go.mod", Ok("go.mod")),
            ("a.b/m@v1.0.0/GO.MOD/", Ok("GO.MOD")),
            ("a.b/m@v1.0.0/x/license", Ok("x/license")),
            ("a.b/m@v1.0.0/GO.mod", Err(Rule::GoModCase)),
            ("a.b/m@v1.0.0/x/Go.mod", Err(Rule::GoModPlace)),
            ("a.b/m@v1.0.0", Err(Rule::Prefix)),
            ("a.b/m@v1.0.1/x", Err(Rule::Prefix)),
            ("A.b/m@v1.0.0/x", Err(Rule::Prefix)),
            (".DS_Store", Err(Rule::Prefix)),
            ("", Err(Rule::Prefix)),
            ("a.b/m@v1.0.0//", Err(Rule::UncleanName)),
            ("a.b/m@v1.0.0/../x", Err(Rule::UncleanName)),
            ("a.b/m@v1.0.0//x", Err(Rule::UncleanName)),
            ("a.b/m@v1.0.0/x//", Err(Rule::UncleanName)),
            ("a.b/m@v1.0.0/a\\b", Err(Rule::FileName)),
            ("a.b/m@v1.0.0/con", Err(Rule::FileName)),
            (&long, Err(Rule::LongName)),
            (&longest, Ok(&longest[13..])),
            (&deep, Err(Rule::LongName)),
            (&deepest, Ok(&deepest[13..])),
        ] {
            assert!(rule(name) == want, "{name:.60}");
        }
        let fault = Name::parse(b"a.b/m@v1.0.0/\xff", "a.b/m@v1.0.0/").unwrap_err();
        assert_eq!(fault.rule, Rule::NotUtf8);
    }
}
