//! What was found out, before anybody judges it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::client::{ClientError, GoSettings, Reply, ServerUrl, Verdict};
use crate::module::ModuleQuery;

/// All that the checks look at.
#[derive(Debug)]
pub struct Facts {
    /// The go command.
    pub go: GoFacts,
    /// The server that was named.
    pub meant: Option<ServerUrl>,
    /// The `.netrc`.
    pub netrc: NetrcFacts,
    /// The servers of `GOPROXY`, and the one that was named.
    pub servers: Vec<ServerFacts>,
    /// Which of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are set, and to what.
    pub network: Vec<(String, String)>,
    /// The module cache.
    pub cache: Option<CacheFacts>,
    /// The fetch of a module.
    pub trial: Option<TrialFacts>,
    /// The folder of a server here.
    pub local: Option<LocalFacts>,
}

/// The go command of the machine.
#[derive(Debug)]
pub enum GoFacts {
    /// There is none.
    Missing,
    /// It does not say how it is set: why.
    Silent(String),
    /// It does.
    Found {
        /// What `go version` says: `go1.26.1`.
        version: String,
        /// What `go env` says.
        settings: GoSettings,
        /// The names that are set in the environment, which `go env -w` does not reach.
        exported: BTreeSet<String>,
    },
}

impl GoFacts {
    /// What it is set to, as far as that is known.
    #[must_use]
    pub fn settings(&self) -> Option<&GoSettings> {
        match self {
            Self::Found { settings, .. } => Some(settings),
            Self::Missing | Self::Silent(_) => None,
        }
    }
}

/// The user's `.netrc`.
#[derive(Debug, Default)]
pub struct NetrcFacts {
    /// Where it is looked for; `None` if the user has no home.
    pub path: Option<PathBuf>,
    /// Why it can not be read.
    pub fault: Option<String>,
    /// Its permissions, if it is there.
    pub mode: Option<u32>,
    /// The machines that have a password there.
    pub machines: BTreeSet<String>,
    /// Those of them that the go command sees.
    pub seen: BTreeSet<String>,
}

/// A server, as it answered.
#[derive(Debug)]
pub struct ServerFacts {
    /// Its URL.
    pub url: ServerUrl,
    /// What it says of its version: any answer shows that it is there.
    pub version: Result<Reply, ClientError>,
    /// The time here when it answered.
    pub answered: SystemTime,
    /// What it says of being ready; only of a server of athens.
    pub ready: Option<Reply>,
    /// The checksum database that the go command would ask it for, what it says of that without a token, and with the one
    /// that was found.
    pub sumdb: Option<(String, Option<u16>, Option<u16>)>,
    /// The token for it.
    pub token: TokenFacts,
}

impl ServerFacts {
    /// The version, if it is a server of athens.
    #[must_use]
    pub fn athens_version(&self) -> Option<String> {
        let reply = self.version.as_ref().ok()?;
        let json: serde_json::Value = serde_json::from_str(&reply.body).ok()?;
        let is_athens = reply.status == 200 && json.get("name")? == "athens";
        let version = json.get("version")?.as_str()?;
        is_athens.then(|| version.to_owned())
    }

    /// Whether it wants a token for reading, as far as that is known.
    #[must_use]
    pub fn wants_token(&self) -> bool {
        matches!(&self.sumdb, Some((_, Some(401), _)))
    }
}

/// The token for a server.
#[derive(Debug)]
pub enum TokenFacts {
    /// There is none.
    None,
    /// There is something that is none: why.
    Unusable(String),
    /// There is one.
    Found(Box<FoundToken>),
}

/// How the go command comes by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenWay {
    /// It stands in the URL.
    Url,
    /// It reads `.netrc`, if `GOAUTH` says so.
    Netrc,
    /// It runs `athens credentials`, if `GOAUTH` says so.
    Program,
}

/// A token that is there.
#[derive(Debug)]
pub struct FoundToken {
    /// Where it is from.
    pub source: String,
    /// How the go command comes by it.
    pub way: TokenWay,
    /// What the server says of it; `None` if it was not asked, for the token would travel readable.
    pub verdict: Option<Result<Verdict, ClientError>>,
}

/// The module cache of the go command.
#[derive(Debug)]
pub struct CacheFacts {
    /// Where it is, or will be.
    pub path: PathBuf,
    /// Bytes that are free there.
    pub free: Option<u64>,
    /// Whether it can be written.
    pub is_writable: Option<bool>,
}

/// The fetch of a module.
#[derive(Debug)]
pub struct TrialFacts {
    /// Which.
    pub module: ModuleQuery,
    /// The version that came, or what the go command said.
    pub outcome: Result<String, String>,
}

/// The folder of a server on this machine.
#[derive(Debug)]
pub struct LocalFacts {
    /// Where it is.
    pub root: PathBuf,
    /// Whether it can be read; else why not.
    pub readable: Result<(), String>,
    /// Whether this user may write it.
    pub is_writable: bool,
    /// Bytes that are free there.
    pub free: Option<u64>,
    /// The lines of the journal, those that are none, and whether the last one has an end.
    pub journal: Result<(u64, u64, bool), String>,
    /// The state directory, and what is wrong with it.
    pub state: Option<(PathBuf, Result<(), String>)>,
    /// `fs.inotify.max_user_watches`.
    pub watches: Option<u64>,
    /// How many files a process may have open.
    pub open_files: Option<u64>,
}
