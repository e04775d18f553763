//! What a proxy needs from a `go.mod` file.
//!
//! `lex.rs` cuts the text into tokens, `syntax.rs` makes lines and blocks of them and hands each comment to the line it
//! belongs to, `directive.rs` reads the few directives we know, `main_module.rs` those that count in the main module
//! only, `quote.rs` the strings. Comments matter: deprecations
//! and the reasons of retractions are written in them.

mod directive;
mod lex;
mod main_module;
mod quote;
mod syntax;

pub use main_module::{MainGoMod, ReplacedBy};

use super::module_version::ModuleVersion;
use super::path::ModulePath;
use super::semver::compare_semver;
use super::version::Version;

/// A `go.mod` that the `go` command would refuse in a dependency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed go.mod, line {line}: {kind}")]
pub struct InvalidGoMod {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: GoModFault,
}

/// Why a `go.mod` is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoModFault {
    /// More than [`GoMod::MAX_LEN`] bytes; the number is in the variant.
    #[error("the file has {0} bytes, more than {max}", max = GoMod::MAX_LEN)]
    TooLong(usize),
    /// A character that can begin nothing: a control character, NUL of a torn file, a byte order mark.
    #[error("the character {0:?} is not allowed here")]
    Character(char),
    /// A comment in the style of C.
    #[error("comments must begin with `//`")]
    BlockComment,
    /// A quoted string that does not end on its line.
    #[error("a quoted string is not closed")]
    OpenString,
    /// A `(` without its `)`; the line is that of the block's first word.
    #[error("the block is not closed")]
    OpenBlock,
    /// Something after the `)` of a block.
    #[error("the line goes on after the `)` of a block")]
    AfterBlock,
    /// A second `module` or `go` line.
    #[error("there is more than one `{0}` line")]
    Repeated(&'static str),
    /// A directive with too few or too many words.
    #[error("`{0}` takes {1} here")]
    Arguments(&'static str, &'static str),
    /// A string with wrong escapes, or quotes that go.mod does not use (`'` and `` ` ``).
    #[error("the string {0} is quoted wrongly")]
    Quoting(String),
    /// A `go` line without a Go version.
    #[error("{0:?} is no Go version")]
    GoVersion(String),
    /// A `require` line without a semantic version.
    #[error("{0:?} is no version like v1.2.3")]
    Version(String),
    /// A `require` line whose path ends in a wrong major version suffix.
    #[error("{0:?} is no module path")]
    Path(String),
    /// A `require` line whose version does not fit its path.
    #[error("version {1} does not fit module {0}")]
    Misfit(String, String),
}

/// The lines of a `go.mod` that matter to a proxy, read as the `go` command reads the files of dependencies.
///
/// Unknown directives and unknown `retract` forms are skipped, so files of newer Go versions can be read; `module`, `go`,
/// `require` and `ignore` lines must be well formed, though `ignore` lines are not kept. Paths, Go versions and retracted
/// versions are given as written. Bytes that are no UTF-8 are read as U+FFFD, as Go does. A file may have 1 MiB, while
/// Go sets no limit here: lists of ten thousand requirements fit, and a hostile file cannot take much memory.
///
/// Quotes are Go's: `module "example.com/m"` is the same as without. The raw form `` `example.com/m` `` is refused here
/// since `go` refuses it in dependencies; [`module_line`] takes it.
///
/// Source: Go Modules Reference, "go.mod files"; `golang.org/x/mod/modfile`, `ParseLax`.
///
/// ```
/// use athens::module::GoMod;
///
/// let text = "\
/// // Deprecated: use example.com/new instead.
/// module example.com/m
///
/// go 1.21
///
/// retract (
///     v1.0.0 // published too early
///     [v1.1.0, v1.1.9]
/// )
/// ";
/// let file = GoMod::parse(text.as_bytes())?;
/// assert_eq!(file.module_path(), Some("example.com/m"));
/// assert_eq!(file.go_version(), Some("1.21"));
/// assert_eq!(file.deprecation(), Some("use example.com/new instead."));
/// assert_eq!(file.retractions()[0].rationale, "published too early");
/// assert!(file.retractions()[1].contains(&"v1.1.3".parse().unwrap()));
/// # Ok::<(), athens::module::InvalidGoMod>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoMod {
    module: Option<String>,
    deprecation: Option<String>,
    go: Option<String>,
    requirements: Vec<Requirement>,
    retractions: Vec<Retraction>,
}

/// A `require` line: the lowest version of another module that this one can be built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The path, as written: it need not be a valid module path.
    pub path: String,
    /// The version, in its canonical form: it fits the path.
    pub version: String,
    /// Whether the line is marked with `// indirect`: no package of this module imports the other itself.
    pub is_indirect: bool,
}

impl Requirement {
    /// The module and version; `None` if the path is none that anybody can get.
    pub fn module_version(&self) -> Option<ModuleVersion> {
        let path = self.path.parse().ok()?;
        ModuleVersion::new(path, self.version.parse().ok()?).ok()
    }
}

/// Versions that the author has withdrawn. They stay listed and served; the client hides them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// The lowest version, as written: it need not be canonical.
    pub low: String,
    /// The highest version, as written; the same as `low` for a single version.
    pub high: String,
    /// The comment on the line, lines joined by newlines; empty when there is none.
    pub rationale: String,
}

impl Retraction {
    /// Whether the version is retracted: both ends belong to the interval.
    pub fn contains(&self, version: &Version) -> bool {
        compare_semver(&self.low, version.as_str()).is_le()
            && compare_semver(version.as_str(), &self.high).is_le()
    }
}

impl GoMod {
    /// The most bytes that [`GoMod::parse`] looks at: 1 MiB.
    pub const MAX_LEN: usize = 1 << 20;

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// The first line that the `go` command would refuse in a dependency. A file without a `module` line is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidGoMod> {
        if bytes.len() > Self::MAX_LEN {
            return Err(InvalidGoMod {
                line: 1,
                kind: GoModFault::TooLong(bytes.len()),
            });
        }
        let text = lossy(bytes);
        directive::read(&syntax::parse(&text)?)
    }

    /// The path of the `module` line, as written; it need not be a valid module path.
    pub fn module_path(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// The version of the `go` line, such as `1.21` or `1.22rc1`.
    pub fn go_version(&self) -> Option<&str> {
        self.go.as_deref()
    }

    /// What the `require` lines say, in their order.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// What the `retract` lines say, in their order.
    pub fn retractions(&self) -> &[Retraction] {
        &self.retractions
    }

    /// The message of the `Deprecated:` paragraph in the comment of the `module` line.
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }
}

/// The path of the first `module` line, looking at nothing else.
///
/// The `go` command uses this quick reader on files of repositories. It sees single lines only (of a block it gives
/// `(`), and takes all three quoting forms; `None` when there is no such line or its quotes are wrong.
///
/// Source: `golang.org/x/mod/modfile`, `ModulePath`.
///
/// ```
/// use athens::module::module_line;
///
/// assert_eq!(module_line(b"module `a.b/c` // x\n!").as_deref(), Some("a.b/c"));
/// ```
pub fn module_line(bytes: &[u8]) -> Option<String> {
    let text = lossy(bytes);
    let word = text.split('\n').find_map(|line| {
        let code = line.split_once("//").map_or(line, |(code, _)| code);
        let rest = code.trim().strip_prefix("module")?;
        let word = rest.trim_start();
        (word.len() < rest.len() && !word.is_empty()).then_some(word)
    })?;
    let path = match word.as_bytes() {
        [b'"' | b'`', ..] => quote::unquote(word)?,
        _ => word.to_owned(),
    };
    (!path.is_empty()).then_some(path)
}

/// The `go.mod` of a module that has none: exactly `module <path>` and a newline.
///
/// It must be these bytes: the `go` command compares them to tell whether a module has a `go.mod` of its own, and does
/// so to decide about `+incompatible` versions. Source: Go Modules Reference, "Compatibility with non-module
/// repositories".
pub fn synthesized_go_mod(path: &ModulePath) -> String {
    format!("module {path}\n")
}

/// The text with one U+FFFD for each byte that belongs to no character.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests;
