//! Why no module zip could be made.

use std::io;
use std::path::PathBuf;

use super::candidate::MAX_TREE_SIZE;
use super::git::GitError;
use super::outcome::Refusals;
use crate::modzip::{MAX_ENTRIES, MAX_ZIP_SIZE};

/// Why no module zip could be made. Whatever was written by then is no module zip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// Files that belong into the zip and can not be in one; all of them, unless it is about a size.
    #[error("{0}")]
    Refused(Refusals),
    /// The files, or the zip of them, are larger than the go command takes.
    #[error(
        "the files of the module, or the zip of them, are larger than {MAX_ZIP_SIZE} bytes, the most that the go \
         command takes"
    )]
    TooLarge,
    /// There are more files than athens handles, whether they would go in or not.
    #[error(
        "there are too many files: a module zip may have {MAX_ENTRIES}, and the names of all files that are looked at \
         {MAX_TREE_SIZE} bytes"
    )]
    TooManyFiles,
    /// The go.mod of the module can not be used.
    #[error("{0}")]
    GoMod(#[from] WrongGoMod),
    /// A file or directory could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The zip could not be written.
    #[error("cannot write the zip: {0}")]
    Output(#[source] io::Error),
    /// Git could not be asked, or did not answer as it should.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What is wrong with the go.mod of a module, or with where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongGoMod {
    /// There is none where the module should be.
    #[error("there is no {}", places.join(" and no "))]
    Missing {
        /// Where it was looked for, in the repository.
        places: Vec<String>,
    },
    /// It names another module, or none.
    #[error("{place} {}, where the module is {expected}", match names {
        Some(names) => format!("names the module {names}"),
        None => "names no module".to_owned(),
    })]
    OtherModule {
        /// The file, in the repository.
        place: String,
        /// What it names.
        names: Option<String>,
        /// What it should name.
        expected: String,
    },
    /// Two of them name the module, and the go command would not choose.
    #[error("both {first} and {second} name the module {module}")]
    Ambiguous {
        /// One file, in the repository.
        first: String,
        /// The other.
        second: String,
        /// The module.
        module: String,
    },
    /// A version marked `+incompatible` of a module that has a go.mod.
    #[error("{place} is there, so no version of the module can be +incompatible")]
    Incompatible {
        /// The file, in the repository.
        place: String,
    },
    /// It is a symbolic link, which no module zip holds, or a directory, which the go command stumbles over.
    #[error("{place} is not a regular file, so no go command could use the module")]
    NotAFile {
        /// The file, in the repository or the directory.
        place: String,
    },
    /// It is larger than athens reads; the most is in the variant, in bytes.
    #[error("go.mod is larger than {0} bytes, the most that athens reads")]
    TooLarge(usize),
}
