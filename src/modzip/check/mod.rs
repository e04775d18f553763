//! Everything that is wrong with a module zip.
//!
//! The steps: find the end record; walk the central directory and judge each name and size; look for names that collide;
//! read every entry once, for its hash and for what is wrong with it; for a zip that is published, look at what the go
//! command does not. What is found is collected, not thrown: who made the zip wants to hear everything at once.

mod collisions;
mod published;

use std::io;
use std::ops::ControlFlow;

use super::archive::{Archive, Header};
use super::contents::{Contents, Task};
use super::fold::Letters;
use super::found::Found;
use super::hash::{go_mod_sum, listing_sum, too_large};
use super::limits::MAX_ZIP_SIZE;
use super::listing::Listing;
use super::names::{Name, prefix};
use super::read_at::ReadAt;
use super::rule::{Fault, Obstacle, Rule, shown};
use super::sizes::check_size;
use crate::module::{ModuleVersion, Sum, synthesized_go_mod};

/// How much is demanded of a zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// What the go command demands, for modules that others made: a mirror must serve what everybody else serves.
    Fetched,
    /// Also what the go command overlooks, for modules that are published here.
    Published,
}

/// Something that is wrong with a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the entry, with everything escaped that is not printable, at most 200 characters; `None` if it is
    /// about the whole archive.
    pub entry: Option<String>,
    /// The rule that is broken.
    pub rule: Rule,
    /// One plain sentence about the entry or the archive, which it calls "it": what is wrong, and what to do.
    pub sentence: String,
}

/// What [`check`] has to say about a zip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// What is wrong, in the order of the archive: at most 100 findings. None: the zip is good.
    pub findings: Vec<Finding>,
    /// How many findings there are beyond those.
    pub more_findings: u64,
    /// The sum of the zip, if every entry could be read.
    pub sum: Option<Sum>,
    /// The go.mod in the zip, if there is one and it could be read.
    pub go_mod: Option<Vec<u8>>,
    /// The sum of the `.mod` to serve: of the go.mod in the zip or, if it has none, of the synthesized one.
    pub go_mod_sum: Option<Sum>,
    /// How many files there are, directories not counted.
    pub files: u64,
    /// How many bytes the files have, unpacked, by what the archive says.
    pub size: u64,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Checks the module zip in the first `len` bytes of `zip`, which must be that of `version`.
///
/// With [`Strictness::Fetched`] a zip without findings is one that `zip.CheckZip`, `dirhash.HashZip` and `zip.Unzip` of
/// `golang.org/x/mod` all accept: what the go command can download, verify and build. A zip without a go.mod is fine.
/// The rules are told at [`Rule`].
///
/// Every entry is read to its end. Memory is some hundred KiB a thread, a few dozen bytes for each entry, and the names
/// (both [bounded](super::MAX_ENTRIES)); content is never kept but for the go.mod. A zip bomb is inflated no further
/// than one byte beyond its declared size, and not at all if the declared sizes are too large together. Archives of a
/// MiB or more are read by several threads. Waits for the disk: not for async threads.
///
/// # Errors
/// If `zip` cannot be read, or becomes shorter meanwhile. That says nothing about the zip.
pub fn check<R: ReadAt + ?Sized>(
    zip: &R,
    len: u64,
    version: &ModuleVersion,
    strictness: Strictness,
) -> io::Result<Report> {
    let is_strict = strictness == Strictness::Published;
    let archive = match Archive::open(zip, len) {
        Ok(archive) => archive,
        Err(Obstacle::Io(error)) => return Err(error),
        Err(Obstacle::Fault(fault)) => return Ok(Report::of_no_archive(fault)),
    };
    let prefix = prefix(version);
    let mut survey = Survey::new(&prefix, &archive, is_strict);
    let walked = archive.walk(|header| survey.add(header))?;
    let is_whole = walked.fault.is_none() && !survey.is_full;
    if let Some(fault) = walked.fault {
        survey.found.push(None, fault);
    }
    if is_strict {
        // Where the directory is not whole, there is no need to say that some would read it otherwise.
        let in_directory = walked.ambiguity.filter(|_| is_whole);
        for how in archive.end().ambiguity.into_iter().chain(in_directory) {
            survey.found.push(None, published::clients_differ(how));
        }
    }
    survey.find_collisions();

    let by_name = survey.listing.by_name();
    let is_small_enough = survey.size <= MAX_ZIP_SIZE && !survey.is_full;
    let contents = if is_small_enough {
        let task = Task {
            listing: &survey.listing,
            by_name: &by_name,
            go_mod: survey.go_mod,
            is_strict,
        };
        task.read(&archive)?
    } else {
        Contents::default()
    };
    let sum = (is_whole && contents.is_read)
        .then(|| listing_sum(&survey.listing, &by_name, &contents.digests));

    let mut found = survey.found;
    found.append(contents.found);
    if is_strict {
        let name = |index| shown(survey.listing.name(index));
        published::find_overlaps(contents.ranges, &walked.directory, name, &mut found);
        if let Some(go_mod) = &contents.go_mod
            && let Err(fault) = published::check_go_mod(go_mod, version)
        {
            found.push(survey.go_mod, fault);
        }
    }
    let go_mod_sum = match (&contents.go_mod, survey.go_mod) {
        (Some(go_mod), _) => Some(go_mod_sum(go_mod)),
        (None, None) if is_whole => Some(go_mod_sum(synthesized_go_mod(version.path()).as_bytes())),
        (None, _) => None,
    };
    let (list, more_findings) = found.into_first();
    Ok(Report {
        findings: list
            .into_iter()
            .map(|(entry, fault)| {
                Finding::new(entry.map(|index| survey.listing.name(index)), fault)
            })
            .collect(),
        more_findings,
        sum,
        go_mod: contents.go_mod,
        go_mod_sum,
        files: survey.files,
        size: survey.size,
    })
}

impl Finding {
    fn new(entry: Option<&[u8]>, fault: Fault) -> Self {
        Self {
            entry: entry.map(shown),
            rule: fault.rule,
            sentence: fault.sentence,
        }
    }
}

impl Report {
    fn of_no_archive(fault: Fault) -> Self {
        Self {
            findings: vec![Finding::new(None, fault)],
            ..Self::default()
        }
    }
}

/// What a walk through the central directory gathers.
struct Survey<'a> {
    prefix: &'a str,
    base: i64,
    is_strict: bool,
    listing: Listing,
    /// The entries with good names.
    named: Vec<u32>,
    /// The root's go.mod.
    go_mod: Option<u32>,
    files: u64,
    size: u64,
    is_full: bool,
    found: Found,
}

impl<'a> Survey<'a> {
    fn new<R: ReadAt + ?Sized>(prefix: &'a str, archive: &Archive<'_, R>, is_strict: bool) -> Self {
        Self {
            prefix,
            base: archive.end().base,
            is_strict,
            listing: Listing::new(archive.directory_len()),
            named: Vec::new(),
            go_mod: None,
            files: 0,
            size: 0,
            is_full: false,
            found: Found::default(),
        }
    }

    /// Judges a header, and keeps what is needed of it.
    fn add(&mut self, header: &Header<'_>) -> ControlFlow<()> {
        let index = match (
            self.listing.push(header, self.base),
            u32::try_from(self.listing.len()),
        ) {
            (Ok(()), Ok(len)) => len - 1,
            (result, _) => {
                self.is_full = true;
                if let Err(fault) = result {
                    self.found.push(None, fault);
                }
                return ControlFlow::Break(());
            }
        };
        if !header.name.ends_with(b"/") {
            self.files += 1;
            let before = self.size;
            self.size = self.size.saturating_add(header.size);
            if before <= MAX_ZIP_SIZE && self.size > MAX_ZIP_SIZE {
                self.found.push(None, too_large());
            }
        }
        match Name::parse(header.name, self.prefix) {
            Ok(name) => {
                self.named.push(index);
                if name.is_go_mod() {
                    self.go_mod = Some(index);
                }
                let in_place = if self.is_strict {
                    published::check_name(name)
                } else {
                    Ok(())
                };
                let results = [
                    name.check_go_mod_place(),
                    check_size(name, header.size),
                    in_place,
                ];
                for fault in results.into_iter().filter_map(Result::err) {
                    self.found.push(Some(index), fault);
                }
            }
            Err(fault) => self.found.push(Some(index), fault),
        }
        if self.is_strict {
            published::check_header(header, |fault| self.found.push(Some(index), fault));
        }
        ControlFlow::Continue(())
    }

    fn find_collisions(&mut self) {
        let names = self
            .named
            .iter()
            .filter_map(|&index| {
                let name = Name::parse(self.listing.name(index), self.prefix).ok()?;
                (!name.path.is_empty()).then_some((name, index))
            })
            .collect();
        // A zip that is published is for all clients, also for those with newer tables.
        let letters = if self.is_strict {
            Letters::Any
        } else {
            Letters::UntilGo126
        };
        collisions::find(names, letters, &mut self.found);
    }
}

#[cfg(test)]
mod tests;
