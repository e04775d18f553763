//! Finds out. Every question has a time limit, and the servers are asked at the same time.

mod go;
mod local;
mod netrc;
mod server;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::facts::{CacheFacts, Facts};
use crate::client::{Authorities, ClientError, Places, ServerUrl};
use crate::module::ModuleQuery;
use crate::store::{free_space, may_write};

/// A fetch may take so many times as long as a question.
const FETCH: u32 = 4;

/// What is to be found out, and with what. The caller has read flags and environment.
#[derive(Debug)]
pub struct Asked {
    /// The server that is meant; else those that `GOPROXY` names.
    pub server: Option<ServerUrl>,
    /// Authorities to trust beside the platform's.
    pub authorities: Authorities,
    /// The module to fetch as a try.
    pub module: Option<ModuleQuery>,
    /// Where a token may be.
    pub places: Places,
    /// The settings of the go command that are variables, by their names.
    pub exported: BTreeSet<String>,
    /// Variables that say how the network is reached.
    pub network: Vec<(String, String)>,
    /// The folder of a server here.
    pub root: Option<PathBuf>,
    /// Its state directory.
    pub state: Option<PathBuf>,
    /// How long one question may take.
    pub timeout: Duration,
}

/// Finds out everything that was asked. `step` is told what is being waited for. Waits.
///
/// # Errors
///
/// If the HTTP client can not be made ready. All else that fails is a fact.
pub fn gather(asked: Asked, mut step: impl FnMut(&str)) -> Result<Facts, ClientError> {
    step("asking the go command");
    let go = go::ask(asked.exported, asked.timeout);
    let settings = go.settings();
    let netrc = netrc::look(asked.places.netrc.as_deref());
    step("asking the servers");
    let servers = server::ask_all(
        &server::to_ask(asked.server.as_ref(), settings),
        &asked.authorities,
        &asked.places,
        settings,
        asked.timeout,
    )?;
    let cache = settings
        .map(|settings| PathBuf::from(settings.get("GOMODCACHE")))
        .filter(|path| path.is_absolute())
        .map(cache);
    let trial = match (&asked.module, settings) {
        (Some(module), Some(settings)) => {
            step(&format!("fetching {module}"));
            Some(go::fetch(
                module,
                settings,
                asked.timeout.saturating_mul(FETCH),
            ))
        }
        _ => None,
    };
    let local = asked.root.map(|root| {
        step("looking at the root");
        local::look(root, asked.state)
    });
    Ok(Facts {
        go,
        meant: asked.server,
        netrc,
        servers,
        network: asked.network,
        cache,
        trial,
        local,
    })
}

fn cache(path: PathBuf) -> CacheFacts {
    // It is made when the first module is fetched.
    let existing = path.ancestors().find(|path| path.exists());
    CacheFacts {
        free: existing.and_then(|path| free_space(path).ok()),
        is_writable: existing.and_then(|path| may_write(path).ok()),
        path,
    }
}
