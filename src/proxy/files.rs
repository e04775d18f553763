//! The files of a version: from the tree, made from the zip beside them, or fetched into the tree.

use super::caller::Caller;
use super::fetch::Question;
use super::route::Route;
use super::{ModuleProxy, ProxyError};
use crate::catalog::{Verdict, check_go_mod, check_info};
use crate::module::{ModulePath, ModuleVersion, VersionQuery};
use crate::store::{Content, FileContent, ModuleFile, Object, StoreError, StoreKey};
use crate::trace::{self, Outcome};

/// A `.mod` up to this length is checked and sent from memory; a longer one is checked where that may take its time.
const SMALL: u64 = 64 << 10;

impl ModuleProxy {
    /// The `.info` that a query stands for: a version, or what upstreams call a branch, a tag or a commit.
    ///
    /// # Errors
    /// As [`file`](Self::file).
    pub async fn info(
        &self,
        module: &ModulePath,
        query: &VersionQuery,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        match query {
            VersionQuery::Revision(revision) => self.resolved(module, revision, caller).await,
            VersionQuery::Version(version) => {
                let version = ModuleVersion::new(module.clone(), version.clone())
                    .map_err(|_| ProxyError::unknown_version(module, version.as_str(), None))?;
                self.file(&version, ModuleFile::Info, caller).await
            }
        }
    }

    /// A file of a version: from the tree, made from the zip beside it, or fetched into the tree.
    ///
    /// # Errors
    /// [`ProxyError::UnknownVersion`] if it is not there and nobody else may be asked, [`ProxyError::Fetch`] if it could
    /// not be fetched, [`ProxyError::Unservable`] if it is there and must not be served, [`ProxyError::Forbidden`] if a
    /// rule says so, [`ProxyError::Store`] if it can not be read.
    pub async fn file(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        let module = version.path();
        // What nobody has a rule about is served without a look at whose it is.
        if self.policy.sorts_out(module, false) {
            let standing = self.admit_module(module).await?;
            let is_ours = standing.is_ours();
            let verdict = self.policy.on_version(module, version.version(), is_ours);
            if let Some(verdict) = verdict {
                return Err(ProxyError::forbidden(&version.to_string(), verdict));
            }
            if !is_ours {
                match self.route(module, &standing, caller) {
                    Route::Ask(fetching, ask) => {
                        self.admit_age(version, Some((fetching, &ask))).await?;
                    }
                    Route::Stored(_) => self.admit_age(version, None).await?,
                }
            }
        }
        if let Some(object) = self.stored(version, file).await? {
            self.used(version);
            trace::note_outcome(Outcome::Hit);
            return Ok(object);
        }
        let standing = self.standing(module).await?;
        let (fetching, ask) = match self.route(module, &standing, caller) {
            Route::Ask(fetching, ask) => (fetching, ask),
            Route::Stored(why) => {
                return Err(ProxyError::unknown_version(
                    module,
                    version.version().as_str(),
                    why,
                ));
            }
        };
        // Who comes second to a fetch may find what it brought removed again, to make room: then it is fetched once more.
        for _ in 0..2 {
            let question = Question::File(version.clone(), file);
            let memory = fetching.ask(question, &ask, false).await?;
            memory.answer?;
            if let Some(object) = self.stored(version, file).await? {
                caller.found.note(memory.source);
                self.used(version);
                return Ok(object);
            }
        }
        // Taken away again in this moment.
        Err(ProxyError::unknown_version(
            module,
            version.version().as_str(),
            None,
        ))
    }

    /// Notes that somebody was given a file of a version.
    pub fn used(&self, version: &ModuleVersion) {
        if let Some(janitor) = &self.janitor {
            janitor.used(version);
        }
    }

    /// A file of a version from the tree, or made from the zip beside it; `None` if it is not there.
    async fn stored(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Option<Object>, ProxyError> {
        let key = StoreKey::File(version, file);
        let found = match self.catalog.store().read(&key).await {
            Ok(found) => found,
            Err(StoreError::Refused { refusal, .. }) => {
                return Err(self.unservable(version, file, &refusal.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        match found {
            Some(content) => self.checked(version, file, content).await.map(Some),
            None => self.derived(version, file).await,
        }
    }

    /// Serves an open file if it passes the cheap check for what it is.
    async fn checked(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: FileContent,
    ) -> Result<Object, ProxyError> {
        let failed =
            |error| StoreError::io("read", StoreKey::File(version, file).relative_path(), error);
        let modified = content.modified();
        let etag = crate::store::ETag::of_file(&content.identity());
        if content.len() <= SMALL && file != ModuleFile::Zip {
            let len = usize::try_from(content.len()).unwrap_or(usize::MAX);
            let bytes = content.read_at(0, len).await.map_err(failed)?;
            let verdict = match file {
                ModuleFile::Info => check_info(version, &bytes),
                _ => check_go_mod(&bytes),
            };
            return match verdict {
                Verdict::Sound(_) => Ok(Object {
                    len: bytes.len() as u64,
                    content: Content::Memory(bytes),
                    modified,
                    etag,
                }),
                Verdict::Unsound(why) => Err(self.unservable(version, file, &why)),
            };
        }
        let verdict = if file == ModuleFile::Zip {
            self.catalog.whole(version, &content).await?
        } else {
            self.checked_apart(version, file, &content).await?
        };
        match verdict {
            Verdict::Sound(_) => Ok(Object {
                len: content.len(),
                content: Content::File(content),
                modified,
                etag,
            }),
            Verdict::Unsound(why) => Err(self.unservable(version, file, &why)),
        }
    }

    /// The verdict on a large `.mod` or `.info`, made where it may take its time.
    async fn checked_apart(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
        content: &FileContent,
    ) -> Result<Verdict, StoreError> {
        let soundness = self.catalog.soundness();
        if let Some(verdict) = soundness.known(version, file, content.identity()) {
            return Ok(verdict);
        }
        let path = StoreKey::File(version, file).relative_path();
        let (catalog, version, content) = (self.catalog.clone(), version.clone(), content.clone());
        let check = tokio::task::spawn_blocking(move || {
            catalog.soundness().check(&version, file, &content)
        });
        check
            .await
            .map_err(|error| StoreError::io("read", path, std::io::Error::other(error)))?
    }

    /// What there is instead of a file that is not there: one that is made from the zip, the word that the version was
    /// deleted, or nothing.
    async fn derived(
        &self,
        version: &ModuleVersion,
        file: ModuleFile,
    ) -> Result<Option<Object>, ProxyError> {
        let store = self.catalog.store();
        // Most questions about what is not there end here, without a thread that may wait.
        if file != ModuleFile::Zip {
            match store.read(&StoreKey::File(version, ModuleFile::Zip)).await {
                Ok(Some(_)) => {
                    if let Some(object) = self.catalog.derived(version, file).await? {
                        return Ok(Some(object));
                    }
                }
                Ok(None) | Err(StoreError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match store.read(&StoreKey::Tombstone(version)).await {
            Ok(Some(_)) => Err(ProxyError::Deleted {
                version: version.clone(),
            }),
            Ok(None) | Err(StoreError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn unservable(&self, version: &ModuleVersion, file: ModuleFile, why: &str) -> ProxyError {
        self.catalog.report(version, file, why);
        ProxyError::Unservable {
            version: version.clone(),
            file,
            why: why.to_owned(),
        }
    }
}
