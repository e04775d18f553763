//! What the server answers for a module as a whole.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;

use super::derive::{Made, latest_info, render_list};
use super::scan::Scan;
use super::soundness::Soundness;
use crate::module::ModulePath;
use crate::store::{DirStore, Object, StoreError};

/// The answers to `@v/list` and `@latest`, ready to be sent.
#[derive(Debug, Clone)]
pub struct ModuleIndex {
    /// The version list; empty if the module has pseudo-versions only.
    pub list: Object,
    /// The `.info` of the latest version.
    pub latest: Option<Object>,
    /// Whether a version of it came from here: published, or dropped into the folder by hand.
    pub is_owned: bool,
}

/// An index, and when it was made.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// `None` if nothing of the module can be served whole.
    pub(crate) index: Option<Arc<ModuleIndex>>,
    /// The generation that its directory had before it was read.
    pub(crate) generation: u64,
    /// When the reading began.
    pub(crate) began: Instant,
    /// How long it took.
    pub(crate) took: std::time::Duration,
    /// When something in the directory is old enough to be looked at again.
    pub(crate) look_again: Option<Instant>,
}

impl ModuleIndex {
    /// Makes the answers out of a scan; `None` if it found no version that can be served whole. Waits for the disk.
    pub(crate) fn of_scan(
        store: &DirStore,
        soundness: &Soundness,
        module: &ModulePath,
        scan: &Scan,
    ) -> Result<Option<Self>, StoreError> {
        let servable = scan.servable();
        if servable.is_empty() {
            return Ok(None);
        }
        let modified = scan.changed.unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Some(Self {
            list: Object::from_bytes(Bytes::from(render_list(&servable)), modified),
            latest: latest_info(store, soundness, module, scan, &servable)?.map(Made::into_object),
            is_owned: scan.is_owned,
        }))
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        const FIXED: u64 = 512;
        FIXED + self.list.len + self.latest.as_ref().map_or(0, |latest| latest.len)
    }
}
