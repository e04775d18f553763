//! Reading all entries of an archive once: hashes, faults, and the content of go.mod.

use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::archive::{Archive, Reader, allowance};
use super::found::Found;
use super::limits::MAX_GO_MOD_SIZE;
use super::listing::Listing;
use super::read_at::ReadAt;

/// Archives smaller than this are read by one thread: starting more takes longer than reading them.
const PARALLEL_FROM: u64 = 1 << 20;
/// More threads than this would only wait for the disk, or take the cores that serve.
const MAX_THREADS: usize = 4;

/// What the entries of an archive are.
#[derive(Default)]
pub(super) struct Contents {
    /// The SHA-256 of the content of each entry, by its number; zeros if it could not be read.
    pub(super) digests: Vec<[u8; 32]>,
    /// Whether all of them were read that the go command would read.
    pub(super) is_read: bool,
    /// What is wrong with entries.
    pub(super) found: Found,
    /// The content of go.mod, if it was asked for and is sound.
    pub(super) go_mod: Option<Vec<u8>>,
    /// From the local header to the end of the content, and the number of the entry; for strict readers only.
    pub(super) ranges: Vec<(u64, u64, u32)>,
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
        let work = Work {
            task: self,
            archive,
            shadowed: self.shadowed(),
            next: AtomicU32::new(0),
            allowance: allowance(len),
            is_stopped: AtomicBool::new(false),
        };
        let shares = if len < PARALLEL_FROM {
            vec![work.share()]
        } else {
            work.shares(threads())
        };
        let mut contents = Contents {
            digests: vec![[0; 32]; self.listing.len()],
            is_read: true,
            ..Contents::default()
        };
        for share in shares {
            let share = share?;
            for (index, digest) in share.digests {
                contents.digests[index as usize] = digest;
            }
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
    next: AtomicU32,
    allowance: AtomicU64,
    is_stopped: AtomicBool,
}

/// What one thread has done of it.
#[derive(Default)]
struct Share {
    digests: Vec<(u32, [u8; 32])>,
    /// How many could not be read.
    unread: u64,
    found: Found,
    ranges: Vec<(u64, u64, u32)>,
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
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = listing.entries().get(index as usize) else {
                return Ok(share);
            };
            if self.is_stopped.load(Ordering::Relaxed) {
                return Ok(share);
            }
            if self.shadowed[index as usize] {
                continue;
            }
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
                share.digests.push((index, hash.finalize().into()));
                share.go_mod = share.go_mod.or(kept);
            } else {
                share.unread += 1;
            }
            for fault in outcome.faults {
                share.found.push(Some(index), fault);
            }
            if let Some(range) = outcome.range.filter(|_| self.task.is_strict) {
                share.ranges.push((range.start, range.end, index));
            }
        }
    }
}
