//! What only the main module's `go.mod` decides: replacements, exclusions, and the toolchain.

use super::super::semver::Semver;
use super::directive::string;
use super::syntax::{self, Line};
use super::{GoMod, GoModFault, InvalidGoMod, Requirement, lossy};
use crate::module::ModuleVersion;

/// The `go.mod` of the module that is built, as far as it decides about the build list.
///
/// In a dependency `replace`, `exclude` and `toolchain` lines have no effect, so [`GoMod`] does not know them; here they
/// must be well formed. Source: Go Modules Reference, "`replace` directive", "`exclude` directive", "`toolchain`
/// directive".
///
/// ```
/// use athens::module::{MainGoMod, ReplacedBy};
///
/// let text = "\
/// module example.com/main
/// go 1.24
/// toolchain go1.24.3
/// require example.com/a v1.0.0
/// replace example.com/a => example.com/fork v1.0.1
/// exclude example.com/b v1.2.0
/// ";
/// let main = MainGoMod::parse(text.as_bytes())?;
/// let by = main.replacement("example.com/a", "v1.0.0");
/// assert!(matches!(by, Some(ReplacedBy::Module(fork)) if fork.to_string() == "example.com/fork@v1.0.1"));
/// assert!(main.excludes("example.com/b", "v1.2.0"));
/// assert_eq!(main.toolchain(), Some("go1.24.3"));
/// # Ok::<(), athens::module::InvalidGoMod>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainGoMod {
    go_mod: GoMod,
    replacements: Vec<Replacement>,
    exclusions: Vec<(String, String)>,
    toolchain: Option<String>,
}

/// A `replace` line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Replacement {
    path: String,
    /// Which version; `None` for all.
    version: Option<String>,
    by: ReplacedBy,
}

/// What stands in the place of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplacedBy {
    /// Another module.
    Module(ModuleVersion),
    /// A directory, as written: absolute, or relative to that of the `go.mod`.
    Directory(String),
}

impl MainGoMod {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// As [`GoMod::parse`]; and the first `replace`, `exclude` or `toolchain` line that is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidGoMod> {
        let mut main = Self {
            go_mod: GoMod::parse(bytes)?,
            replacements: Vec::new(),
            exclusions: Vec::new(),
            toolchain: None,
        };
        let text = lossy(bytes);
        for statement in syntax::parse(&text)? {
            match (&statement.block, statement.head.words.as_slice()) {
                (None, [verb, arguments @ ..]) => main.line(verb, arguments, &statement.head)?,
                (Some(lines), [verb]) => {
                    for line in lines {
                        main.line(verb, &line.words, line)?;
                    }
                }
                _ => {}
            }
        }
        Ok(main)
    }

    /// What it says as every `go.mod` does.
    pub fn go_mod(&self) -> &GoMod {
        &self.go_mod
    }

    /// The requirements that are not excluded.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        let requirements = self.go_mod.requirements().iter();
        requirements.filter(|required| !self.excludes(&required.path, &required.version))
    }

    /// What stands in the place of a version; a line for this version counts before one for all. `None` if nothing does.
    pub fn replacement(&self, path: &str, version: &str) -> Option<&ReplacedBy> {
        let find = |wanted: Option<&str>| {
            // The go command refuses two lines for the same; the last one is the one that it would keep.
            self.replacements
                .iter()
                .rfind(|line| line.path == path && line.version.as_deref() == wanted)
        };
        find(Some(version))
            .or_else(|| find(None))
            .map(|line| &line.by)
    }

    /// Whether requirements of this version are to be ignored, wherever they stand.
    pub fn excludes(&self, path: &str, version: &str) -> bool {
        self.exclusions
            .iter()
            .any(|(excluded, of)| excluded == path && of == version)
    }

    /// The word of the `toolchain` line, such as `go1.24.3` or `default`.
    pub fn toolchain(&self) -> Option<&str> {
        self.toolchain.as_deref()
    }

    fn line(
        &mut self,
        verb: &str,
        arguments: &[&str],
        line: &Line<'_>,
    ) -> Result<(), InvalidGoMod> {
        let done = match verb {
            "replace" => replace(arguments).map(|line| self.replacements.push(line)),
            "exclude" => exclude(arguments).map(|line| self.exclusions.push(line)),
            "toolchain" => self.set_toolchain(arguments),
            _ => Ok(()),
        };
        done.map_err(|kind| InvalidGoMod {
            line: line.number,
            kind,
        })
    }

    fn set_toolchain(&mut self, arguments: &[&str]) -> Result<(), GoModFault> {
        let [name] = arguments else {
            return Err(GoModFault::Arguments("toolchain", "one name"));
        };
        if self.toolchain.is_some() {
            return Err(GoModFault::Repeated("toolchain"));
        }
        self.toolchain = Some(string(name)?);
        Ok(())
    }
}

fn replace(arguments: &[&str]) -> Result<Replacement, GoModFault> {
    const WRONG: GoModFault = GoModFault::Arguments(
        "replace",
        "a path, perhaps a version, => and a directory that begins with ./, ../ or /, or a path and a version",
    );
    let arrow = arguments.iter().position(|word| *word == "=>");
    let (old, new) = arguments.split_at(arrow.ok_or(WRONG)?);
    let (path, version) = match old {
        [path] => (string(path)?, None),
        [path, version] => (string(path)?, Some(canonical(version)?)),
        _ => return Err(WRONG),
    };
    let by = match new {
        [_, directory] => {
            let directory = string(directory)?;
            if !is_directory(&directory) {
                return Err(WRONG);
            }
            ReplacedBy::Directory(directory)
        }
        [_, path, version] => {
            let (path, version) = (string(path)?, canonical(version)?);
            let module = path.parse().map_err(|_| GoModFault::Path(path.clone()))?;
            let misfit = || GoModFault::Misfit(path.clone(), version.clone());
            let parsed = version.parse().map_err(|_| misfit())?;
            ReplacedBy::Module(ModuleVersion::new(module, parsed).map_err(|_| misfit())?)
        }
        _ => return Err(WRONG),
    };
    Ok(Replacement { path, version, by })
}

fn exclude(arguments: &[&str]) -> Result<(String, String), GoModFault> {
    match arguments {
        [path, version] => Ok((string(path)?, canonical(version)?)),
        _ => Err(GoModFault::Arguments("exclude", "a path and a version")),
    }
}

fn canonical(word: &str) -> Result<String, GoModFault> {
    let version = string(word)?;
    match Semver::parse(&version) {
        Some(parts) => Ok(parts.canonical()),
        None => Err(GoModFault::Version(version)),
    }
}

fn is_directory(path: &str) -> bool {
    path == "."
        || path == ".."
        || ["./", "../", "/"]
            .iter()
            .any(|start| path.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &str) -> Result<MainGoMod, String> {
        let text = format!("module example.com/main\n{lines}\n");
        MainGoMod::parse(text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_for_the_version_counts_before_one_for_all() {
        let main = parse(
            "replace (\n\texample.com/a => ../a\n\texample.com/a v1.0.0 => example.com/fork/v2 v2.0.0\n)\n\
             replace \"example.com/b\" v1.0.0 => ./b // here",
        )
        .unwrap();
        let shown = |path: &str, version: &str| match main.replacement(path, version) {
            Some(ReplacedBy::Module(module)) => module.to_string(),
            Some(ReplacedBy::Directory(directory)) => directory.clone(),
            None => "none".to_owned(),
        };
        assert_eq!(
            shown("example.com/a", "v1.0.0"),
            "example.com/fork/v2@v2.0.0"
        );
        assert_eq!(shown("example.com/a", "v1.0.1"), "../a");
        assert_eq!(shown("example.com/b", "v1.0.0"), "./b");
        assert_eq!(shown("example.com/b", "v1.0.1"), "none");
    }

    #[test]
    fn excluded_requirements_are_none() {
        let main = parse(
            "require (\n\texample.com/a v1.0.0\n\texample.com/b v1.0.0\n)\nexclude example.com/a v1.0.0",
        )
        .unwrap();
        let left: Vec<&str> = main.requirements().map(|left| left.path.as_str()).collect();
        assert_eq!(left, ["example.com/b"]);
    }

    #[test]
    fn what_is_malformed_is_refused_with_its_line() {
        for line in [
            "replace example.com/a",
            "replace example.com/a => example.com/b",
            "replace example.com/a => example.com/b/v2 v1.0.0",
            "replace example.com/a v1 v2 => ./a",
            "replace => ./a",
            "replace example.com/a main => ./a",
            "exclude example.com/a",
            "exclude example.com/a main",
            "toolchain",
            "toolchain go1.24.1 go1.24.2",
            "toolchain default\ntoolchain default",
        ] {
            let error = parse(line).unwrap_err();
            assert!(
                error.starts_with("malformed go.mod, line "),
                "{line}: {error}"
            );
        }
        assert_eq!(
            parse("toolchain go1.24.1").unwrap().toolchain(),
            Some("go1.24.1")
        );
    }
}
