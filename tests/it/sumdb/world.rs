//! Databases as directories, and the outside of a client that asks one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use athens::module::ModuleVersion;
use athens::sumdb::{Fetched, HeadReplacement, Operations, VerifierKey};
use bytes::Bytes;
use tempfile::TempDir;

use crate::support::oracle::{self, Request};

/// The name of every database here.
pub(super) const NAME: &str = "localhost.localdev/sumdb";

/// A request to the Go program.
pub(super) fn request<const N: usize>(words: [&str; N]) -> Request {
    words.map(str::to_owned).to_vec()
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
pub(super) fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The version that record `id` is about.
pub(super) fn version(id: u64) -> ModuleVersion {
    let path = format!("example.com/m{id}").parse().unwrap();
    ModuleVersion::new(path, "v1.0.0".parse().unwrap()).unwrap()
}

/// The file of the answer about record `id`.
pub(super) fn lookup_path(id: u64) -> String {
    format!("lookup/example.com/m{id}@v1.0.0")
}

/// What databases answer at several times, as files.
pub(super) struct Databases {
    dir: TempDir,
    /// The key of all of them.
    pub(super) key: String,
}

impl Databases {
    /// An honest database at these sizes, and one with the same key that differs in record 5; `None` where there is no go.
    pub(super) fn new(sizes: &[u64]) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let make = |which: &str, fork: &str| {
            let mut request = request([
                "database",
                dir.path().join(which).to_str().unwrap(),
                NAME,
                fork,
            ]);
            request.extend(sizes.iter().map(u64::to_string));
            request
        };
        let keys = oracle::ask("sumdb", &[make("honest", "-1"), make("forked", "5")])?;
        assert_eq!(keys[0], keys[1]);
        let key = keys[0].as_str().unwrap().to_owned();
        Some(Self { dir, key })
    }

    pub(super) fn honest(&self, size: u64) -> PathBuf {
        self.dir.path().join(format!("honest/{size}"))
    }

    pub(super) fn forked(&self, size: u64) -> PathBuf {
        self.dir.path().join(format!("forked/{size}"))
    }

    pub(super) fn verifier_key(&self) -> VerifierKey {
        self.key.parse().unwrap()
    }
}

/// The bytes of a file.
pub(super) fn read(dir: &Path, path: &str) -> Bytes {
    std::fs::read(dir.join(path)).unwrap().into()
}

/// The outside of a client: a directory that answers, and a memory that keeps.
#[derive(Default)]
pub(super) struct World {
    pub(super) remote: Mutex<PathBuf>,
    /// What is answered in place of what the directory has.
    pub(super) lies: Mutex<BTreeMap<String, Bytes>>,
    pub(super) cache: Mutex<BTreeMap<String, Bytes>>,
    pub(super) head: Mutex<Option<Bytes>>,
    pub(super) cut: AtomicBool,
    pub(super) fetches: AtomicUsize,
}

impl World {
    pub(super) fn new(remote: PathBuf) -> Self {
        Self {
            remote: Mutex::new(remote),
            ..Self::default()
        }
    }

    /// Another one that keeps the same.
    pub(super) fn inherit(&self) -> Self {
        Self {
            remote: Mutex::new(self.remote.lock().unwrap().clone()),
            cache: Mutex::new(self.cache.lock().unwrap().clone()),
            head: Mutex::new(self.head.lock().unwrap().clone()),
            ..Self::default()
        }
    }
}

impl Operations for World {
    type Error = io::Error;

    async fn fetch(&self, path: &str) -> io::Result<Fetched> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        if self.cut.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        let path = path.strip_prefix('/').unwrap();
        if let Some(lie) = self.lies.lock().unwrap().get(path) {
            return Ok(Fetched::Found(lie.clone()));
        }
        match std::fs::read(self.remote.lock().unwrap().join(path)) {
            Ok(bytes) => Ok(Fetched::Found(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Fetched::not_found(b"no such file"))
            }
            Err(error) => Err(error),
        }
    }

    async fn read_cache(&self, path: &str) -> io::Result<Option<Bytes>> {
        Ok(self.cache.lock().unwrap().get(path).cloned())
    }

    async fn write_cache(&self, path: &str, content: &Bytes) -> io::Result<()> {
        let mut cache = self.cache.lock().unwrap();
        cache.insert(path.to_owned(), content.clone());
        Ok(())
    }

    async fn read_head(&self) -> io::Result<Option<Bytes>> {
        Ok(self.head.lock().unwrap().clone())
    }

    async fn replace_head(&self, old: Option<&Bytes>, new: &Bytes) -> io::Result<HeadReplacement> {
        let mut head = self.head.lock().unwrap();
        if head.as_ref() != old {
            return Ok(HeadReplacement::Conflict);
        }
        *head = Some(new.clone());
        Ok(HeadReplacement::Replaced)
    }
}
