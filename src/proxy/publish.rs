//! Publishing and deleting versions: the decisions, without HTTP.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use super::{ModuleProxy, PublishError};
use crate::housekeeping::Room;
use crate::metrics::Occasion;
use crate::module::{Info, ModuleVersion, Sum, Time, synthesized_go_mod};
use crate::modzip::{self, Strictness, ZipError, go_mod_sum};
use crate::store::{
    Committed, Event, EventKind, ModuleFile, NewVersion, Pinned, StagedFile, StoreError, StoreKey,
    Tombstone,
};

/// A zip that is being received. Dropped, it is gone.
#[derive(Debug)]
pub struct Upload {
    staged: StagedFile,
    limit: u64,
    room: Arc<Room>,
}

impl Upload {
    /// Takes the next bytes. Waits for the disk.
    ///
    /// # Errors
    /// [`PublishError::TooLarge`] if there are more than the server takes; if the disk is full, or almost, or fails.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), PublishError> {
        if self.staged.len() + bytes.len() as u64 > self.limit {
            return Err(PublishError::TooLarge { limit: self.limit });
        }
        self.room.admit(0)?;
        self.staged
            .write_all(bytes)
            .map_err(|error| StoreError::io("write", "the upload", error).into())
    }

    /// The version that the zip's own entries name. Waits for the disk.
    ///
    /// # Errors
    /// [`PublishError::Nameless`] if they name none.
    pub fn named_version(&self) -> Result<ModuleVersion, PublishError> {
        match modzip::named_version(self.staged.file(), self.staged.len()) {
            Ok(version) => Ok(version),
            Err(ZipError::Unsound(why)) => Err(PublishError::Nameless { why }),
            Err(ZipError::Io(error)) => Err(StoreError::io("read", "the upload", error).into()),
        }
    }
}

/// A version that was published, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whether this request did it; else the same content was there.
    pub created: bool,
    /// The module and version.
    pub version: ModuleVersion,
    /// The time in its `.info`, if that has one.
    pub time: Option<Time>,
    /// The h1: sum of the zip.
    pub sum: Sum,
    /// The h1: sum of the go.mod.
    pub go_mod_sum: Sum,
    /// The length of the zip that was sent, in bytes.
    pub size: u64,
}

impl ModuleProxy {
    /// Begins to receive a zip of this length, where that is known. Waits for the disk.
    ///
    /// # Errors
    /// If the root is read-only, the disk has no room for it, or the staging area can not be written.
    pub fn begin_upload(&self, len: Option<u64>) -> Result<Upload, PublishError> {
        let staging = self.catalog.store().staging();
        if staging.is_read_only() {
            return Err(PublishError::ReadOnly);
        }
        self.room.admit(len.unwrap_or(0))?;
        Ok(Upload {
            room: Arc::clone(&self.room),
            staged: staging.stage()?,
            limit: self.max_zip_size,
        })
    }

    /// Checks what was received and makes it a version, by the right of the token of this name. `provenance` is an `.info`
    /// as the publisher has it: its time and origin are kept. Waits for the disk.
    ///
    /// The same content again is a success that changes nothing; other content for a version that is there, or was
    /// deleted, is a conflict, whoever asks.
    ///
    /// # Errors
    /// [`PublishError::Invalid`] with everything that is wrong with the zip; [`PublishError::Conflict`] with both sums;
    /// if the disk is full or fails.
    pub fn publish(
        &self,
        version: &ModuleVersion,
        upload: Upload,
        provenance: Option<Info>,
        token: &str,
    ) -> Result<Published, PublishError> {
        let store = self.catalog.store();
        let zip = upload.staged;
        let size = zip.len();
        let began = Instant::now();
        let mut report = modzip::check(zip.file(), size, version, Strictness::Published)
            .map_err(|error| StoreError::io("read", "the upload", error))?;
        let checks = &self.metrics.checks;
        checks.ended(Occasion::Published, began, &report);
        let Some(sum) = report.sum.filter(|_| report.is_sound()) else {
            return Err(PublishError::Invalid {
                version: version.clone(),
                report: Box::new(report),
            });
        };
        let go_mod = report
            .go_mod
            .take()
            .unwrap_or_else(|| synthesized_go_mod(version.path()).into_bytes());
        let mut published = Published {
            created: true,
            version: version.clone(),
            time: None,
            sum,
            go_mod_sum: go_mod_sum(&go_mod),
            size,
        };
        // Whoever is told that it is there is told so when all of it is.
        let _turn = self.changing.lock(version);
        let buried = store.tombstone(version)?;
        if let Some(there) = buried
            .as_ref()
            .map(|tombstone| tombstone.sum)
            .filter(|there| *there != sum)
        {
            return Err(PublishError::conflict(&published, Some(there), true));
        }
        let info = info_of(version, provenance);
        published.time = info.time();
        let new = NewVersion {
            zip,
            zip_sum: sum,
            go_mod,
            info: info.to_json().into_bytes(),
        };
        // What can fail for want of space fails before anything is visible.
        store.journal().reserve()?;
        match store.staging().commit(version, new)? {
            Committed::Created => {
                if buried.is_some() {
                    store.staging().exhume(version)?;
                }
                self.note(version, publication(version, sum, size, token))?;
                Ok(published)
            }
            Committed::HadZip => match self.stored_sum(version)? {
                Some(there) if there == sum => {
                    self.prove_stored(version, &sum)?;
                    // Somebody else's or not: who publishes it wants it here.
                    if store.staging().pin(version)? == Pinned::Gone {
                        let path = StoreKey::File(version, ModuleFile::Zip).relative_path();
                        let gone = std::io::Error::other(
                            "it was removed in this moment, to make room; publish it again",
                        );
                        return Err(StoreError::io("keep", path, gone).into());
                    }
                    // Whoever brought it back before was stopped before the last step.
                    if buried.is_some() {
                        store.staging().exhume(version)?;
                    }
                    if store.provenance().of(version)?.is_none() {
                        // Whoever was on it before was stopped on the way.
                        self.note(version, publication(version, sum, size, token))?;
                    }
                    Ok(Published {
                        created: false,
                        time: self.stored_time(version)?,
                        ..published
                    })
                }
                there => Err(PublishError::conflict(&published, there, false)),
            },
            Committed::HadOtherGoMod => Err(PublishError::conflict(&published, None, false)),
        }
    }

    /// Deletes a version and leaves a tombstone, by the right of the token of this name. Waits for the disk.
    ///
    /// # Errors
    /// [`PublishError::Unknown`] if there is no such version, [`PublishError::Deleted`] if it was deleted before; if the
    /// disk fails.
    pub fn delete(&self, version: &ModuleVersion, token: &str) -> Result<Tombstone, PublishError> {
        let store = self.catalog.store();
        if store.staging().is_read_only() {
            return Err(PublishError::ReadOnly);
        }
        let _turn = self.changing.lock(version);
        let Some(sum) = self.stored_sum(version)? else {
            let version = version.clone();
            let Some(tombstone) = store.tombstone(&version)? else {
                return Err(PublishError::Unknown { version });
            };
            if !store.provenance().is_deleted(&version)? {
                // Whoever deleted it was stopped on the way.
                self.note(
                    &version,
                    deletion(&version, tombstone.sum, &tombstone.token),
                )?;
            }
            return Err(PublishError::Deleted { version });
        };
        let tombstone = Tombstone::new(version, sum, token);
        store.staging().bury(version, &tombstone)?;
        self.note(version, deletion(version, sum, token))?;
        Ok(tombstone)
    }

    /// Writes an event to the journal and brings the module's list up to date, which can be made up for later: what
    /// is done is done, and the answer says so.
    fn note(&self, version: &ModuleVersion, mut event: Event) -> Result<(), PublishError> {
        self.catalog.store().journal().append(&mut event)?;
        if let Err(error) = self.catalog.changed(version.path()) {
            tracing::error!("the list of {} stays as it was: {error}", version.path());
        }
        Ok(())
    }

    /// The sum of the zip that is there; `None` if there is none, or it is not one that the go command could use.
    fn stored_sum(&self, version: &ModuleVersion) -> Result<Option<Sum>, PublishError> {
        let store = self.catalog.store();
        let Some(zip) = store.read_blocking(&StoreKey::File(version, ModuleFile::Zip))? else {
            return Ok(None);
        };
        if let Some(sum) = store.proven_sum(version, &zip.identity())? {
            return Ok(Some(sum));
        }
        match modzip::zip_sum(zip.file().as_ref(), zip.len(), version) {
            Ok(sum) => Ok(Some(sum)),
            Err(ZipError::Unsound(_)) => Ok(None),
            Err(ZipError::Io(error)) => {
                let path = StoreKey::File(version, ModuleFile::Zip).relative_path();
                Err(StoreError::io("read", path, error).into())
            }
        }
    }

    /// Notes beside the zip that is there that it was checked whole, if whoever put it there did not come so far: its
    /// content is that of one that was checked now.
    fn prove_stored(&self, version: &ModuleVersion, sum: &Sum) -> Result<(), PublishError> {
        let store = self.catalog.store();
        if let Some(zip) = store.read_blocking(&StoreKey::File(version, ModuleFile::Zip))?
            && store.proven_sum(version, &zip.identity())?.is_none()
        {
            store.staging().prove(version, sum, &zip.identity())?;
        }
        Ok(())
    }

    fn stored_time(&self, version: &ModuleVersion) -> Result<Option<Time>, PublishError> {
        let key = StoreKey::File(version, ModuleFile::Info);
        let Some(file) = self.catalog.store().read_blocking(&key)? else {
            return Ok(None);
        };
        let bytes = file
            .read_all_blocking()
            .map_err(|error| StoreError::io("read", key.relative_path(), error))?;
        Ok(Info::parse(&bytes).ok().and_then(|info| info.time()))
    }
}

fn deletion(version: &ModuleVersion, sum: Sum, token: &str) -> Event {
    Event {
        sum: Some(sum.to_string()),
        ..Event::new(EventKind::Delete, version).token(token)
    }
}

fn publication(version: &ModuleVersion, sum: Sum, size: u64, token: &str) -> Event {
    Event::new(EventKind::Publish, version)
        .zip(sum, size)
        .token(token)
}

/// The `.info` to keep: what the publisher says, under this version; the time of now where there is none.
fn info_of(version: &ModuleVersion, provenance: Option<Info>) -> Info {
    let now = jiff::Timestamp::now().as_second();
    let provenance = provenance.unwrap_or_else(|| Info::new(version.version(), None));
    provenance
        .named(version.version())
        .or_time(Time::from_unix(now))
}
