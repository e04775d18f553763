//! What the central directory of a module zip lists, kept in little memory: the names in one piece, and a few words for
//! each entry.

use super::archive::Header;
use super::archive::Place;
use super::limits::{MAX_ENTRIES, MAX_NAMES_SIZE};
use super::rule::{Fault, Rule};

/// The shortest header.
const HEADER_LEN: usize = 46;

/// The entries of an archive, in the order of its central directory.
#[derive(Debug)]
pub(super) struct Listing {
    names: Vec<u8>,
    entries: Vec<Entry>,
}

/// An entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    name_at: u32,
    name_len: u16,
    pub(super) place: Place,
}

impl Listing {
    /// A listing of what a central directory of at most `len` bytes can hold. Room that is not used costs nothing, and
    /// growing would need everything twice.
    pub(super) fn new(len: u64) -> Self {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        Self {
            names: Vec::with_capacity(len.min(MAX_NAMES_SIZE)),
            entries: Vec::with_capacity((len / HEADER_LEN).min(MAX_ENTRIES)),
        }
    }

    /// Adds the entry of a header in an archive with this base.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn push(&mut self, header: &Header<'_>, base: i64) -> Result<(), Fault> {
        let is_full = self.entries.len() >= MAX_ENTRIES
            || self.names.len() + header.name.len() > MAX_NAMES_SIZE;
        let (Ok(name_at), Ok(name_len), false) = (
            u32::try_from(self.names.len()),
            u16::try_from(header.name.len()),
            is_full,
        ) else {
            return Err(Fault::new(
                Rule::TooManyEntries,
                format!(
                    "it has more than {MAX_ENTRIES} entries, or more than {MAX_NAMES_SIZE} bytes of names; leave out \
                     what is not needed to build, or divide the module"
                ),
            ));
        };
        self.names.extend_from_slice(header.name);
        self.entries.push(Entry {
            name_at,
            name_len,
            place: Place::new(header, base),
        });
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The raw name of the entry of this number.
    pub(super) fn name(&self, index: u32) -> &[u8] {
        let entry = &self.entries[index as usize];
        let start = entry.name_at as usize;
        &self.names[start..start + usize::from(entry.name_len)]
    }

    /// The numbers of all entries.
    pub(super) fn indexes(&self) -> impl Iterator<Item = u32> + use<> {
        // No more than MAX_ENTRIES, which fits.
        0..u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// The numbers of all entries, ordered by the bytes of their names, those of one name as they are in the archive.
    pub(super) fn by_name(&self) -> Vec<u32> {
        let mut order: Vec<u32> = self.indexes().collect();
        order.sort_unstable_by(|&a, &b| self.name(a).cmp(self.name(b)).then(a.cmp(&b)));
        order
    }
}
