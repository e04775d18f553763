//! What is wrong with a bundle.

use std::io;

/// Why a file is refused as a bundle. Displayed, it is a clause after a colon.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleFault {
    /// The file could not be read.
    #[error("it can not be read: {0}")]
    Io(#[from] io::Error),
    /// The file does not begin as a bundle does.
    #[error("it is no bundle of athens export")]
    NoBundle,
    /// The file is a bundle of another form.
    #[error("it is a bundle of a form that this version does not know; use a newer athens")]
    OtherForm,
    /// The file ends too early.
    #[error("it ends in the middle, after {0} bytes; copy it again")]
    CutOff(u64),
    /// A header is not one that athens writes.
    #[error("the header at byte {0} is not one of a bundle")]
    Header(u64),
    /// An entry has a name that nothing in a tree has.
    #[error("the entry {0:?} has a name that is not part of the layout")]
    Name(String),
    /// An entry is not in its place, or there twice.
    #[error("the entry {0:?} is not in its place")]
    Order(String),
    /// An entry is larger than what it is may be.
    #[error("the entry {0:?} has {1} bytes, which is never right")]
    Size(String, u64),
    /// There are more entries than are read.
    #[error("it has more than {0} entries")]
    TooMany(u64),
    /// The last entry, which names the others, is malformed or about others; its line is in the variant.
    #[error("its list of entries is wrong in line {0}")]
    List(u64),
    /// Something comes after the end.
    #[error("there is something after its end")]
    AfterEnd,
}
