//! Whom to ask about a module that is not in the tree.

use std::sync::Arc;

use super::caller::{Caller, StoredOnly};
use super::fetch::Fetching;
use super::standing::Standing;
use super::{ModuleProxy, ProxyError};
use crate::module::ModulePath;
use crate::upstream::{Ask, Privacy};

/// Whom to ask.
pub(super) enum Route<'a> {
    /// The upstreams, in this way.
    Ask(&'a Arc<Fetching>, Ask),
    /// Nobody, and why, as far as that is worth saying.
    Stored(Option<NotAsked>),
}

/// Why nobody is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAsked {
    /// Only what is stored is served.
    StoredOnly(StoredOnly),
    /// The module, or this one above it, is ours.
    Owned(ModulePath),
    /// The module is private, and its origin is not to be asked.
    Private,
}

impl NotAsked {
    /// Why a server asks nobody; one that was never meant to need not say so each time.
    pub(super) fn of_server(why: StoredOnly) -> Option<Self> {
        (why != StoredOnly::NoUpstream).then_some(Self::StoredOnly(why))
    }
}

impl std::fmt::Display for NotAsked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StoredOnly(why) => write!(f, "nothing is fetched: {}", why.why()),
            Self::Owned(module) => write!(
                f,
                "no upstream is asked: {module} was published here, or put into the folder by hand"
            ),
            Self::Private => f.write_str("no upstream is asked: it is private (--private)"),
        }
    }
}

impl ModuleProxy {
    /// Whom to ask about a module of this standing for the sake of this caller.
    pub(super) fn route(
        &self,
        module: &ModulePath,
        standing: &Standing,
        caller: &Caller,
    ) -> Route<'_> {
        let stored = |why| Route::Stored(Some(why));
        let privacy = match standing {
            Standing::Owned(owner) => return stored(NotAsked::Owned(owner.clone())),
            Standing::Private => Privacy::Private,
            Standing::Foreign => Privacy::Public,
        };
        if let Some(why) = self.stored_only.or(caller.stored_only) {
            return Route::Stored(NotAsked::of_server(why));
        }
        if self.catalog.store().staging().is_read_only() {
            return stored(NotAsked::StoredOnly(StoredOnly::ReadOnly));
        }
        let Some(fetching) = &self.fetching else {
            return Route::Stored(None);
        };
        if privacy == Privacy::Private && !fetching.reaches_private(module) {
            return stored(NotAsked::Private);
        }
        let ask = Ask {
            via: caller.via.as_deref().map(str::to_owned),
            privacy,
        };
        Route::Ask(fetching, ask)
    }

    /// Whose a module is, if some of its versions may be served.
    ///
    /// # Errors
    /// [`ProxyError::Forbidden`] if none may; if the folder can not be read.
    pub(super) async fn admit_module(&self, module: &ModulePath) -> Result<Standing, ProxyError> {
        let standing = self.standing(module).await?;
        match self.policy.on_module(module, standing.is_ours()) {
            Some(verdict) => Err(ProxyError::forbidden(module.as_str(), verdict)),
            None => Ok(standing),
        }
    }
}
