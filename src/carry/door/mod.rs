//! The one door: every version that is carried in is checked whole here before anybody sees it.

mod parts;
mod zips;

use self::parts::Parts;
use self::zips::{Checked, Taken};
use super::arrival::{Arrival, ZipSource};
use super::error::CarryError;
use super::outcome::{Outcome, Reason};
use super::provenance::Provenance;
use crate::module::{ModuleVersion, PathPatterns, Sum};
use crate::modzip::{ZipError, zip_sum};
use crate::store::{
    Committed, DirStore, Event, EventKind, FileContent, Locks, ModuleFile, NewVersion, Pinned,
    StoreError, StoreKey, SumdbFile, Written,
};

/// The way into a root. Several threads may use one door.
#[derive(Debug)]
pub struct Door {
    store: DirStore,
    /// Held by who makes a version visible, until the journal has it.
    changing: Locks,
    is_dry: bool,
    /// Modules that the operator says are one's own, whatever a source knows.
    owned: Option<PathPatterns>,
}

impl Door {
    /// A door into a root; a dry one only says what would happen.
    #[must_use]
    pub fn new(store: DirStore, is_dry: bool) -> Self {
        Self {
            store,
            changing: Locks::default(),
            is_dry,
            owned: None,
        }
    }

    /// Takes versions of these modules for published ones, whatever a source says of how it got them: no upstream is ever
    /// asked about them. That holds for those that are there already, too.
    #[must_use]
    pub fn with_owned(self, owned: Option<PathPatterns>) -> Self {
        Self { owned, ..self }
    }

    /// The root behind it.
    pub fn store(&self) -> &DirStore {
        &self.store
    }

    /// Whether it only says what would happen.
    pub fn is_dry(&self) -> bool {
        self.is_dry
    }

    /// Takes a version, if it is what it should be and nothing else is there. Waits for the disk; memory does not grow
    /// with the zip.
    ///
    /// A zip is read whole, by the rules of the go command, in a copy that nobody else can change. Without `.mod` or
    /// with a torn one it is served with the go.mod in its zip; without a sound `.info` with one that is made for it.
    /// A version without zip is kept by name, for module graphs. What is there already with the same sum is not read
    /// again if it has its proof (the `.ziphash` of this root) and the source says the same sum and length.
    ///
    /// A version that was fetched is in the journal before it is visible, so that no server takes it for one's own;
    /// others are noted when they are there, as publishing does.
    ///
    /// # Errors
    /// If the source can not be read, or the root not be written. That says nothing about the version.
    pub fn take(&self, arrival: Arrival) -> Result<Outcome, CarryError> {
        let version = &arrival.version;
        if self.store.tombstone(version)?.is_some() {
            return Ok(Outcome::Deleted);
        }
        let parts = Parts::judge(version, arrival.go_mod, arrival.info);
        let Some(zip) = arrival.zip else {
            return self.keep_parts(version, parts);
        };
        let is_owned = self.is_owned(version);
        let arrived = Arrived {
            version,
            zip,
            parts,
            sum: arrival.sum,
            provenance: match is_owned {
                true => Provenance::Publish,
                false => arrival.provenance,
            },
            is_owned,
        };
        let key = StoreKey::File(version, ModuleFile::Zip);
        match self.store.read_blocking(&key)? {
            Some(there) => match self.compare(&arrived, &there)? {
                Some(outcome) => Ok(outcome),
                // Removed in this moment, to make room.
                None => self.bring_in(arrived),
            },
            None => self.bring_in(arrived),
        }
    }

    /// Takes a file of a checksum database, if its length is right and none is there. It is verified when it is used.
    ///
    /// # Errors
    /// If the root can not be written.
    pub fn take_sumdb(&self, file: &SumdbFile, content: &[u8]) -> Result<Outcome, CarryError> {
        if !file.takes(content.len() as u64) {
            let why = format!("has {} bytes, which is never right", content.len());
            return Ok(Outcome::Refused(Reason::File("file".to_owned(), why)));
        }
        let key = StoreKey::Sumdb(file);
        if self.store.read_blocking(&key)?.is_some() {
            return Ok(Outcome::AlreadyThere);
        }
        if self.is_dry {
            return Ok(Outcome::Imported);
        }
        match self.store.staging().create_with_directory(&key, content)? {
            Written::Done => Ok(Outcome::Imported),
            Written::Existed => Ok(Outcome::AlreadyThere),
            Written::ReadOnly => Err(read_only(&key)),
        }
    }

    fn is_owned(&self, version: &ModuleVersion) -> bool {
        let owned = self.owned.as_ref();
        owned.is_some_and(|owned| owned.matches(version.path()))
    }

    fn bring_in(&self, arrived: Arrived<'_>) -> Result<Outcome, CarryError> {
        let version = arrived.version;
        let checked = match self.check(&arrived)? {
            Taken::Good(checked) => checked,
            Taken::Refused(reason) => return Ok(Outcome::Refused(reason)),
        };
        let Checked {
            zip,
            sum,
            len,
            go_mod,
            info,
        } = checked;
        if let Some(conflict) = self.other_go_mod(version, &go_mod)? {
            return Ok(conflict);
        }
        let Some(zip) = zip else {
            return Ok(Outcome::Imported);
        };
        let _turn = self.changing.lock(version);
        let is_fetched = arrived.provenance == Provenance::Fetch;
        if is_fetched {
            self.note(version, arrived.provenance, &sum, len)?;
        } else {
            // What can fail for want of space fails before anything is visible.
            self.store.journal().reserve()?;
        }
        let new = NewVersion {
            zip,
            zip_sum: sum,
            go_mod,
            info,
        };
        match self.store.staging().commit(version, new)? {
            Committed::Created => {}
            // Somebody else was faster.
            Committed::HadZip => match self.sum_here(version)? {
                Some(here) if here == sum => return Ok(Outcome::AlreadyThere),
                here => return Ok(Outcome::zip_conflict(here, sum)),
            },
            Committed::HadOtherGoMod => return Ok(Outcome::zip_conflict(None, sum)),
        }
        if !is_fetched {
            self.note(version, arrived.provenance, &sum, len)?;
        }
        Ok(Outcome::Imported)
    }

    /// A version whose zip is there: nothing to do, or a conflict; `None` if it went meanwhile.
    fn compare(
        &self,
        arrived: &Arrived<'_>,
        there: &FileContent,
    ) -> Result<Option<Outcome>, CarryError> {
        let version = arrived.version;
        let proven = self.store.proven_sum(version, &there.identity())?;
        let (sum, here) = if proven.is_some() && self.says_the_same(arrived, there, proven)? {
            (proven, proven)
        } else {
            let sum = match self.sum_of(arrived)? {
                Ok(sum) => sum,
                Err(reason) => return Ok(Some(Outcome::Refused(reason))),
            };
            let here = match proven {
                Some(sum) => Some(sum),
                None => self.sum_here(version)?,
            };
            (Some(sum), here)
        };
        let Some(sum) = sum else {
            return Ok(Some(Outcome::AlreadyThere));
        };
        if here != Some(sum) {
            return Ok(Some(Outcome::zip_conflict(here, sum)));
        }
        if !self.is_dry {
            // What was only fetched is here on purpose from now on.
            if self.store.staging().pin(version)? == Pinned::Gone {
                return Ok(None);
            }
            self.make_up(arrived, there, &sum, proven.is_some())?;
        }
        Ok(Some(Outcome::AlreadyThere))
    }

    /// Whether the source says the same of its zip as our own proof of the one that is there.
    fn says_the_same(
        &self,
        arrived: &Arrived<'_>,
        there: &FileContent,
        proven: Option<Sum>,
    ) -> Result<bool, CarryError> {
        match &arrived.zip {
            ZipSource::File(range) => Ok(arrived.sum == proven && range.len == there.len()),
            // The same time and the same commit, which is in the origin.
            ZipSource::Git(_) => {
                let here = self.read(&StoreKey::File(arrived.version, ModuleFile::Info))?;
                Ok(here.is_some() && here.as_deref() == arrived.parts.info.as_deref())
            }
        }
    }

    /// Does what whoever brought the version did not come to: a process that is killed leaves a zip, and perhaps no
    /// more.
    fn make_up(
        &self,
        arrived: &Arrived<'_>,
        there: &FileContent,
        sum: &Sum,
        is_proven: bool,
    ) -> Result<(), CarryError> {
        let version = arrived.version;
        let _turn = self.changing.lock(version);
        let known = self.store.provenance().of(version)?;
        let is_now_owned = arrived.is_owned && known != Some(EventKind::Publish);
        if known.is_none() || is_now_owned {
            // A fetched version is in the journal before its zip is there. So this one was put here by hand, and that the
            // source has it too makes it no less our own: the go command's cache has all that it was served.
            let provenance = match arrived.provenance {
                Provenance::Fetch => Provenance::Adopt,
                own => own,
            };
            self.note(version, provenance, sum, there.len())?;
        }
        if !is_proven {
            self.store
                .staging()
                .prove(version, sum, &there.identity())?;
        }
        let parts = [
            (ModuleFile::Mod, &arrived.parts.go_mod),
            (ModuleFile::Info, &arrived.parts.info),
        ];
        for (file, content) in parts {
            let key = StoreKey::File(version, file);
            if let Some(content) = content
                && self.store.read_blocking(&key)?.is_none()
                && (file == ModuleFile::Info || self.is_go_mod_of(there, version, content)?)
            {
                self.store.staging().create(&key, content)?;
            }
        }
        Ok(())
    }

    /// The sum of the zip that is there; `None` if it is not one that the go command could use.
    fn sum_here(&self, version: &ModuleVersion) -> Result<Option<Sum>, CarryError> {
        let key = StoreKey::File(version, ModuleFile::Zip);
        let Some(zip) = self.store.read_blocking(&key)? else {
            return Ok(None);
        };
        if let Some(sum) = self.store.proven_sum(version, &zip.identity())? {
            return Ok(Some(sum));
        }
        match zip_sum(zip.file().as_ref(), zip.len(), version) {
            Ok(sum) => Ok(Some(sum)),
            Err(ZipError::Unsound(_)) => Ok(None),
            Err(ZipError::Io(error)) => {
                Err(StoreError::io("read", key.relative_path(), error).into())
            }
        }
    }

    fn note(
        &self,
        version: &ModuleVersion,
        provenance: Provenance,
        sum: &Sum,
        len: u64,
    ) -> Result<(), CarryError> {
        let mut event = Event::new(provenance.event(), version).zip(sum, len);
        Ok(self.store.journal().append(&mut event)?)
    }

    fn read(&self, key: &StoreKey<'_>) -> Result<Option<Vec<u8>>, CarryError> {
        let Some(file) = self.store.read_blocking(key)? else {
            return Ok(None);
        };
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(Some(bytes.to_vec()))
    }
}

/// An [`Arrival`] whose small files were judged.
#[derive(Debug)]
struct Arrived<'a> {
    version: &'a ModuleVersion,
    zip: ZipSource,
    parts: Parts,
    sum: Option<Sum>,
    provenance: Provenance,
    /// Whether the operator says that it is one's own.
    is_owned: bool,
}

impl Outcome {
    fn zip_conflict(here: Option<Sum>, there: Sum) -> Self {
        Self::Conflict {
            is_go_mod: false,
            here,
            there,
        }
    }
}

fn read_only(key: &StoreKey<'_>) -> CarryError {
    let kind = std::io::ErrorKind::ReadOnlyFilesystem;
    StoreError::io("write", key.relative_path(), std::io::Error::from(kind)).into()
}
