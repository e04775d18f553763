//! Who is asked for a checksum database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::ask::{Ask, Privacy};
use super::error::{FetchError, FetchErrorKind};
use super::manners::Manners;
use super::mirror::Mirror;
use super::question::Question;
use super::turns::Turns;
use super::upstreams::Source;
use super::url::UpstreamUrl;

/// The largest answer: a lookup has some hundreds of bytes, a tile 8 KiB.
const LONGEST: usize = 1 << 20;
/// The most databases whose places are kept. There are as many as the configuration names.
const MOST: usize = 64;

/// Where databases are asked: found once, then kept.
#[derive(Debug, Default)]
pub(super) struct Bases(Mutex<HashMap<Key, Base>>);

/// The name of a database, where it is if not at its name, and whether proxies may be asked.
type Key = (String, Option<String>, Privacy);

/// Where one database is asked.
#[derive(Debug, Clone)]
enum Base {
    /// Through the proxy at this place in the list, below `sumdb/<name>`.
    Proxy(usize),
    /// At its own place.
    Itself(Arc<Mirror>),
}

impl Bases {
    /// Reads a path of a database; `sources` are those that may be asked whether they stand for it.
    pub(super) async fn get(
        &self,
        manners: &Arc<Manners>,
        sources: &[Source],
        (name, direct_url): (&str, Option<&str>),
        path: &str,
        ask: &Ask,
    ) -> Result<Bytes, FetchError> {
        let refused = |why| FetchError::new(FetchErrorKind::Failed, name, path, why);
        let question = path
            .strip_prefix('/')
            .and_then(Question::checksum_database)
            .ok_or_else(|| refused("it is no path of a checksum database"))?;
        let through_proxy = Question::checksum_database(&format!("sumdb/{name}{path}"))
            .ok_or_else(|| refused("it is no name of a checksum database"))?;
        let key: Key = (name.to_owned(), direct_url.map(str::to_owned), ask.privacy);
        let base = match self.kept(&key) {
            Some(base) => base,
            None => {
                let base = find(manners, sources, (name, direct_url), ask).await?;
                self.keep(key, base)
            }
        };
        match base {
            Base::Itself(mirror) => mirror.get(&question, ask, LONGEST).await,
            Base::Proxy(at) => match sources.get(at) {
                Some(Source::Mirror { mirror, .. }) => {
                    mirror.get(&through_proxy, ask, LONGEST).await
                }
                _ => Err(refused("no upstream stands for it")),
            },
        }
    }

    fn kept(&self, key: &Key) -> Option<Base> {
        let bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bases.get(key).cloned()
    }

    /// Keeps a place, and gives the one that is kept: the first to find it decides, so that all ask the same.
    fn keep(&self, key: Key, base: Base) -> Base {
        let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match bases.get(&key) {
            Some(kept) => kept.clone(),
            None => {
                if bases.len() < MOST {
                    bases.insert(key, base.clone());
                }
                base
            }
        }
    }
}

/// Looks for who stands for a database.
///
/// Source: the go command's `dbClient.initBase`.
async fn find(
    manners: &Arc<Manners>,
    sources: &[Source],
    (name, direct_url): (&str, Option<&str>),
    ask: &Ask,
) -> Result<Base, FetchError> {
    if let Some(url) = direct_url {
        return itself(manners, name, url);
    }
    let supported = format!("sumdb/{name}/supported");
    let question = Question::checksum_database(&supported);
    let mut turns = Turns::new(sources);
    let mut at = 0;
    while let (Some(source), Some(question)) = (turns.next(), &question) {
        // With `direct` there is no proxy left that might; what failed before it was allowed to.
        let Source::Mirror { mirror, .. } = source else {
            return itself(manners, name, &format!("https://{name}"));
        };
        match mirror.get(question, ask, LONGEST).await {
            Ok(_) => return Ok(Base::Proxy(at)),
            Err(error) => turns.failed(error),
        }
        at += 1;
    }
    let error = turns.into_error(&supported);
    match error.is_not_found() {
        true => itself(manners, name, &format!("https://{name}")),
        false => Err(error),
    }
}

fn itself(manners: &Arc<Manners>, name: &str, url: &str) -> Result<Base, FetchError> {
    let url = UpstreamUrl::parse(url).map_err(|fault| {
        FetchError::new(FetchErrorKind::Failed, name, "the checksum database", fault)
    })?;
    Ok(Base::Itself(Arc::new(Mirror::new(manners, &url))))
}
