//! The upstreams of a list, asked in turn.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use super::ask::{Ask, Privacy};
use super::checksum_database::Bases;
use super::direct_source::Direct;
use super::error::{DIRECT, FetchError, ZipError};
use super::known::{Known, prefixes};
use super::list::UpstreamEntry;
use super::manners::Manners;
use super::measured::CountedDirect;
use super::mirror::{LONGEST_LIST, Mirror};
use super::origin::Origin;
use super::question::Question;
use super::retries::Retries;
use super::settings::{UpstreamSettings, UpstreamSetupError};
use super::turns::Turns;
use super::zip_body::ZipBody;
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};

/// Whom to ask for modules, in turn. Cheap to clone; clones share connections and what was learnt.
///
/// A proxy is asked again after a lost connection, 429, 502, 503 and 504, with growing pauses or when its `Retry-After` says
/// (up to 30 s); nothing else is tried twice. Who is next after whom, and whose error is told in the end, is as for the go
/// command: see [`super::UpstreamList`].
///
/// Version control is asked only for what [`Direct::allows`]. For a public module that no proxy knows it is not asked for
/// versions either if a proxy knows a module at a prefix of the path: then the path is that of a package, and the go command
/// asks for all prefixes of an import path at once, each of which would cost a clone.
#[derive(Debug, Clone)]
pub struct Upstreams {
    shared: Arc<Shared>,
}

/// Whether they are clones of one.
impl PartialEq for Upstreams {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

#[derive(Debug)]
struct Shared {
    origin: Origin,
    manners: Arc<Manners>,
    /// For public modules.
    sources: Vec<Source>,
    /// For private ones.
    direct: Vec<Source>,
    max_zip_size: u64,
    known: Known,
    bases: Bases,
}

/// One entry of the list, ready to be asked.
#[derive(Debug)]
pub(super) enum Source {
    /// A proxy or a folder.
    Mirror {
        /// Which.
        mirror: Mirror,
        /// Whether the next one is asked after any error.
        falls_back_on_error: bool,
    },
    /// Version control.
    Direct(Arc<dyn Direct>),
}

impl Upstreams {
    /// Makes ready to ask them. Nobody is asked yet. Reads the CA file and the `.netrc`: waits for the disk.
    ///
    /// # Errors
    ///
    /// When one of these can not be used, or the list has `direct` and the settings have nobody for it.
    pub fn new(settings: UpstreamSettings) -> Result<Self, UpstreamSetupError> {
        if settings.list.has_direct() && settings.direct.is_none() {
            return Err(UpstreamSetupError::NoDirect);
        }
        // Before they are read: what changes in between is seen the next time.
        let origin = Origin::of(&settings);
        let manners = Arc::new(Manners::new(&settings)?);
        let direct = settings.direct.map(|direct| {
            let meter = settings.metrics.upstream.meter(DIRECT);
            Arc::new(CountedDirect::new(direct, meter)) as Arc<dyn Direct>
        });
        let mut sources = Vec::new();
        for entry in settings.list.entries() {
            match entry {
                UpstreamEntry::Proxy {
                    url,
                    falls_back_on_error,
                } => sources.push(Source::Mirror {
                    mirror: Mirror::new(&manners, url),
                    falls_back_on_error: *falls_back_on_error,
                }),
                UpstreamEntry::Direct => {
                    sources.extend(direct.clone().map(Source::Direct));
                }
                UpstreamEntry::Off => {}
            }
        }
        Ok(Self {
            shared: Arc::new(Shared {
                origin,
                manners,
                sources,
                direct: direct.map(Source::Direct).into_iter().collect(),
                max_zip_size: settings.max_zip_size,
                known: Known::new(),
                bases: Bases::default(),
            }),
        })
    }

    /// Whether upstreams made now of these settings would be the same: no setting is another, and the CA file and the
    /// `.netrc` say what they said. Whoever fetches from version control is not compared. Waits for the disk.
    #[must_use]
    pub fn are_as(&self, settings: &UpstreamSettings) -> bool {
        self.shared.origin.is(settings)
    }

    /// Whether anybody may be asked about a private module of this path: its origin, by version control.
    #[must_use]
    pub fn reaches_private(&self, path: &ModulePath) -> bool {
        let allows =
            |source: &Source| matches!(source, Source::Direct(direct) if direct.allows(path));
        self.shared.direct.iter().any(allows)
    }

    /// The tagged versions of a module, retracted ones too: sorted, each once, all canonical and such that the path can have
    /// them. A module without tags has none, which is not an error. At most 16 MiB and 100,000 versions.
    ///
    /// # Errors
    ///
    /// When nobody has the module, or those who may have it fail.
    pub async fn list(&self, path: &ModulePath, ask: &Ask) -> Result<Vec<Version>, FetchError> {
        let mut turns = self.turns(path, ask);
        while let Some(source) = turns.next() {
            let answer = match source {
                Source::Mirror { mirror, .. } => {
                    let answer = mirror.list(path, ask).await;
                    if answer.is_ok() {
                        self.shared.known.insert(path, true);
                    }
                    answer
                }
                Source::Direct(direct) => {
                    if turns.is_absent_so_far() {
                        self.shared.known.insert(path, false);
                    }
                    if self.is_package(path, ask, &turns).await {
                        break;
                    }
                    direct.list(path).await.map(|mut versions| {
                        versions.sort();
                        versions.dedup();
                        versions
                    })
                }
            };
            match answer {
                Ok(versions) => return Ok(versions),
                Err(error) => turns.failed(error),
            }
        }
        Err(turns.into_error(path.as_str()))
    }

    /// What the latest version of a module is, by those who give it: `@latest`, which is the head of the default branch for a
    /// module without tags. Its version is canonical and one that the path can have.
    ///
    /// # Errors
    ///
    /// As [`Upstreams::list`]; also when an answer cannot be used.
    pub async fn latest(&self, path: &ModulePath, ask: &Ask) -> Result<Info, FetchError> {
        let mut turns = self.turns(path, ask);
        while let Some(source) = turns.next() {
            let answer = match source {
                Source::Mirror { mirror, .. } => mirror.latest(path, ask).await,
                Source::Direct(_) if self.is_package(path, ask, &turns).await => break,
                Source::Direct(direct) => match "latest".parse() {
                    Ok(latest) => direct.query(path, &latest).await,
                    // It is a word that fits a file name.
                    Err(_) => break,
                },
            };
            match answer {
                Ok(info) => return Ok(info),
                Err(error) => turns.failed(error),
            }
        }
        Err(turns.into_error(path.as_str()))
    }

    /// What a query leads to: for a canonical version its info, for a branch, a tag or a commit that of the version which it
    /// is. `Time` and `Origin` are as the upstream wrote them. At most 1 MiB.
    ///
    /// # Errors
    ///
    /// As [`Upstreams::latest`].
    pub async fn query(
        &self,
        path: &ModulePath,
        query: &VersionQuery,
        ask: &Ask,
    ) -> Result<Info, FetchError> {
        let mut turns = self.turns(path, ask);
        while let Some(source) = turns.next() {
            let answer = match source {
                Source::Mirror { mirror, .. } => mirror.query(path, query, ask).await,
                Source::Direct(_) if self.is_package(path, ask, &turns).await => break,
                Source::Direct(direct) => direct.query(path, query).await,
            };
            match answer {
                Ok(info) => return Ok(info),
                Err(error) => turns.failed(error),
            }
        }
        Err(turns.into_error(&format!("{path}@{query}")))
    }

    /// The go.mod of a version, byte for byte: at most 16 MiB. It may be anything.
    ///
    /// # Errors
    ///
    /// When nobody has it, or those who may have it fail.
    pub async fn go_mod(&self, version: &ModuleVersion, ask: &Ask) -> Result<Bytes, FetchError> {
        let mut turns = self.turns(version.path(), ask);
        while let Some(source) = turns.next() {
            let answer = match source {
                Source::Mirror { mirror, .. } => mirror.go_mod(version, ask).await,
                Source::Direct(direct) => direct.go_mod(version).await,
            };
            match answer {
                Ok(bytes) => return Ok(bytes),
                Err(error) => turns.failed(error),
            }
        }
        Err(turns.into_error(&version.to_string()))
    }

    /// The zip of a version. `receive` is called anew for each attempt at each upstream, and starts from nothing each time;
    /// what it gives for the first whole body is given here. It hands errors of [`ZipBody::chunk`] through; its own ones end
    /// all.
    ///
    /// # Errors
    ///
    /// When nobody has it, those who may have it fail or break off, it is larger than the largest zip, or `receive` fails.
    pub async fn zip<T, E, F, Fut>(
        &self,
        version: &ModuleVersion,
        ask: &Ask,
        mut receive: F,
    ) -> Result<T, ZipError<E>>
    where
        F: FnMut(ZipBody) -> Fut,
        Fut: Future<Output = Result<T, ZipError<E>>>,
    {
        let mut turns = self.turns(version.path(), ask);
        while let Some(source) = turns.next() {
            let mut retries = match source {
                Source::Mirror { mirror, .. } => mirror.retries(),
                Source::Direct(_) => Retries::new(1),
            };
            let error = loop {
                let error = match self.zip_of(source, version, ask).await {
                    Err(error) => error,
                    Ok(body) => match receive(body).await {
                        Err(ZipError::Upstream(error)) => error,
                        end => return end,
                    },
                };
                match retries.pause_after(&error) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => break error,
                }
            };
            turns.failed(error);
        }
        Err(turns.into_error(&version.to_string()).into())
    }

    /// Reads a path of a checksum database, such as `/lookup/example.com/m@v1.0.0` or `/tile/8/0/001`: at most 1 MiB, not
    /// verified.
    ///
    /// The first time, each proxy in turn is asked whether it stands for the database (200 says yes, 404 and 410 no); the one
    /// that does is asked from then on and no other, else the database itself at `https://<name>`. `direct_url` is another
    /// place of the database; then no proxy is asked, as for the go command.
    ///
    /// # Errors
    ///
    /// When the database or the proxy for it does not have it or fails, when a proxy says neither yes nor no, and for a name
    /// or a path that no database has.
    pub async fn sumdb(
        &self,
        name: &str,
        direct_url: Option<&str>,
        path: &str,
        ask: &Ask,
    ) -> Result<Bytes, FetchError> {
        let sources = match ask.privacy {
            Privacy::Public => &self.shared.sources[..],
            Privacy::Private => &[],
        };
        let manners = &self.shared.manners;
        let bases = &self.shared.bases;
        bases
            .get(manners, sources, (name, direct_url), path, ask)
            .await
    }

    async fn zip_of(
        &self,
        source: &Source,
        version: &ModuleVersion,
        ask: &Ask,
    ) -> Result<ZipBody, FetchError> {
        let (body, shown) = match source {
            Source::Mirror { mirror, .. } => (mirror.zip(version, ask).await?, mirror.shown()),
            Source::Direct(direct) => (direct.zip(version).await?, DIRECT),
        };
        body.bounded(
            shown,
            Question::zip(version).path(),
            self.shared.max_zip_size,
        )
    }

    fn turns(&self, path: &ModulePath, ask: &Ask) -> Turns<'_> {
        let sources = match ask.privacy {
            Privacy::Public => &self.shared.sources[..],
            Privacy::Private => &self.shared.direct[..],
        };
        // It is the last one, if it is there.
        let allowed = match sources.split_last() {
            Some((Source::Direct(direct), others)) if !direct.allows(path) => others,
            _ => sources,
        };
        Turns::new(allowed)
    }

    /// Whether a public path that every proxy said not to know is inside of a module that one of them knows.
    async fn is_package(&self, path: &ModulePath, ask: &Ask, turns: &Turns<'_>) -> bool {
        if ask.privacy == Privacy::Private || !turns.is_absent_so_far() {
            return false;
        }
        for prefix in prefixes(path) {
            let is_known = match self.shared.known.get(&prefix) {
                Some(is_known) => is_known,
                None => self.ask_whether_known(&prefix, ask).await,
            };
            if is_known {
                return true;
            }
        }
        false
    }

    /// Asks the proxies for a module. A failure is none of their answers: it is not remembered, and does not keep from asking
    /// version control, which the list says is next.
    async fn ask_whether_known(&self, path: &ModulePath, ask: &Ask) -> bool {
        let question = Question::list(path);
        let mut is_sure = true;
        for source in &self.shared.sources {
            let Source::Mirror { mirror, .. } = source else {
                continue;
            };
            match mirror.get(&question, ask, LONGEST_LIST).await {
                Ok(_) => {
                    self.shared.known.insert(path, true);
                    return true;
                }
                Err(error) => is_sure &= error.is_not_found(),
            }
        }
        if is_sure {
            self.shared.known.insert(path, false);
        }
        false
    }
}
