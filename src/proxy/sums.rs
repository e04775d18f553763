//! Checksum databases: verifying what was fetched, and passing them on.
//!
//! The tree keeps what a database said, below `sumdb/<name>/` as the go command's own cache has it, so that clients verify
//! when the internet is not there. Names of modules that are ours are never sent to a database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::fetch::{FetchFailure, SumMismatch};
use crate::metrics::{Metrics, Verification};
use crate::module::{ModuleVersion, Sum};
use crate::store::{DirStore, Exchanged, StoreError, StoreKey, SumdbFile};
use crate::sumdb::{
    Answer, Client, Database, Fetched, Freshness, HeadReplacement, Mismatch, Operations,
    SumdbError, SumdbErrorKind, SummedFile, TilePath, Verdict,
};
use crate::trace::{self, Outcome};
use crate::upstream::{Ask, FetchError, Upstreams};

/// How long the newest tree of a database counts as such.
const HEAD_TTL: Duration = Duration::from_secs(60);

/// The checksum databases that are known here.
#[derive(Debug)]
pub(super) struct Sums {
    databases: Vec<KnownDatabase>,
    /// How often what was fetched had another sum than the database.
    mismatches: Arc<AtomicU64>,
    metrics: Metrics,
}

/// A database, and the client that asks it.
#[derive(Debug)]
pub(super) struct KnownDatabase {
    database: Database,
    client: Client<Way>,
    /// The same, for those for whom nothing is to be fetched.
    stored: Client<Way>,
    /// When the newest tree was asked for last.
    refreshed: Mutex<Option<Instant>>,
}

/// The way to a database, and the place where what it said is kept.
#[derive(Debug)]
struct Way {
    database: Database,
    store: DirStore,
    /// `None` if nobody is to be asked.
    upstreams: Option<Upstreams>,
}

impl Sums {
    /// With these databases, the first of which verifies. What was known of them before stays known: a database can not
    /// go back behind a tree that it has shown.
    pub(super) fn new(
        databases: Vec<Database>,
        store: &DirStore,
        upstreams: Option<&Upstreams>,
        metrics: Metrics,
        before: Option<&Self>,
    ) -> Self {
        let client = |database: &Database, asked: Option<&Upstreams>, known: Option<&Client<_>>| {
            let way = Way {
                database: database.clone(),
                store: store.clone(),
                upstreams: asked.cloned(),
            };
            match known {
                Some(known) => known.by_another_way(way),
                None => Client::new(database.key().clone(), way),
            }
        };
        let known = |database: Database| {
            let is_same = |known: &&KnownDatabase| known.database.key() == database.key();
            let known = before.and_then(|before| before.databases.iter().find(is_same));
            KnownDatabase {
                client: client(&database, upstreams, known.map(|known| &known.client)),
                stored: client(&database, None, known.map(|known| &known.stored)),
                refreshed: Mutex::new(None),
                database,
            }
        };
        Self {
            databases: databases.into_iter().map(known).collect(),
            mismatches: before.map_or_else(Arc::default, |before| Arc::clone(&before.mismatches)),
            metrics,
        }
    }

    /// Whether it has these databases, in this order.
    pub(super) fn has(&self, databases: &[Database]) -> bool {
        let known = self.databases.iter().map(|known| &known.database);
        known.eq(databases)
    }

    /// The database of this name, if it is passed on.
    pub(super) fn named(&self, name: &str) -> Option<&KnownDatabase> {
        let is_named = |known: &&KnownDatabase| known.database.name().as_str() == name;
        self.databases.iter().find(is_named)
    }

    /// Whether there is a database to verify with.
    pub(super) fn has_any(&self) -> bool {
        !self.databases.is_empty()
    }

    /// Whether these are the sums that everybody has. Without a database, everything is taken.
    ///
    /// # Errors
    /// [`FetchFailure::Mismatch`], [`FetchFailure::Unknown`] or [`FetchFailure::Unverified`].
    pub(super) async fn verify(
        &self,
        version: &ModuleVersion,
        zip: Option<&Sum>,
        go_mod: Option<&Sum>,
    ) -> Result<(), FetchFailure> {
        let Some(database) = self.databases.first() else {
            return Ok(());
        };
        let name = || database.database.name().as_str().to_owned();
        let verdict = database.client.verify(version, zip, go_mod).await;
        self.metrics.sumdb.verifications[verification(&verdict)].add_one();
        match verdict {
            Ok(Verdict::Verified) => Ok(()),
            Ok(Verdict::Mismatch(Mismatch { file, ours, theirs })) => {
                let mismatch = SumMismatch {
                    version: version.clone(),
                    what: match file {
                        SummedFile::Zip => "zip",
                        SummedFile::GoMod => "go.mod",
                    },
                    got: ours,
                    want: theirs,
                    database: name(),
                };
                let number = self.mismatches.fetch_add(1, Ordering::Relaxed) + 1;
                tracing::error!(mismatches = number, "{mismatch}");
                Err(FetchFailure::Mismatch(Box::new(mismatch)))
            }
            Ok(Verdict::Unknown) => Err(FetchFailure::Unknown {
                version: version.clone(),
                database: name(),
            }),
            Err(error) => {
                if error.kind() == SumdbErrorKind::Inconsistent {
                    tracing::error!("{error}");
                }
                Err(FetchFailure::Unverified {
                    version: version.clone(),
                    database: name(),
                    why: error.to_string(),
                })
            }
        }
    }
}

/// How a verification that ended so is counted.
fn verification(verdict: &Result<Verdict, DatabaseError>) -> Verification {
    match verdict {
        Ok(Verdict::Verified) => Verification::Verified,
        Ok(Verdict::Mismatch(_)) => Verification::Mismatch,
        Ok(Verdict::Unknown) => Verification::Unknown,
        Err(error) if error.kind() == SumdbErrorKind::Inconsistent => Verification::Inconsistent,
        Err(_) => Verification::Failed,
    }
}

/// An error of the client.
pub(super) type DatabaseError = SumdbError<WayError>;

impl KnownDatabase {
    /// What is known of a version, proved.
    pub(super) async fn lookup(
        &self,
        version: &ModuleVersion,
        stored_only: bool,
    ) -> Result<Answer, DatabaseError> {
        self.client(stored_only).lookup(version).await
    }

    /// A tile, proved.
    pub(super) async fn tile(
        &self,
        tile: &TilePath,
        stored_only: bool,
    ) -> Result<Bytes, DatabaseError> {
        let client = self.client(stored_only);
        match tile {
            TilePath::Hashes(tile) => client.tile(tile).await,
            TilePath::Data(tile) => client.data_tile(tile).await,
        }
    }

    fn client(&self, stored_only: bool) -> &Client<Way> {
        if stored_only {
            &self.stored
        } else {
            &self.client
        }
    }

    /// The newest signed tree, asked for at most once a minute; the last one that is known when the database fails.
    pub(super) async fn latest(&self, stored_only: bool) -> Result<Bytes, DatabaseError> {
        let mut refreshed = self.refreshed.lock().await;
        if !stored_only && refreshed.is_none_or(|at: Instant| at.elapsed() > HEAD_TTL) {
            match self.client.latest(Freshness::Newest).await {
                Ok(head) => {
                    *refreshed = Some(Instant::now());
                    return Ok(head.bytes().clone());
                }
                Err(error) if error.kind() == SumdbErrorKind::Upstream => {}
                Err(error) => return Err(error),
            }
        }
        let head = self.client(stored_only).latest(Freshness::Kept).await?;
        Ok(head.bytes().clone())
    }
}

/// Why the way to a database, or its cache, failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum WayError {
    #[error(transparent)]
    Upstream(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it is not stored here, and nothing is fetched")]
    Nobody,
    #[error("{0} is no file of a checksum database")]
    Name(String),
}

impl Way {
    fn file(&self, path: &str) -> Result<SumdbFile, WayError> {
        let name = format!("{}/{path}", self.database.name());
        name.parse().map_err(|_| WayError::Name(name))
    }

    async fn read(&self, path: &str) -> Result<Option<Bytes>, WayError> {
        let file = self.file(path)?;
        let key = StoreKey::Sumdb(&file);
        let Some(content) = self.store.read(&key).await? else {
            return Ok(None);
        };
        // What is too long or too short for what it is counts as not there: it is fetched again.
        let len = content.len();
        let Some(len) = usize::try_from(len).ok().filter(|_| file.takes(len)) else {
            return Ok(None);
        };
        let bytes = content.read_at(0, len).await;
        let failed = |error| StoreError::io("read", key.relative_path(), error);
        Ok(Some(bytes.map_err(failed)?))
    }
}

impl Operations for Way {
    type Error = WayError;

    async fn fetch(&self, path: &str) -> Result<Fetched, WayError> {
        trace::note_outcome(Outcome::Fetched);
        let upstreams = self.upstreams.as_ref().ok_or(WayError::Nobody)?;
        let url = self.database.url().map(|url| url.expose());
        let name = self.database.name().as_str();
        match upstreams.sumdb(name, url, path, &Ask::default()).await {
            Ok(bytes) => Ok(Fetched::Found(bytes)),
            Err(error) if error.is_not_found() => Ok(Fetched::NotFound {
                message: error.detail().unwrap_or_else(|| error.why()).to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_cache(&self, path: &str) -> Result<Option<Bytes>, WayError> {
        self.read(path).await
    }

    async fn write_cache(&self, path: &str, content: &Bytes) -> Result<(), WayError> {
        let (store, file, content) = (self.store.clone(), self.file(path)?, content.clone());
        blocking(move || {
            let key = StoreKey::Sumdb(&file);
            store.staging().replace_with_directory(&key, &content)?;
            Ok(())
        })
        .await
    }

    async fn read_head(&self) -> Result<Option<Bytes>, WayError> {
        self.read("latest").await
    }

    async fn replace_head(
        &self,
        old: Option<&Bytes>,
        new: &Bytes,
    ) -> Result<HeadReplacement, WayError> {
        let (store, file) = (self.store.clone(), self.file("latest")?);
        let (old, new) = (old.cloned(), new.clone());
        blocking(move || {
            if store.staging().is_read_only() {
                // Kept in memory only.
                return Ok(HeadReplacement::Replaced);
            }
            let key = StoreKey::Sumdb(&file);
            match store.staging().exchange(&key, old.as_deref(), &new)? {
                Exchanged::Done => Ok(HeadReplacement::Replaced),
                Exchanged::Conflict => Ok(HeadReplacement::Conflict),
            }
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, WayError> {
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => Ok(done?),
        Err(error) => Err(StoreError::task_failed("keep a checksum", error).into()),
    }
}
