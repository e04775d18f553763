//! What came, by time: the index.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Judgement, Visible, sees};
use crate::catalog::Verdict;
use crate::module::ModuleVersion;
use crate::proxy::{ModuleProxy, ProxyError};
use crate::store::{Event, ModuleFile, StoreError, StoreKey};

/// How many events are looked up at once.
const TOGETHER: usize = 256;

/// What a page is asked for.
#[derive(Debug, Clone, Copy)]
pub struct IndexQuery {
    /// The earliest time; `None` for all times.
    pub since: Option<Timestamp>,
    /// How many entries there are at the most.
    pub limit: usize,
    /// Whether what is gone is listed too.
    pub also_gone: bool,
}

/// A version, and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    /// The version.
    pub version: ModuleVersion,
    /// When it came, or came back last; of two entries, never the same.
    pub time: Timestamp,
}

impl ModuleProxy {
    /// What came from a time on, in the order of times, each version once. Only what is served, or, with
    /// [`also_gone`](IndexQuery::also_gone), would be if it were still there.
    ///
    /// A page that is not full is the last one. One that is full ends with the time from which the next begins.
    ///
    /// `turn` is dropped when the work is done, also if nobody waits for it any more.
    ///
    /// # Errors
    /// If the journal or the folder can not be read.
    pub async fn index(
        self: &Arc<Self>,
        query: IndexQuery,
        visible: Visible,
        turn: impl Send + 'static,
    ) -> Result<Vec<IndexEntry>, ProxyError> {
        self.feed(turn, move |proxy| proxy.index_page(query, &visible))
            .await
    }

    fn index_page(
        &self,
        query: IndexQuery,
        visible: &Visible,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let store = self.catalog.store();
        // What is appended from now on is for the next page: all of this one is known.
        let Some(newest) = store.provenance().newest()? else {
            return Ok(Vec::new());
        };
        let mut page = Vec::new();
        let mut reader = store.journal().read(query.since)?;
        let mut is_at_end = false;
        while !is_at_end && page.len() < query.limit {
            let mut events: Vec<(Event, ModuleVersion)> = Vec::new();
            while events.len() < TOGETHER {
                let event = match reader.next_line()? {
                    Some(line) => line.event,
                    None => {
                        is_at_end = true;
                        break;
                    }
                };
                let Some(event) = event else { continue };
                if event.time > newest {
                    is_at_end = true;
                    break;
                }
                if let Some(version) = event.module_version()
                    && query.since.is_none_or(|since| event.time >= since)
                    && sees(visible, version.path())
                {
                    events.push((event, version));
                }
            }
            store
                .provenance()
                .came(&mut events, query.also_gone, |(event, _)| event)?;
            for (event, version) in events {
                if page.len() < query.limit && self.is_in_index(&version, query.also_gone)? {
                    page.push(IndexEntry {
                        version,
                        time: event.time,
                    });
                }
            }
        }
        Ok(page)
    }

    fn is_in_index(&self, version: &ModuleVersion, also_gone: bool) -> Result<bool, StoreError> {
        Ok((also_gone || self.is_there(version)?)
            && Judgement::on(self, version.path())?.admits(version.version())?)
    }

    /// Whether the zip of a version is there and not known to be broken, and the version not deleted.
    fn is_there(&self, version: &ModuleVersion) -> Result<bool, StoreError> {
        let names = [
            StoreKey::File(version, ModuleFile::Zip),
            StoreKey::Tombstone(version),
        ]
        .map(|key| key.file_name());
        let found = self.catalog.store().identities(
            &StoreKey::directory(version.path()),
            &names.each_ref().map(String::as_str),
        )?;
        let [Some(zip), None] = found[..] else {
            return Ok(false);
        };
        let verdict = self
            .catalog
            .soundness()
            .known(version, ModuleFile::Zip, zip);
        Ok(!matches!(verdict, Some(Verdict::Unsound(_))))
    }
}
