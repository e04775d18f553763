//! What can be wrong with an `.info`.

use super::super::module_version::InvalidModuleVersion;
use super::super::time::InvalidTime;
use super::super::version::{InvalidVersion, Version};
use super::Info;

/// Bytes that are no `.info` a `go` command would take.
#[derive(Debug, thiserror::Error)]
#[error("malformed version info: {kind}")]
pub struct InvalidInfo {
    /// What is wrong with it.
    pub kind: InfoFault,
}

/// Why an `.info` is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InfoFault {
    /// More than [`Info::MAX_LEN`] bytes; the number is in the variant.
    #[error("it has {0} bytes, more than {max}", max = Info::MAX_LEN)]
    TooLong(usize),
    /// Not UTF-8.
    #[error("it is not UTF-8: {0}")]
    NotUtf8(std::str::Utf8Error),
    /// Nothing, or JSON that is no object, or a byte order mark before it.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// Arrays or objects nested deeper than Go follows.
    #[error("it is nested too deeply")]
    TooDeep,
    /// Broken JSON, text after the object included.
    #[error("it is not valid JSON: {0}")]
    Syntax(serde_json::Error),
    /// A member of a wrong type; its name is in the variant.
    #[error("the member {0:?} has a wrong type")]
    WrongType(&'static str),
    /// `Time` is no RFC 3339 time.
    #[error("the member \"Time\" is wrong: {0}")]
    Time(InvalidTime),
}

/// An `.info` that belongs to something else than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongInfo {
    /// It names another version.
    #[error("the version info is about version {found:?} instead of {wanted}")]
    OtherVersion {
        /// The version that the info names, as written.
        found: String,
        /// The version that it should name.
        wanted: Version,
    },
    /// It names no canonical version.
    #[error("the version info names no canonical version: {0}")]
    NotCanonical(InvalidVersion),
    /// It names a version that the module cannot have.
    #[error("the version info names a version of another module: {0}")]
    Misfit(InvalidModuleVersion),
}
