//! The words of the Go module world, each as a type that only holds valid values.
//!
//! Everything here is pure: no files, no network, no clock, nothing else of this crate. Text from outside becomes one
//! of these types at the door; past it nobody checks again.
//!
//! # Two spellings of one name
//!
//! A module path may hold capital letters, and `example.com/Tool` and `example.com/tool` are two modules. Many file
//! systems cannot keep two such folders apart, and a proxy must be servable from a plain folder. So wherever a path
//! or a version becomes part of a file name or of a URL, each capital letter is written as `!` and its small letter:
//!
//! | plain | escaped |
//! |---|---|
//! | `github.com/BurntSushi/toml` | `github.com/!burnt!sushi/toml` |
//! | `v1.0.0-RC1` | `v1.0.0-!r!c1` |
//! | `golang.org/x/mod` | `golang.org/x/mod` |
//!
//! `!` is allowed in no module path and in no version, so the way back has one answer. A capital letter, a `!` before
//! anything but a small letter, or a character beyond ASCII in an escaped name is refused.
//!
//! [`ModulePath`] and [`Version`] are the plain spelling: what go.mod files, zip entries, `.info` files and people
//! use. [`EscapedPath`] and [`EscapedVersion`] are the other one, for folders and URLs. They are different types so
//! that the two cannot be swapped; [`ModulePath::escaped`] and [`EscapedPath::module_path`] lead across. Percent
//! signs of a URL are not part of this: decode them first, once.
//!
//! # Source of the rules
//!
//! The Go Modules Reference and the verdicts of `golang.org/x/mod`: a test compares every type here with that library
//! over thousands of strings. Where we differ on purpose, the type says so.

mod bang;
mod check;
mod escape;
mod file_path;
mod glob;
mod go_sum;
mod gomod;
mod info;
mod module_query;
mod module_version;
mod path;
mod pattern;
mod pseudo;
mod query;
mod semver;
mod sum;
mod time;
mod toolchain;
mod unicode;
mod version;
mod version_pattern;

pub use check::PathFault;
pub use escape::{
    EscapeFault, EscapedPath, EscapedVersion, InvalidEscapedPath, InvalidEscapedVersion,
};
pub use file_path::{InvalidFilePath, check_file_path};
pub use glob::GlobFault;
pub use go_sum::{GoSum, GoSumFault, GoSumLine, InvalidGoSum};
pub use gomod::{
    GoMod, GoModFault, InvalidGoMod, MainGoMod, ReplacedBy, Requirement, Retraction, module_line,
    synthesized_go_mod,
};
pub use info::{Info, InfoFault, InvalidInfo, WrongInfo};
pub use module_query::{InvalidModuleQuery, ModuleQuery};
pub use module_version::{InvalidModuleVersion, ModuleVersion};
pub use path::{InvalidModulePath, ModulePath};
pub use pattern::{InvalidPathPatterns, PathPatterns};
pub use query::{InvalidVersionQuery, Revision, VersionQuery};
pub use semver::{compare_semver, is_semver};
pub use sum::{InvalidSum, Sum};
pub use time::{InvalidTime, Time};
pub use toolchain::{InvalidPlatform, Platform, Toolchain};
pub use version::{InvalidVersion, Version, VersionFault};
pub use version_pattern::{InvalidVersionPattern, VersionPattern};
