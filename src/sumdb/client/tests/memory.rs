//! An outside in memory: a database that grows, lies and goes away, and a cache that can be looked at.

use std::collections::BTreeMap;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use crate::sumdb::client::{Fetched, HeadReplacement, Operations};
use crate::sumdb::testing::TestDatabase;
use crate::sumdb::{Tile, TilePath};

/// The way to the database is cut, or its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("broken")]
pub(in crate::sumdb::client) struct Broken;

/// What is done to an answer, by its path.
type Tamper = Box<dyn Fn(&str, Bytes) -> Bytes + Send + Sync>;

pub(in crate::sumdb::client) struct Memory {
    pub(super) database: Mutex<Arc<TestDatabase>>,
    /// How many records the database has signed.
    pub(super) size: AtomicU64,
    /// How many records the tree has that comes with a record; 0: all.
    pub(super) stale: AtomicU64,
    pub(super) tamper: Mutex<Option<Tamper>>,
    pub(super) cache: Mutex<BTreeMap<String, Bytes>>,
    pub(super) head: Mutex<Option<Bytes>>,
    /// Put in place of the head just before it is replaced, once: what another process does.
    pub(super) rival: Mutex<Option<Bytes>>,
    /// Whether the cache cannot be written.
    pub(super) full: AtomicBool,
    pub(in crate::sumdb::client) cut: AtomicBool,
    pub(in crate::sumdb::client) fetches: AtomicUsize,
}

impl Memory {
    /// A database of the name `a.b` with this many records.
    pub(in crate::sumdb::client) fn new(size: u64) -> Self {
        Self {
            database: Mutex::new(Arc::new(TestDatabase::new("a.b", size))),
            size: size.into(),
            stale: 0.into(),
            tamper: Mutex::new(None),
            cache: Mutex::default(),
            head: Mutex::default(),
            rival: Mutex::default(),
            full: false.into(),
            cut: false.into(),
            fetches: 0.into(),
        }
    }

    fn answer(&self, path: &str) -> Option<Bytes> {
        let database = self.database.lock().unwrap();
        let size = self.size.load(Ordering::Relaxed);
        if path == "/latest" {
            return Some(database.note(size).into());
        }
        if let Some(module) = path.strip_prefix("/lookup/example.com/m") {
            let id: u64 = module.strip_suffix("@v1.0.0")?.parse().ok()?;
            let stale = self.stale.load(Ordering::Relaxed);
            let size = if stale == 0 { size } else { stale };
            return (id < size)
                .then(|| format!("{id}\n{}\n{}", database.record(id), database.note(size)).into());
        }
        let there = |tile: &Tile| {
            Tile::in_tree(tile.level(), tile.number(), size)
                .is_some_and(|there| there.width() >= tile.width())
        };
        match path.strip_prefix('/')?.parse().ok()? {
            TilePath::Hashes(tile) => there(&tile).then(|| database.tile(&tile)),
            TilePath::Data(tile) => there(tile.hashes()).then(|| {
                let start = tile.hashes().number() * 256;
                (start..start + u64::from(tile.hashes().width()))
                    .map(|id| format!("{}\n", database.record(id)))
                    .collect::<String>()
                    .into()
            }),
        }
    }
}

impl Operations for Memory {
    type Error = Broken;

    async fn fetch(&self, path: &str) -> Result<Fetched, Broken> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if self.cut.load(Ordering::Relaxed) {
            return Err(Broken);
        }
        let Some(answer) = self.answer(path) else {
            let message = "not here".into();
            return Ok(Fetched::NotFound { message });
        };
        Ok(Fetched::Found(match &*self.tamper.lock().unwrap() {
            Some(tamper) => tamper(path, answer),
            None => answer,
        }))
    }

    async fn read_cache(&self, path: &str) -> Result<Option<Bytes>, Broken> {
        Ok(self.cache.lock().unwrap().get(path).cloned())
    }

    async fn write_cache(&self, path: &str, content: &Bytes) -> Result<(), Broken> {
        if self.full.load(Ordering::Relaxed) {
            return Err(Broken);
        }
        let mut cache = self.cache.lock().unwrap();
        cache.insert(path.to_owned(), content.clone());
        Ok(())
    }

    async fn read_head(&self) -> Result<Option<Bytes>, Broken> {
        Ok(self.head.lock().unwrap().clone())
    }

    async fn replace_head(
        &self,
        old: Option<&Bytes>,
        new: &Bytes,
    ) -> Result<HeadReplacement, Broken> {
        let mut head = self.head.lock().unwrap();
        if let Some(rival) = self.rival.lock().unwrap().take() {
            *head = Some(rival);
        }
        if head.as_ref() != old {
            return Ok(HeadReplacement::Conflict);
        }
        *head = Some(new.clone());
        Ok(HeadReplacement::Replaced)
    }
}
