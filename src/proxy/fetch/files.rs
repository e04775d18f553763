//! Fetching the files of a version into the tree.
//!
//! Only what is asked for is fetched: the `.mod` files of a module graph bring no zips. A zip brings its `.mod` and
//! `.info` along, for a version is in the tree whole or not at all: other readers of the folder find it in its list.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Fetching;
use super::failure::FetchFailure;
use super::question::{Answer, Question};
use crate::catalog::{Verdict, check_go_mod, check_info, clause};
use crate::housekeeping::Room;
use crate::metrics::Occasion;
use crate::module::{GoMod, Info, ModuleVersion, Sum, VersionQuery, synthesized_go_mod};
use crate::modzip::{self, Strictness, go_mod_sum};
use crate::store::{
    Committed, DirStore, Event, EventKind, ModuleFile, NewVersion, StagedFile, StoreError,
    StoreKey, Written,
};
use crate::trace::{self, Span, SpanKind};
use crate::upstream::{Ask, ZipBody, ZipError};

/// Chunks of a zip on their way to the disk.
const IN_FLIGHT: usize = 4;

impl Fetching {
    /// Fetches a file of a version, and what must come with it.
    pub(super) async fn file(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        ask: &Ask,
    ) -> Result<Answer, FetchFailure> {
        // Whoever asks has looked, perhaps in the moment before another fetch of the same file ended.
        let key = StoreKey::File(version, file);
        if self.catalog.store().read(&key).await?.is_some() {
            return Ok(Answer::Stored);
        }
        // Before anybody is asked for what could not be kept.
        let room = Arc::clone(&self.housekeeping.room);
        blocking(move || Ok(room.admit(0)?)).await?;
        match file {
            ModuleFile::Info => {
                let query = VersionQuery::Version(version.version().clone());
                let info = self.upstreams.query(version.path(), &query, ask).await?;
                let bytes = Bytes::from(info.to_json());
                self.keep_small(version, file, bytes).await?;
            }
            ModuleFile::Mod => {
                let go_mod = self.upstreams.go_mod(version, ask).await?;
                if self.is_verified(ask) && self.sums.has_any() {
                    let sum = go_mod_sum(&go_mod);
                    self.sums.verify(version, None, Some(&sum)).await?;
                } else {
                    // Nobody vouches for it, and it would be kept for ever.
                    look_at(&go_mod).map_err(|why| invalid(version, file, why))?;
                }
                self.keep_small(version, file, go_mod).await?;
            }
            ModuleFile::Zip => self.zip(version, ask).await?,
        }
        Ok(Answer::Stored)
    }

    /// Keeps an `.info` or a `.mod`, if it is one that can be served.
    pub(super) async fn keep_small(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: Bytes,
    ) -> Result<(), FetchFailure> {
        let verdict = match file {
            ModuleFile::Info => check_info(version, &content),
            _ => check_go_mod(&content),
        };
        if let Verdict::Unsound(why) = verdict {
            return Err(invalid(version, file, why.to_string()));
        }
        let (store, version) = (self.catalog.store().clone(), version.clone());
        blocking(move || {
            refuse_deleted(&store, &version)?;
            let key = StoreKey::File(&version, file);
            let staging = store.staging().of_fetched();
            match staging.create_with_directory(&key, &content)? {
                Written::Done | Written::Existed => Ok(()),
                Written::ReadOnly => Err(read_only(&key)),
            }
        })
        .await
    }

    async fn zip(&self, version: &ModuleVersion, ask: &Ask) -> Result<(), FetchFailure> {
        let (go_mod, info) = tokio::join!(
            self.content(version, ModuleFile::Mod, ask),
            self.content(version, ModuleFile::Info, ask)
        );
        let go_mod = go_mod?;
        let info = match info {
            // The protocol asks for it and the go command can do without: so can we.
            Err(failure) if failure.is_absence() => {
                let version = version.version();
                Bytes::from(Info::new(version, version.pseudo_time()).to_json())
            }
            info => info?,
        };
        let store = self.catalog.store().clone();
        let received = self
            .upstreams
            .zip(version, ask, |body| {
                receive(store.clone(), Arc::clone(&self.housekeeping.room), body)
            })
            .await;
        let staged = received.map_err(|error| match error {
            ZipError::Upstream(error) => FetchFailure::from(error),
            ZipError::Receiver(failure) => failure,
        })?;
        let (staged, sum) = self.check(version, staged, &go_mod).await?;
        if self.is_verified(ask) {
            self.sums.verify(version, Some(&sum), None).await?;
        }
        let (catalog, version) = (self.catalog.clone(), version.clone());
        let len = staged.len();
        let kind = match self.housekeeping.keeps_fetched {
            true => EventKind::Import,
            false => EventKind::Fetch,
        };
        blocking(move || {
            let store = catalog.store();
            refuse_deleted(store, &version)?;
            // Before anybody sees the version: without a word in the journal it would count as one of ours, of whose
            // module no upstream is asked any more.
            let mut event = Event::new(kind, &version).zip(sum, staged.len());
            store.journal().append(&mut event)?;
            let new = NewVersion {
                zip: staged,
                zip_sum: sum,
                go_mod: go_mod.to_vec(),
                info: info.to_vec(),
            };
            let committed = store.staging().of_fetched().commit(&version, new)?;
            if committed == Committed::HadOtherGoMod {
                let why = "holds another go.mod than the .mod file that was fetched before";
                return Err(invalid(&version, ModuleFile::Zip, why.to_owned()));
            }
            if let Err(error) = catalog.changed(version.path()) {
                tracing::error!("the list of {} stays as it was: {error}", version.path());
            }
            Ok(())
        })
        .await?;
        if let Some(janitor) = &self.housekeeping.janitor {
            janitor.fetched(len);
        }
        Ok(())
    }

    /// The content of an `.info` or `.mod`, from the tree, or fetched into it.
    async fn content(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        ask: &Ask,
    ) -> Result<Bytes, FetchFailure> {
        let key = StoreKey::File(version, file);
        let store = self.catalog.store();
        if store.read(&key).await?.is_none() {
            let fetched = self.fly(Question::File(version.clone(), file), ask).await;
            fetched.map_err(FetchFailure::Shared)?;
        }
        let (store, version) = (store.clone(), version.clone());
        blocking(move || {
            let key = StoreKey::File(&version, file);
            let Some(content) = store.read_blocking(&key)? else {
                return Err(FetchFailure::Lost);
            };
            content
                .read_all_blocking()
                .map_err(|error| StoreError::io("read", key.relative_path(), error).into())
        })
        .await
    }

    /// Reads a fetched zip whole; answers with its sum.
    async fn check(
        &self,
        version: &ModuleVersion,
        staged: StagedFile,
        go_mod: &Bytes,
    ) -> Result<(StagedFile, Sum), FetchFailure> {
        let Ok(_turn) = self.checks.acquire().await else {
            return Err(FetchFailure::Lost);
        };
        let (version, go_mod) = (version.clone(), go_mod.clone());
        let mut span = Span::start("check zip", SpanKind::Internal);
        span.set("module", version.path().as_str());
        span.set("version", version.version().as_str());
        span.set("bytes", staged.len());
        let metrics = self.metrics.clone();
        let checked = blocking(move || {
            let began = Instant::now();
            let report = modzip::check(staged.file(), staged.len(), &version, Strictness::Fetched)
                .map_err(|error| StoreError::io("read", "the fetched zip", error))?;
            metrics.checks.ended(Occasion::Fetched, began, &report);
            let Some(sum) = report.sum.filter(|_| report.is_sound()) else {
                return Err(invalid(&version, ModuleFile::Zip, clause(&report)));
            };
            // What differs would be in the tree and in no list.
            let why = match report.go_mod {
                Some(in_zip) if in_zip != go_mod => {
                    "holds another go.mod than the .mod file from upstream"
                }
                None if synthesized_go_mod(version.path()) != go_mod => {
                    "holds no go.mod, and the .mod file from upstream is not the one of a module without"
                }
                _ => return Ok((staged, sum)),
            };
            Err(invalid(&version, ModuleFile::Zip, why.to_owned()))
        })
        .await;
        if let Err(failure) = &checked {
            span.fail(|| failure.to_string());
        }
        checked
    }
}

/// Writes a zip to the staging area as it comes.
async fn receive(
    store: DirStore,
    room: Arc<Room>,
    mut body: ZipBody,
) -> Result<StagedFile, ZipError<FetchFailure>> {
    let (sender, mut chunks) = mpsc::channel::<Bytes>(IN_FLIGHT);
    let len = body.content_length().unwrap_or(0);
    let writer = tokio::task::spawn_blocking(move || {
        room.admit(len)?;
        let mut staged = store.staging().stage()?;
        while let Some(chunk) = chunks.blocking_recv() {
            room.admit(0)?;
            staged
                .write_all(&chunk)
                .map_err(|error| StoreError::io("write", "the fetched zip", error))?;
        }
        Ok::<StagedFile, StoreError>(staged)
    });
    let received = loop {
        match body.chunk().await {
            Err(error) => break Err(ZipError::Upstream(error)),
            Ok(None) => break Ok(()),
            Ok(Some(chunk)) => {
                if sender.send(chunk).await.is_err() {
                    // The writer has given up, and says why.
                    break Ok(());
                }
            }
        }
    };
    drop(sender);
    let written = match writer.await {
        Ok(written) => written.map_err(|error| ZipError::Receiver(error.into())),
        Err(_) => Err(ZipError::Receiver(FetchFailure::Lost)),
    };
    // What the disk said comes first.
    let staged = written?;
    received.map(|()| staged)
}

/// Whether these bytes can be a go.mod, and are not the login page of some network. That it names another module is no
/// fault: forks do, for `replace`.
fn look_at(go_mod: &[u8]) -> Result<(), String> {
    match GoMod::parse(go_mod) {
        Ok(file) if file.module_path().is_some() => Ok(()),
        Ok(_) => Err("is no go.mod: it has no module line".to_owned()),
        Err(error) => Err(format!("is no go.mod: {error}")),
    }
}

fn refuse_deleted(store: &DirStore, version: &ModuleVersion) -> Result<(), FetchFailure> {
    match store.tombstone(version)? {
        Some(_) => Err(FetchFailure::Deleted {
            version: version.clone(),
        }),
        None => Ok(()),
    }
}

fn read_only(key: &StoreKey<'_>) -> FetchFailure {
    let error = std::io::ErrorKind::ReadOnlyFilesystem;
    StoreError::io("write", key.relative_path(), error).into()
}

fn invalid(version: &ModuleVersion, file: ModuleFile, why: String) -> FetchFailure {
    FetchFailure::Invalid {
        version: version.clone(),
        file,
        why,
    }
}

/// Runs what waits for the disk where it may.
async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, FetchFailure> + Send + 'static,
) -> Result<T, FetchFailure> {
    tokio::task::spawn_blocking(trace::blocking_in_current(job))
        .await
        .unwrap_or(Err(FetchFailure::Lost))
}
