//! `h1:` sums, as they stand in go.sum.
//!
//! A sum is the SHA-256 of a list with a line for each file, ordered by the bytes of the names: the SHA-256 of the
//! content in hexadecimal, two spaces, the name, a newline. Names are those in the zip, with their prefix; entries for
//! directories are lines too.
//!
//! Source: `golang.org/x/mod/sumdb/dirhash`.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use sha2::{Digest as _, Sha256};

use super::archive::Archive;
use super::contents::{Digest, Task};
use super::error::ZipError;
use super::limits::MAX_ZIP_SIZE;
use super::listing::Listing;
use super::names::{Name, prefix};
use super::read_at::ReadAt;
use super::rule::{Fault, Rule, shown};
use crate::module::{ModuleVersion, Sum};

/// A list of files that becomes a sum.
#[derive(Default)]
pub(super) struct Files(Sha256);

impl Files {
    /// Adds a file; the caller keeps the order.
    pub(super) fn add(&mut self, name: &[u8], digest: &Digest) {
        let mut line = String::with_capacity(66);
        for byte in digest {
            // A String takes everything.
            let _ = write!(line, "{byte:02x}");
        }
        line.push_str("  ");
        self.0.update(&line);
        self.0.update(name);
        self.0.update("\n");
    }

    pub(super) fn sum(self) -> Sum {
        Sum::new(self.0.finalize().into())
    }
}

/// The sum of all entries of an archive, given in the order of their names.
pub(super) fn listing_sum(listing: &Listing, by_name: &[u32], digests: &[Digest]) -> Sum {
    let mut files = Files::default();
    for &index in by_name {
        files.add(listing.name(index), &digests[index as usize]);
    }
    files.sum()
}

/// The sum of a go.mod file: what go.sum has on the line with `/go.mod`.
///
/// ```
/// let sum = athens::modzip::go_mod_sum(b"module example.com/m\n");
/// assert_eq!(sum.to_string(), "h1:flS2VctbRrTv+sBE+VKgxx6hlkMGPVz9MGOmzMYFg3k=");
/// ```
pub fn go_mod_sum(go_mod: &[u8]) -> Sum {
    let mut files = Files::default();
    files.add(b"go.mod", &Sha256::digest(go_mod).into());
    files.sum()
}

/// The sum of the module zip in the first `len` bytes of `zip`.
///
/// Every entry is read and compared with what the archive says of it, as when the go command makes this sum; names
/// must have the prefix of the module, and are otherwise not looked at: that is [`check`](super::check())'s. Reads from
/// beginning to end, in several threads if the archive has a MiB or more; memory is a few hundred KiB for each of these
/// and the names of all entries. Waits for the disk.
///
/// # Errors
/// [`ZipError::Unsound`] with the first thing that is wrong, [`ZipError::Io`] if the file can not be read.
pub fn zip_sum<R: ReadAt + ?Sized>(
    zip: &R,
    len: u64,
    version: &ModuleVersion,
) -> Result<Sum, ZipError> {
    let archive = Archive::open(zip, len)?;
    let prefix = prefix(version);
    let mut listing = Listing::new(archive.directory_len());
    let mut sizes: u64 = 0;
    let mut wrong = None;
    let walked = archive.walk(|header| {
        sizes = sizes.saturating_add(header.size);
        let added = if !header.name.starts_with(prefix.as_bytes()) || header.name.contains(&b'\n') {
            Name::parse(header.name, &prefix)
                .map(drop)
                .map_err(|fault| about(header.name, &fault))
        } else if sizes > MAX_ZIP_SIZE {
            Err(too_large().sentence)
        } else {
            listing
                .push(header, archive.end().base)
                .map_err(|fault| fault.sentence)
        };
        match added {
            Ok(()) => ControlFlow::Continue(()),
            Err(sentence) => {
                wrong = Some(sentence);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(sentence) = wrong.or_else(|| walked.fault.map(|fault| fault.sentence)) {
        return Err(ZipError::Unsound(sentence));
    }
    let by_name = listing.by_name();
    let contents = Task {
        listing: &listing,
        by_name: &by_name,
        go_mod: None,
        is_strict: false,
    }
    .read(&archive)?;
    let (found, _) = contents.found.into_first();
    match found.first() {
        Some((Some(index), fault)) => Err(ZipError::Unsound(about(listing.name(*index), fault))),
        Some((None, fault)) => Err(ZipError::Unsound(fault.sentence.clone())),
        None => Ok(listing_sum(&listing, &by_name, &contents.digests)),
    }
}

/// A sentence about an entry.
pub(super) fn about(name: &[u8], fault: &Fault) -> String {
    format!("its entry \"{}\": {}", shown(name), fault.sentence)
}

/// Said when the files are too large together.
pub(super) fn too_large() -> Fault {
    Fault::new(
        Rule::TotalSize,
        format!(
            "its files add up to more than {MAX_ZIP_SIZE} bytes, the most that the go command takes; leave out what is \
             not needed to build, or divide the module"
        ),
    )
}
