//! Reading all entries of an archive once: hashes, faults, and the content of go.mod.

use std::io;
use std::iter::Enumerate;
use std::num::NonZero;
use std::slice::IterMut;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::archive::{Archive, Reader, allowance};
use super::found::Found;
use super::limits::{MAX_GO_MOD_SIZE, MAX_ZIP_SIZE};
use super::listing::Listing;
use super::read_at::ReadAt;

/// Archives smaller than this are read by one thread: starting more takes longer than reading them.
const PARALLEL_FROM: u64 = 1 << 20;
/// More threads than this would only wait for the disk, or take the cores that serve.
const MAX_THREADS: usize = 4;

/// A SHA-256.
pub(super) type Digest = [u8; 32];

/// What the entries of an archive are.
#[derive(Default)]
pub(super) struct Contents {
    /// The SHA-256 of the content of each entry, by its number; zeros if it could not be read.
    pub(super) digests: Vec<Digest>,
    /// Whether all of them were read that the go command would read.
    pub(super) is_read: bool,
    /// What is wrong with entries.
    pub(super) found: Found,
    /// The content of go.mod, if it was asked for and is sound.
    pub(super) go_mod: Option<Vec<u8>>,
    /// Where the entries are; for strict readers only.
    pub(super) ranges: Vec<Range>,
}

/// Where an entry is: from its local header to the end of its content. 32 bits are enough for [`MAX_ZIP_SIZE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The number of the entry.
    pub(super) entry: u32,
}

/// What to read.
pub(super) struct Task<'a> {
    pub(super) listing: &'a Listing,
    /// The numbers of all entries, ordered by name.
    pub(super) by_name: &'a [u32],
    /// The entry whose content is kept.
    pub(super) go_mod: Option<u32>,
    /// Whether more is compared than the go command does.
    pub(super) is_strict: bool,
}

impl Task<'_> {
    /// Reads the entries, by as many threads as pay.
    ///
    /// Of several entries of one name only the last is read: the go command would not get at the others.
    pub(super) fn read<R: ReadAt + ?Sized>(
        &self,
        archive: &Archive<'_, R>,
    ) -> io::Result<Contents> {
        let len = archive.source().len();
        let mut contents = Contents {
            digests: vec![Digest::default(); self.listing.len()],
            is_read: true,
            ..Contents::default()
        };
        let work = Work {
            task: self,
            archive,
            shadowed: self.shadowed(),
            next: Mutex::new(contents.digests.iter_mut().enumerate()),
            allowance: allowance(len),
            is_stopped: AtomicBool::new(false),
        };
        let shares = if len < PARALLEL_FROM {
            vec![work.share()]
        } else {
            work.shares(threads())
        };
        for share in shares {
            let share = share?;
            contents.is_read &= share.unread == 0;
            contents.found.append(share.found);
            contents.ranges.extend(share.ranges);
            contents.go_mod = contents.go_mod.or(share.go_mod);
        }
        // Entries of one name stand together, the one that counts last.
        for names in self.by_name.windows(2).rev() {
            if self.listing.name(names[0]) == self.listing.name(names[1]) {
                contents.digests[names[0] as usize] = contents.digests[names[1] as usize];
            }
        }
        Ok(contents)
    }

    /// Whether each entry is followed by another of its name.
    fn shadowed(&self) -> Vec<bool> {
        let mut shadowed = vec![false; self.listing.len()];
        for names in self.by_name.windows(2) {
            if self.listing.name(names[0]) == self.listing.name(names[1]) {
                shadowed[names[0] as usize] = true;
            }
        }
        shadowed
    }
}

fn threads() -> usize {
    thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MAX_THREADS)
}

/// A task that is being done.
struct Work<'a, R: ?Sized> {
    task: &'a Task<'a>,
    archive: &'a Archive<'a, R>,
    shadowed: Vec<bool>,
    /// The entries that are left, each with the place for its digest.
    next: Mutex<Enumerate<IterMut<'a, Digest>>>,
    allowance: AtomicU64,
    is_stopped: AtomicBool,
}

/// What one thread has done of it.
#[derive(Default)]
struct Share {
    /// How many could not be read.
    unread: u64,
    found: Found,
    ranges: Vec<Range>,
    go_mod: Option<Vec<u8>>,
}

impl<R: ReadAt + ?Sized> Work<'_, R> {
    fn shares(&self, threads: usize) -> Vec<io::Result<Share>> {
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads)
                // A thread that cannot be had is not needed either.
                .filter_map(|_| {
                    thread::Builder::new()
                        .name("modzip".to_owned())
                        .spawn_scoped(scope, || self.share())
                        .ok()
                })
                .collect();
            let mut shares = vec![self.share()];
            for other in others {
                match other.join() {
                    Ok(share) => shares.push(share),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            shares
        })
    }

    /// Reads entries until none is left.
    fn share(&self) -> io::Result<Share> {
        let listing = self.task.listing;
        let mut reader = Reader::new(self.archive.source(), &self.allowance, self.task.is_strict);
        let mut share = Share::default();
        loop {
            let next = self
                .next
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .next();
            let Some((index, digest)) = next else {
                return Ok(share);
            };
            if self.is_stopped.load(Ordering::Relaxed) {
                return Ok(share);
            }
            if self.shadowed[index] {
                continue;
            }
            let entry = &listing.entries()[index];
            // No more than MAX_ENTRIES.
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            let mut kept = (self.task.go_mod == Some(index) && entry.place.size <= MAX_GO_MOD_SIZE)
                .then(Vec::new);
            let mut hash = Sha256::new();
            let outcome = reader
                .read(listing.name(index), &entry.place, |piece| {
                    hash.update(piece);
                    if let Some(kept) = &mut kept {
                        kept.extend_from_slice(piece);
                    }
                })
                .inspect_err(|_| self.is_stopped.store(true, Ordering::Relaxed))?;
            if outcome.is_read {
                *digest = hash.finalize().into();
                share.go_mod = share.go_mod.or(kept);
            } else {
                share.unread += 1;
            }
            for fault in outcome.faults {
                share.found.push(Some(index), fault);
            }
            if let Some(range) = outcome.range.filter(|_| self.task.is_strict) {
                let place = |at: u64| u32::try_from(at.min(MAX_ZIP_SIZE)).unwrap_or(u32::MAX);
                share.ranges.push(Range {
                    start: place(range.start),
                    end: place(range.end),
                    entry: index,
                });
            }
        }
    }
}
