//! One upstream in the layout of the protocol, over HTTP or in a folder: what it answers, and what of that is usable.

use std::sync::Arc;

use bytes::Bytes;

use super::ask::Ask;
use super::error::{FetchError, FetchErrorKind};
use super::folder::Folder;
use super::manners::Manners;
use super::proxy::Proxy;
use super::question::Question;
use super::retries::Retries;
use super::url::{Place, UpstreamUrl};
use super::versions;
use super::zip_body::ZipBody;
use crate::module::{Info, ModulePath, ModuleVersion, Version, VersionQuery};

/// The largest list.
pub(super) const LONGEST_LIST: usize = 16 << 20;
/// The largest go.mod: what the go command takes.
const LONGEST_GO_MOD: usize = 16 << 20;
/// A list of more bytes is not read on the async threads.
const SHORT_LIST: usize = 64 << 10;

/// An upstream that speaks the protocol.
#[derive(Debug)]
pub(super) enum Mirror {
    /// Over HTTP.
    Proxy(Proxy),
    /// In a folder.
    Folder(Folder),
}

impl Mirror {
    pub(super) fn new(manners: &Arc<Manners>, url: &UpstreamUrl) -> Self {
        match url.place() {
            Place::Http {
                url: address,
                credentials,
            } => Self::Proxy(Proxy::new(
                manners,
                address,
                credentials.as_ref(),
                url.redacted(),
            )),
            Place::Folder(root) => {
                let meter = manners.metrics.upstream.meter(url.redacted());
                Self::Folder(Folder::new(root.clone(), url.redacted()).counted_by(meter))
            }
        }
    }

    /// The URL, for messages.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Proxy(proxy) => proxy.shown(),
            Self::Folder(folder) => folder.shown(),
        }
    }

    /// The attempts that a question to it is worth.
    pub(super) fn retries(&self) -> Retries {
        match self {
            Self::Proxy(proxy) => proxy.retries(),
            Self::Folder(_) => Retries::new(1),
        }
    }

    /// All of an answer.
    pub(super) async fn get(
        &self,
        question: &Question,
        ask: &Ask,
        max: usize,
    ) -> Result<Bytes, FetchError> {
        match self {
            Self::Proxy(proxy) => proxy.get(question, ask, max).await,
            Self::Folder(folder) => folder.get(question, max).await,
        }
    }

    /// Its tagged versions.
    pub(super) async fn list(
        &self,
        path: &ModulePath,
        ask: &Ask,
    ) -> Result<Vec<Version>, FetchError> {
        let question = Question::list(path);
        let list = self.get(&question, ask, LONGEST_LIST).await?;
        let module = path.clone();
        let versions = read_list(list, move |list| versions::tagged(&module, list)).await;
        versions
            .map_err(|lost| self.unusable(&question, lost))?
            .map_err(|error| {
                let (upstream, asked) = (self.shown(), question.path());
                FetchError::new(FetchErrorKind::TooLarge, upstream, asked, error)
            })
    }

    /// Its latest version: `@latest`, else the newest commit in a list without tags.
    pub(super) async fn latest(&self, path: &ModulePath, ask: &Ask) -> Result<Info, FetchError> {
        let question = Question::latest(path);
        let absent = match self.get(&question, ask, Info::MAX_LEN).await {
            Ok(answer) => return self.info(&question, path, &answer),
            Err(error) if error.is_not_found() => error,
            Err(error) => return Err(error),
        };
        let list = self.get(&Question::list(path), ask, LONGEST_LIST).await?;
        let module = path.clone();
        let newest = read_list(list, move |list| versions::newest(&module, list)).await;
        match newest.map_err(|lost| self.unusable(&question, lost))? {
            Some(version) => self.query(path, &version.into(), ask).await,
            None => Err(absent),
        }
    }

    /// What a query leads to.
    pub(super) async fn query(
        &self,
        path: &ModulePath,
        query: &VersionQuery,
        ask: &Ask,
    ) -> Result<Info, FetchError> {
        let question = Question::info(path, query);
        let answer = self.get(&question, ask, Info::MAX_LEN).await?;
        let info = self.info(&question, path, &answer)?;
        if let VersionQuery::Version(version) = query
            && let Ok(wanted) = ModuleVersion::new(path.clone(), version.clone())
        {
            info.check_for(&wanted)
                .map_err(|wrong| self.unusable(&question, wrong))?;
        }
        Ok(info)
    }

    /// The go.mod of a version.
    pub(super) async fn go_mod(
        &self,
        version: &ModuleVersion,
        ask: &Ask,
    ) -> Result<Bytes, FetchError> {
        self.get(&Question::go_mod(version), ask, LONGEST_GO_MOD)
            .await
    }

    /// The zip of a version. Asks once.
    pub(super) async fn zip(
        &self,
        version: &ModuleVersion,
        ask: &Ask,
    ) -> Result<ZipBody, FetchError> {
        let question = Question::zip(version);
        match self {
            Self::Proxy(proxy) => Ok(ZipBody::from_http(proxy.open(&question, ask).await?)),
            Self::Folder(folder) => folder.open(&question).await,
        }
    }

    /// Reads an info: its version is canonical and one that the module can have, or it is of no use to any client.
    fn info(
        &self,
        question: &Question,
        path: &ModulePath,
        answer: &[u8],
    ) -> Result<Info, FetchError> {
        let info = Info::parse(answer).map_err(|invalid| self.unusable(question, invalid))?;
        info.module_version(path)
            .map_err(|wrong| self.unusable(question, wrong))?;
        Ok(info)
    }

    fn unusable(&self, question: &Question, why: impl std::fmt::Display) -> FetchError {
        FetchError::new(FetchErrorKind::Failed, self.shown(), question.path(), why)
    }
}

/// Reads a list, a long one off the async threads.
async fn read_list<T: Send + 'static>(
    list: Bytes,
    read: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    match list.len() <= SHORT_LIST {
        true => Ok(read(&list)),
        false => tokio::task::spawn_blocking(move || read(&list)).await,
    }
}
