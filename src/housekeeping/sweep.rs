//! One look at the folder, and the removal of what is to go.
//!
//! Two tours: the first finds out what there is and how much has to go, the second removes it, module by module. So no name
//! is held in memory, however many versions there are. A module's list is written before its files go, and brought up to
//! date after that.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use super::plan::{Candidate, Cut, Plan};
use super::tour::{Pace, Stopped, Visited, tour};
use super::{Limits, Tracker, seconds};
use crate::catalog::version_of;
use crate::module::{ModulePath, ModuleVersion};
use crate::store::{
    DirStore, Event, EventKind, Measured, ModuleFile, StoreError, StoreKey, StoredUses, VersionKey,
};

/// How long a version stays after its last use, whatever the limits say: the client that just had its `.info` asks for its
/// zip next.
pub const GRACE: Duration = Duration::from_secs(5);

/// How many versions go under one lock, so that nobody who publishes waits for long.
const TOGETHER: usize = 32;

/// The longest list that is shortened before files go, in bytes.
const LONGEST_LIST: u64 = 16 << 20;

/// How long an empty directory must have been left alone: whoever made it may be about to put something in.
const QUIET: Duration = Duration::from_secs(60);

/// A look at the folder.
#[derive(Clone, Copy)]
pub struct Sweep<'a> {
    /// The folder.
    pub store: &'a DirStore,
    /// What it is to be kept within.
    pub limits: Limits,
    /// Whether it is only said what would go.
    pub is_dry: bool,
    /// Whether it takes its time, for the sake of everybody else.
    pub is_gentle: bool,
    /// Whether directories of modules that are empty go too.
    pub removes_empty: bool,
    /// Set by somebody else when it is to end.
    pub stop: &'a AtomicBool,
    /// Uses that are not written down yet.
    pub recent: Option<&'a Tracker>,
    /// Brings the derived files of a module up to date.
    pub relist: &'a dyn Fn(&ModulePath) -> Result<(), StoreError>,
}

/// A version that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Victim {
    /// The version.
    pub version: ModuleVersion,
    /// What its files take on the disk, in bytes.
    pub size: u64,
    /// When it was last used, or fetched if that was later; in seconds since 1970.
    pub used: u32,
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// What the folder took before, in bytes.
    pub size: u64,
    /// What of that may ever go, in bytes.
    pub evictable: u64,
    /// How many versions went, or would.
    pub versions: u64,
    /// What they took, in bytes.
    pub bytes: u64,
    /// By how much the folder is too large still, for what is left may not go; in bytes.
    pub excess: u64,
    /// Whether more goes as soon as it was not used for a while.
    pub is_waiting: bool,
    /// How many lines of the journal can not be read. If there are any, nothing goes: they may say of anything that it is to
    /// stay.
    pub unreadable_lines: u64,
    /// How many empty directories were removed.
    pub empty_directories: u64,
}

/// Why a tour ended.
enum End<E> {
    Stopped,
    Failed(E),
}

impl<E> From<Stopped> for End<E> {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl<E: From<StoreError>> From<StoreError> for End<E> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Sweep<'_> {
    /// Looks, removes what is to go, and shows each version when it is gone; `None` if it was stopped. Waits for the disk.
    /// Memory is eight bytes for each version that may go, and twenty for each whose last use is known.
    ///
    /// # Errors
    /// If the folder can not be read, the journal not be read or written, or a file not be removed, which ends nothing but
    /// is said when all else is done; and what `visit` returns.
    pub fn run<E: From<StoreError>>(
        &self,
        visit: impl FnMut(&Victim) -> Result<(), E>,
    ) -> Result<Option<Swept>, E> {
        match self.look_and_remove(visit) {
            Ok(swept) => Ok(Some(swept)),
            Err(End::Stopped) => Ok(None),
            Err(End::Failed(error)) => Err(error),
        }
    }

    fn look_and_remove<E: From<StoreError>>(
        &self,
        mut visit: impl FnMut(&Victim) -> Result<(), E>,
    ) -> Result<Swept, End<E>> {
        let mut swept = Swept {
            unreadable_lines: self.store.provenance().unreadable_lines()?,
            ..Swept::default()
        };
        let uses = self.store.uses()?;
        let now = SystemTime::now();
        let settled = seconds(now - GRACE);
        let mut candidates = Vec::new();
        swept.size = tour(self.store, &mut self.pace(), |visited| {
            let (is_owned, victims) = self.evictable(&visited, &uses)?;
            for victim in &victims {
                candidates.push(Candidate::new(victim.used, victim.size));
                swept.evictable += victim.size;
            }
            if visited.files.is_empty() && self.removes_empty && !self.is_dry {
                swept.empty_directories += self.remove_if_left_alone(visited.module)?;
            }
            Ok::<bool, End<E>>(is_owned)
        })?;
        if swept.unreadable_lines > 0 {
            candidates.clear();
        }
        let plan = Plan::new(candidates, swept.size, &self.limits, seconds(now), settled);
        swept.excess = plan.excess;
        swept.is_waiting = plan.is_waiting;
        let Some(mut cut) = plan.cut else {
            return Ok(swept);
        };
        // What hinders one module hinders no other.
        let mut failed = None;
        let mut removed = |victim: &Victim| {
            swept.versions += 1;
            swept.bytes += victim.size;
            visit(victim)
        };
        tour(self.store, &mut self.pace(), |visited| {
            let (is_owned, mut victims) = self.evictable(&visited, &uses)?;
            victims.retain(|victim| cut.take(victim.used, victim.size));
            if self.is_dry {
                for victim in &victims {
                    removed(victim).map_err(End::Failed)?;
                }
                return Ok(is_owned);
            }
            for victims in victims.chunks(TOGETHER) {
                match self.evict(visited.module, victims) {
                    Ok(gone) => gone
                        .into_iter()
                        .try_for_each(&mut removed)
                        .map_err(End::Failed)?,
                    Err(error) => failed = failed.take().or(Some(error)),
                }
            }
            if !victims.is_empty()
                && let Err(error) = self.tidy(visited.module)
            {
                failed = failed.take().or(Some(error));
            }
            Ok::<bool, End<E>>(is_owned)
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        if !self.is_dry {
            self.forget_uses(&cut)?;
        }
        Ok(swept)
    }

    fn pace(&self) -> Pace<'_> {
        Pace::new(self.is_gentle, self.stop)
    }

    /// Whether a module is one's own, and if not, which of its versions may go.
    fn evictable(
        &self,
        visited: &Visited<'_>,
        uses: &StoredUses,
    ) -> Result<(bool, Vec<Victim>), StoreError> {
        let (module, provenance) = (visited.module, self.store.provenance());
        let sizes = sizes(visited.files);
        let mut victims = Vec::new();
        let mut is_owned = visited.is_owned_above;
        for file in visited.files {
            if file.name.ends_with(".deleted") {
                is_owned = true;
            }
            let Some(escaped) = file.name.strip_suffix(".zip") else {
                continue;
            };
            let Ok(version) = version_of(module, escaped) else {
                continue;
            };
            let Ok(version) = ModuleVersion::new(module.clone(), version) else {
                continue;
            };
            is_owned |= !provenance.of(&version)?.is_some_and(EventKind::is_foreign);
            if !is_owned && provenance.is_evictable(&version)? {
                victims.push(Victim {
                    used: self.last_use(&version, file, uses),
                    size: sizes.get(escaped).copied().unwrap_or_default(),
                    version,
                });
            }
        }
        // What is one's own has nobody to be fetched from again.
        is_owned |= provenance
            .published_among(std::slice::from_ref(module))?
            .is_some();
        if is_owned {
            victims.clear();
        }
        victims.sort_by(|a, b| a.version.version().cmp(b.version.version()));
        Ok((is_owned, victims))
    }

    /// When a version was last asked for; at the earliest when its zip came.
    fn last_use(&self, version: &ModuleVersion, zip: &Measured, uses: &StoredUses) -> u32 {
        let key = VersionKey::of(version);
        let recent = self.recent.and_then(|recent| recent.get(&key));
        let came = seconds(zip.identity.changed_at());
        [uses.get(&key), recent]
            .into_iter()
            .flatten()
            .fold(came, u32::max)
    }

    /// Removes versions of one module, less those that are not to go after all; answers with those that are gone.
    fn evict<'v>(
        &self,
        module: &ModulePath,
        victims: &'v [Victim],
    ) -> Result<Vec<&'v Victim>, StoreError> {
        let (store, staging) = (self.store, self.store.staging());
        let alone = staging.begin_eviction()?;
        let (mut going, mut events) = (Vec::new(), Vec::new());
        for victim in victims {
            let version = &victim.version;
            let recent = self
                .recent
                .and_then(|recent| recent.get(&VersionKey::of(version)));
            // Somebody may have asked for it, or said that it is to stay, a moment ago.
            if recent.is_some_and(|used| used > victim.used)
                || !store.provenance().is_evictable(version)?
            {
                continue;
            }
            let zip = StoreKey::File(version, ModuleFile::Zip);
            let Some(zip) = store.read_blocking(&zip)? else {
                continue;
            };
            // One that is not what was fetched was put there by hand.
            if let Some(sum) = store.proven_sum(version, &zip.identity())? {
                events.push(Event::new(EventKind::Evict, version).zip(sum, zip.len()));
                going.push(victim);
            }
        }
        if going.is_empty() {
            return Ok(going);
        }
        // On a disk that is full, there is room for the line when the files are gone.
        let is_full = match store.journal().reserve() {
            Err(error) if error.is_full() => true,
            reserved => {
                reserved?;
                store.journal().append_past(&mut events)?;
                false
            }
        };
        let versions: Vec<ModuleVersion> =
            going.iter().map(|victim| victim.version.clone()).collect();
        match unlist(store, module, &versions) {
            Err(error) if !error.is_full() => return Err(error),
            _ => {}
        }
        staging.evict(&alone, module, &versions)?;
        if is_full {
            store.journal().append_past(&mut events)?;
        }
        Ok(going)
    }

    /// Brings the list of a module up to date, and removes its directory if nothing is left in it.
    fn tidy(&self, module: &ModulePath) -> Result<(), StoreError> {
        if let Err(error) = (self.relist)(module) {
            tracing::warn!("the list of {module} stays as it was: {error}");
        }
        let directory = StoreKey::directory(module);
        if self
            .store
            .entries(&directory)?
            .is_some_and(|left| left.is_empty())
        {
            let staging = self.store.staging();
            staging.remove_empty(&staging.begin_eviction()?, &directory)?;
        }
        Ok(())
    }

    fn remove_if_left_alone(&self, module: &ModulePath) -> Result<u64, StoreError> {
        let directory = StoreKey::directory(module);
        let changed = self.store.directory_changed(&directory)?;
        let is_quiet = changed
            .and_then(|changed| SystemTime::now().duration_since(changed).ok())
            .is_some_and(|age| age > QUIET);
        if !is_quiet {
            return Ok(0);
        }
        let staging = self.store.staging();
        staging.remove_empty(&staging.begin_eviction()?, &directory)
    }

    /// Forgets the uses of what is gone: everything that was last used before the cut, and is still there, came after it.
    fn forget_uses(&self, cut: &Cut) -> Result<(), StoreError> {
        let before = cut.before();
        match self
            .store
            .change_uses(|uses| uses.merged([], |_, used| used >= before))
        {
            // They are forgotten another time.
            Err(error) if error.is_full() => Ok(()),
            changed => changed,
        }
    }
}

/// What the files of each version take, in bytes, by its escaped name.
fn sizes(files: &[Measured]) -> HashMap<&str, u64> {
    let mut sizes = HashMap::new();
    for file in files {
        if let Some((escaped, "zip" | "ziphash" | "mod" | "info")) = file.name.rsplit_once('.') {
            *sizes.entry(escaped).or_default() += file.allocated;
        }
    }
    sizes
}

/// Takes versions out of the list of a module, so that nobody who reads the folder is told of what is about to go.
fn unlist(
    store: &DirStore,
    module: &ModulePath,
    versions: &[ModuleVersion],
) -> Result<(), StoreError> {
    let key = StoreKey::List(module);
    let Some(file) = store.read_blocking(&key)? else {
        return Ok(());
    };
    if file.len() > LONGEST_LIST {
        return Ok(());
    }
    let list = file
        .read_all_blocking()
        .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
    let goes = |line: &[u8]| {
        versions
            .iter()
            .any(|version| version.version().as_str().as_bytes() == line.trim_ascii())
    };
    let left: Vec<u8> = list
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| !goes(line))
        .flatten()
        .copied()
        .collect();
    if left.len() < list.len() {
        store.staging().replace(&key, &left)?;
    }
    Ok(())
}
