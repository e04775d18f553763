//! How each version came, as the journal says, without reading the journal for each question.
//!
//! The first question reads the journal once; later ones read what was appended since, by whichever process. A journal
//! that was replaced, shortened or taken away is noticed, and read anew.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use jiff::Timestamp;

use super::comings::{Coming, Comings};
use super::{Cursor, DirStore, Event, EventKind, Reader, StoreError, VersionKey};
use crate::module::{ModulePath, ModuleVersion};

/// How each version of a store came, as its journal says.
///
/// What stands for a version is the last `publish`, `fetch` or `import` about it; where there is none, an `adopt`. An `adopt`
/// does not overrule the others: a tree that is copied elsewhere has its zips read and noted again, and a version that was
/// fetched is no more private for that. Nor does a `fetch` overrule an `import`. Repairs and evictions change nothing, a
/// `delete` leaves nothing.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    store: &'a DirStore,
    index: &'a Index,
}

/// What was read of the journal: 18 bytes a place, which are 21 to 41 bytes a version.
#[derive(Debug, Default)]
pub(super) struct Index(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Up to where the journal was read.
    cursor: Cursor,
    /// What stands for a version, or that it was deleted.
    standing: HashMap<VersionKey, EventKind>,
    /// The modules of which a version was ever published: keys of their paths, with no version.
    published: HashSet<VersionKey>,
    /// Versions that count as fetched and also came in other ways: they stay.
    kept: HashSet<VersionKey>,
    /// By which line each version came.
    comings: Comings,
    /// Lines that are no events, since somebody last noted that they are known.
    unreadable: u64,
    /// Whether behind them is the beginning of one, whose writer was stopped.
    is_torn: bool,
}

impl<'a> Provenance<'a> {
    pub(super) fn new(store: &'a DirStore, index: &'a Index) -> Self {
        Self { store, index }
    }

    /// How this version came: [`EventKind::Publish`], [`EventKind::Fetch`], [`EventKind::Import`] or [`EventKind::Adopt`];
    /// `None` if it was deleted since, or the journal has nothing about it, as of one that was just dropped into the folder. That the
    /// version is there is not said.
    ///
    /// Costs one look at the journal's length where nothing was appended; else waits for the disk.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn of(&self, version: &ModuleVersion) -> Result<Option<EventKind>, StoreError> {
        let standing = self
            .known()?
            .standing
            .get(&VersionKey::of(version))
            .copied();
        Ok(standing.filter(|event| *event != EventKind::Delete))
    }

    /// Whether the last that the journal says of this version is that it was deleted. Costs what [`of`](Self::of) does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn is_deleted(&self, version: &ModuleVersion) -> Result<bool, StoreError> {
        let standing = self
            .known()?
            .standing
            .get(&VersionKey::of(version))
            .copied();
        Ok(standing == Some(EventKind::Delete))
    }

    /// Whether this version may be removed to make room: all that the journal ever said of it is that it was fetched, and
    /// nothing of its module was published. Costs what [`of`](Self::of) does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn is_evictable(&self, version: &ModuleVersion) -> Result<bool, StoreError> {
        let known = self.known()?;
        let key = VersionKey::of(version);
        let module = std::slice::from_ref(version.path());
        Ok(known.is_fetched_only(&key) && known.published_among(module).is_none())
    }

    /// Leaves of these only what counts as fetched and nothing else. Costs what [`of`](Self::of) does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn retain_fetched<T>(
        &self,
        versions: &mut HashMap<VersionKey, T>,
    ) -> Result<(), StoreError> {
        let known = self.known()?;
        versions.retain(|key, _| known.is_fetched_only(key));
        Ok(())
    }

    /// The first of these modules of which a version was ever published here, whatever became of it: the name is ours.
    /// Costs what [`of`](Self::of) does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn published_among<'m>(
        &self,
        modules: &'m [ModulePath],
    ) -> Result<Option<&'m ModulePath>, StoreError> {
        Ok(self.known()?.published_among(modules))
    }

    /// As [`published_among`](Self::published_among), if that is known without waiting for the disk or for somebody who
    /// reads the journal: for async threads.
    pub fn published_among_at_hand<'m>(
        &self,
        modules: &'m [ModulePath],
    ) -> Option<Option<&'m ModulePath>> {
        let known = match self.index.0.try_lock() {
            Ok(known) => known,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        known
            .is_up_to_date(self.store)
            .then(|| known.published_among(modules))
    }

    /// How many lines are no events and have not been noted as known ([`Event::about_the_journal`]): what they said is
    /// lost. Costs what [`of`](Self::of) does.
    ///
    ///     /// # Errors
    /// If the journal is there and can not be read.
    pub fn unreadable_lines(&self) -> Result<u64, StoreError> {
        let known = self.known()?;
        Ok(known.unreadable + u64::from(known.is_torn))
    }

    /// The time up to which [`came`](Self::came) knows the journal; `None` if that is empty. Costs what [`of`](Self::of)
    /// does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn newest(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.known()?.comings.newest())
    }

    /// Of events that are not later than [`newest`](Self::newest), those by which versions came that are there, by the
    /// journal's word, each by one; with `also_gone` the last arrivals of the others too. Costs what [`of`](Self::of) does.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub fn came<T>(
        &self,
        events: &mut Vec<T>,
        also_gone: bool,
        event: impl Fn(&T) -> &Event,
    ) -> Result<(), StoreError> {
        let known = self.known()?;
        events.retain(|it| match known.comings.of(event(it)) {
            Coming::There => true,
            Coming::Gone => also_gone,
            Coming::Nothing => false,
        });
        Ok(())
    }

    fn known(&self) -> Result<MutexGuard<'a, Known>, StoreError> {
        // What a panic could leave behind is an index that has read less than it could: the rest is read now.
        let mut known = self.index.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.catch_up(self.store)?;
        Ok(known)
    }
}

impl Known {
    fn catch_up(&mut self, store: &DirStore) -> Result<(), StoreError> {
        if self.is_up_to_date(store) {
            return Ok(());
        }
        let reader = match store.journal().read_on(&self.cursor)? {
            Some(reader) => reader,
            None => {
                *self = Self::default();
                store.journal().read(None)?
            }
        };
        let read = self.read(reader);
        if read.is_err() {
            // What it has of these lines may be a part.
            *self = Self::default();
        }
        read
    }

    fn read(&mut self, mut lines: Reader<'_>) -> Result<(), StoreError> {
        self.is_torn = false;
        while let Some(line) = lines.next_line()? {
            match line.event {
                Some(event) if event.is_about_the_journal() => self.unreadable = 0,
                // Also of a line that lacks its end: it is read again when it has one, and says the same.
                Some(event) => {
                    let key = VersionKey::of_names(&event.path, &event.version);
                    let was_known = self.standing.contains_key(&key);
                    self.comings.note(key, &event, was_known);
                    self.enter(key, event.event);
                    if event.event == EventKind::Publish {
                        self.published.insert(VersionKey::of_names(&event.path, ""));
                    }
                }
                None if line.is_ended => self.unreadable += 1,
                // It gets its end with the next line, and is counted then.
                None => self.is_torn = true,
            }
        }
        self.cursor = lines.into_cursor()?;
        Ok(())
    }

    fn is_fetched_only(&self, key: &VersionKey) -> bool {
        self.standing.get(key) == Some(&EventKind::Fetch) && !self.kept.contains(key)
    }

    fn published_among<'m>(&self, modules: &'m [ModulePath]) -> Option<&'m ModulePath> {
        if self.published.is_empty() {
            return None;
        }
        // No version has an empty name, so this is no key of one.
        let key = |module: &ModulePath| VersionKey::of_names(module.as_str(), "");
        modules
            .iter()
            .find(|module| self.published.contains(&key(module)))
    }

    fn is_up_to_date(&self, store: &DirStore) -> bool {
        store.journal().is_unchanged(&self.cursor)
    }

    fn enter(&mut self, key: VersionKey, event: EventKind) {
        match event {
            EventKind::Publish | EventKind::Import => {
                self.standing.insert(key, event);
            }
            EventKind::Delete => {
                self.standing.insert(key, event);
                self.kept.remove(&key);
            }
            EventKind::Fetch => match self.standing.get(&key) {
                Some(EventKind::Import) => {}
                before => {
                    if let Some(EventKind::Publish | EventKind::Adopt) = before {
                        self.kept.insert(key);
                    }
                    self.standing.insert(key, event);
                }
            },
            EventKind::Adopt => match self.standing.get(&key) {
                None | Some(EventKind::Delete) => {
                    self.standing.insert(key, event);
                }
                Some(EventKind::Fetch) => {
                    self.kept.insert(key);
                }
                Some(_) => {}
            },
            EventKind::Repair | EventKind::Evict | EventKind::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::store::OpenMode;
    use crate::store::journal::JOURNAL;

    fn version(text: &str) -> ModuleVersion {
        ModuleVersion::new("example.com/m".parse().unwrap(), text.parse().unwrap()).unwrap()
    }

    fn store(root: &Path) -> DirStore {
        DirStore::open(root, OpenMode::ReadWrite).unwrap()
    }

    fn append(store: &DirStore, kind: EventKind, text: &str) {
        let mut event = Event::new(kind, &version(text));
        store.journal().append(&mut event).unwrap();
    }

    fn of(store: &DirStore, text: &str) -> Option<EventKind> {
        store.provenance().of(&version(text)).unwrap()
    }

    /// Where the second line begins. Lines differ in length: times have no zeros at their end.
    fn second_line(journal: &[u8]) -> usize {
        journal.iter().position(|byte| *byte == b'\n').unwrap() + 1
    }

    #[test]
    fn what_stands() {
        use EventKind::{Adopt, Delete, Evict, Fetch, Import, Publish, Repair};
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        assert_eq!(of(&store, "v1.0.0"), None);
        for (kind, want) in [
            (Repair, None),
            (Adopt, Some(Adopt)),
            (Publish, Some(Publish)),
            (Adopt, Some(Publish)),
            (Repair, Some(Publish)),
            (Delete, None),
            (Fetch, Some(Fetch)),
            (Adopt, Some(Fetch)),
            (Delete, None),
            (Adopt, Some(Adopt)),
            (Fetch, Some(Fetch)),
            (Evict, Some(Fetch)),
            (Import, Some(Import)),
            (Fetch, Some(Import)),
            (Adopt, Some(Import)),
            (Evict, Some(Import)),
        ] {
            store.journal().reserve().unwrap();
            append(&store, kind, "v1.0.0");
            assert_eq!(of(&store, "v1.0.0"), want, "{kind:?}");
        }
        assert_eq!(of(&store, "v1.0.1"), None);
    }

    #[test]
    fn only_what_was_fetched_and_nothing_else_may_go() {
        use EventKind::{Adopt, Delete, Evict, Fetch, Import, Publish, Repair};
        for (kinds, want) in [
            (&[][..], false),
            (&[Fetch], true),
            (&[Fetch, Fetch, Repair], true),
            (&[Fetch, Evict], true),
            (&[Fetch, Evict, Fetch], true),
            (&[Adopt, Delete, Fetch], true),
            (&[Fetch, Adopt, Delete, Fetch], true),
            (&[Import], false),
            (&[Fetch, Import], false),
            (&[Import, Fetch], false),
            (&[Adopt], false),
            (&[Fetch, Adopt], false),
            (&[Adopt, Fetch], false),
            (&[Fetch, Evict, Adopt], false),
            (&[Publish], false),
            (&[Publish, Fetch], false),
            (&[Publish, Delete, Fetch], false),
            (&[Fetch, Delete], false),
            (&[Evict], false),
        ] {
            let scratch = tempfile::tempdir().unwrap();
            let store = store(scratch.path());
            for kind in kinds {
                append(&store, *kind, "v1.0.0");
            }
            let provenance = store.provenance();
            let is_evictable = provenance.is_evictable(&version("v1.0.0")).unwrap();
            assert_eq!(is_evictable, want, "{kinds:?}");
        }
    }

    #[test]
    fn each_version_came_by_one_event() {
        use EventKind::{Adopt, Delete, Fetch, Publish, Repair};
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let came = |also_gone| -> Vec<usize> {
            let all = store.journal().events().unwrap();
            let mut events = all.clone();
            store
                .provenance()
                .came(&mut events, also_gone, |it| it)
                .unwrap();
            let at = |event: &Event| all.iter().position(|it| it.time == event.time).unwrap();
            events.iter().map(at).collect()
        };
        for (kind, there, all) in [
            (Publish, &[0][..], &[0][..]),
            (Adopt, &[0], &[0]),
            (Repair, &[0], &[0]),
            (Delete, &[], &[0]),
            (Delete, &[], &[0]),
            (Publish, &[5], &[5]),
            (Fetch, &[5], &[5]),
            (Delete, &[], &[5]),
            (Fetch, &[8], &[8]),
        ] {
            append(&store, kind, "v1.0.0");
            assert_eq!((came(false), came(true)), (there.to_vec(), all.to_vec()));
        }
        append(&store, Delete, "v1.0.1");
        append(&store, Fetch, "v1.0.1");
        assert_eq!(came(false), [8, 10]);
        let newest = store.journal().events().unwrap().pop().unwrap().time;
        assert_eq!(store.provenance().newest().unwrap(), Some(newest));
    }

    #[test]
    fn a_published_name_stays_ours() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let paths = ["example.com/m/sub", "example.com/m", "example.com"];
        let paths = paths.map(|path| path.parse::<ModulePath>().unwrap());
        let was = || {
            let known = store.provenance().published_among(&paths).unwrap();
            let at_hand = store.provenance().published_among_at_hand(&paths);
            assert_eq!(at_hand, Some(known));
            known == Some(&paths[1])
        };
        for (kind, want) in [
            (EventKind::Fetch, false),
            (EventKind::Adopt, false),
            (EventKind::Publish, true),
            (EventKind::Delete, true),
            (EventKind::Fetch, true),
        ] {
            append(&store, kind, "v1.0.0");
            // Nobody has read the new line yet.
            assert_eq!(store.provenance().published_among_at_hand(&paths), None);
            assert_eq!(was(), want, "{kind:?}");
        }
        let others = store.provenance().published_among(&paths[..1]).unwrap();
        assert_eq!(others, None);
    }

    #[test]
    fn what_others_append_is_seen() {
        let scratch = tempfile::tempdir().unwrap();
        let (ours, others) = (store(scratch.path()), store(scratch.path()));
        for number in 0..20 {
            let text = format!("v1.0.{number}");
            assert_eq!(of(&ours, &text), None);
            append(&others, EventKind::Fetch, &text);
            assert_eq!(of(&ours, &text), Some(EventKind::Fetch));
        }
        assert_eq!(of(&ours, "v1.0.0"), Some(EventKind::Fetch));
    }

    #[test]
    fn a_line_that_is_being_written_is_read_when_it_is_whole() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        append(&store, EventKind::Publish, "v1.0.0");
        append(&store, EventKind::Publish, "v1.0.1");
        let path = scratch.path().join(JOURNAL);
        let whole = fs::read(&path).unwrap();
        let second = second_line(&whole);
        fs::write(&path, &whole[..second + 20]).unwrap();
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Publish));
        assert_eq!(of(&store, "v1.0.1"), None);
        // In place, as a writer goes on.
        fs::write(&path, &whole).unwrap();
        assert_eq!(of(&store, "v1.0.1"), Some(EventKind::Publish));
    }

    #[test]
    fn another_journal_is_noticed() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        append(&store, EventKind::Publish, "v1.0.0");
        append(&store, EventKind::Publish, "v1.0.1");
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Publish));
        let path = scratch.path().join(JOURNAL);
        let first = fs::read(&path).unwrap();

        // Shortened in place.
        fs::write(&path, &first[..second_line(&first)]).unwrap();
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Publish));
        assert_eq!(of(&store, "v1.0.1"), None);

        // Written anew in place, and longer than before.
        let text = String::from_utf8(first.repeat(2)).unwrap();
        let fetched = text.replace("publish", "fetch");
        fs::write(&path, &fetched).unwrap();
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Fetch));

        // Replaced by another file of the same length.
        let other = scratch.path().join("other");
        fs::write(&other, fetched.replace("fetch", "adopt")).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Adopt));

        fs::remove_file(&path).unwrap();
        assert_eq!(of(&store, "v1.0.0"), None);
        append(&store, EventKind::Publish, "v1.0.1");
        assert_eq!(of(&store, "v1.0.1"), Some(EventKind::Publish));
    }

    #[test]
    fn lost_lines_are_counted_until_they_are_known() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        let unreadable = || store.provenance().unreadable_lines().unwrap();
        assert_eq!(unreadable(), 0);
        append(&store, EventKind::Publish, "v1.0.0");
        let path = scratch.path().join(JOURNAL);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(b"nothing\n{\"Time\":");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(unreadable(), 2);
        append(&store, EventKind::Delete, "v1.0.0");
        assert_eq!(unreadable(), 2);
        assert!(store.provenance().is_deleted(&version("v1.0.0")).unwrap());
        assert!(!store.provenance().is_deleted(&version("v1.0.1")).unwrap());
        let mut known = Event::about_the_journal();
        store.journal().append(&mut known).unwrap();
        assert_eq!(unreadable(), 0);
    }

    #[test]
    fn endless_and_unreadable_lines_are_passed_over() {
        let scratch = tempfile::tempdir().unwrap();
        let store = store(scratch.path());
        append(&store, EventKind::Publish, "v1.0.0");
        let path = scratch.path().join(JOURNAL);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend(vec![b'x'; 100_000]);
        fs::write(&path, &bytes).unwrap();
        assert_eq!(of(&store, "v1.0.0"), Some(EventKind::Publish));
        append(&store, EventKind::Publish, "v1.0.1");
        assert_eq!(of(&store, "v1.0.1"), Some(EventKind::Publish));

        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(store.provenance().of(&version("v1.0.0")).is_err());
    }
}
