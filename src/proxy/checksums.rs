//! What checksum databases say, passed on to clients.

use std::time::SystemTime;

use bytes::Bytes;

use super::caller::Caller;
use super::database_file::DatabaseFile;
use super::sums::{DatabaseError, WayError};
use super::{ErrorKind, ModuleProxy, ProxyError};
use crate::metrics::{DatabaseOutcome, DatabaseQuestion};
use crate::module::ModuleVersion;
use crate::store::{Object, SumdbFileKind};
use crate::sumdb::{SumdbError, SumdbErrorKind};
use crate::trace::{self, Outcome};
use crate::upstream::FetchErrorKind;

impl ModuleProxy {
    /// A file of a checksum database: from the tree, or fetched, proved and kept.
    ///
    /// # Errors
    /// [`ProxyError::Database`] if the database is not passed on, does not have it, or fails; also for every lookup of a
    /// module that is private or owned, whose name no database is told.
    pub async fn checksum_database(
        &self,
        file: &DatabaseFile,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        // Whoever asks the database for it says so later.
        trace::note_outcome(Outcome::Hit);
        let answer = self.of_database(file, caller).await;
        let outcome = match &answer {
            Ok(_) => DatabaseOutcome::Ok,
            Err(error) => match error.kind() {
                ErrorKind::NotFound => DatabaseOutcome::Absent,
                ErrorKind::UpstreamTimedOut => DatabaseOutcome::Timeout,
                _ => DatabaseOutcome::Failed,
            },
        };
        self.metrics.sumdb.asked[question(file)][outcome].add_one();
        answer
    }

    async fn of_database(
        &self,
        file: &DatabaseFile,
        caller: &Caller,
    ) -> Result<Object, ProxyError> {
        let name = file.database();
        let not_found = |why: String| ProxyError::Database {
            kind: ErrorKind::NotFound,
            why,
        };
        let Some(database) = self.sums.named(name) else {
            return Err(not_found(format!(
                "the checksum database {name} is not passed on by this server"
            )));
        };
        let stored_only = caller.stored_only.is_some();
        let bytes = match file {
            DatabaseFile::Supported(_) => Ok(Bytes::new()),
            DatabaseFile::File(file) => match file.kind() {
                SumdbFileKind::Latest => database.latest(stored_only).await,
                SumdbFileKind::Lookup(version) => {
                    self.refuse_ours(version, name).await?;
                    let answer = database.lookup(version, stored_only).await;
                    answer.map(|answer| answer.to_bytes())
                }
                SumdbFileKind::Tile { path, .. } => match format!("tile/8/{path}").parse() {
                    Ok(tile) => database.tile(&tile, stored_only).await,
                    Err(error) => return Err(not_found(format!("not found: {error}"))),
                },
            },
        };
        match bytes {
            Ok(bytes) => Ok(Object::from_bytes(bytes, SystemTime::now())),
            Err(error) => Err(ProxyError::Database {
                kind: kind(&error),
                why: error.to_string(),
            }),
        }
    }

    /// The go command prints the sentence, and stops: it asks nobody else about the version.
    async fn refuse_ours(&self, version: &ModuleVersion, database: &str) -> Result<(), ProxyError> {
        let module = version.path();
        if !self.standing(module).await?.is_ours() {
            return Ok(());
        }
        Err(ProxyError::Database {
            kind: ErrorKind::NotFound,
            why: format!(
                "{module} is private to this server, and {database} is not asked about it: add it to GONOSUMDB, as in \
                 `go env -w GONOSUMDB={module}`"
            ),
        })
    }
}

/// How a file is called where questions are counted.
fn question(file: &DatabaseFile) -> DatabaseQuestion {
    match file {
        DatabaseFile::Supported(_) => DatabaseQuestion::Supported,
        DatabaseFile::File(file) => match file.kind() {
            SumdbFileKind::Latest => DatabaseQuestion::Latest,
            SumdbFileKind::Lookup(_) => DatabaseQuestion::Lookup,
            SumdbFileKind::Tile { .. } => DatabaseQuestion::Tile,
        },
    }
}

fn kind(error: &DatabaseError) -> ErrorKind {
    match error {
        SumdbError::Fetch { source, .. } => match &**source {
            WayError::Nobody => ErrorKind::NotFound,
            WayError::Upstream(error) if error.kind() == FetchErrorKind::TimedOut => {
                ErrorKind::UpstreamTimedOut
            }
            _ => ErrorKind::UpstreamFailed,
        },
        error => match error.kind() {
            SumdbErrorKind::NotFound => ErrorKind::NotFound,
            SumdbErrorKind::Storage => ErrorKind::Internal,
            _ => ErrorKind::UpstreamFailed,
        },
    }
}
