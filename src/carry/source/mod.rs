//! Where modules come from. A source says what it has, item by item; it is not believed.

mod bundle;
mod checkout;
mod files;
mod gopath;
mod other_proxy;
mod sumdb;
mod tree;

use std::ops::ControlFlow;
use std::path::Path;

use super::arrival::Arrival;
use super::error::CarryError;
use super::outcome::Reason;
use super::provenance::Provenance;
use crate::module::{ModulePath, ModuleVersion, PathPatterns};
use crate::store::{DirStore, OpenMode, StoreError, SumdbFile};

pub(super) use self::sumdb::walk as walk_sumdb;

use self::bundle::BundleFile;
use self::gopath::GoPath;
use self::other_proxy::{Layout, OtherProxy, is_athens_disk};
use self::tree::Tree;

/// Something that versions can be taken from.
#[derive(Debug)]
pub struct Source {
    kind: Kind,
    /// Whether nobody said that its versions are one's own, and nothing in it does.
    is_own_by_default: bool,
}

#[derive(Debug)]
enum Kind {
    /// A folder in the layout of the protocol: a module cache, or another root.
    Tree(Tree),
    /// A GOPATH.
    GoPath(GoPath),
    /// A folder that another proxy filled.
    OtherProxy(OtherProxy),
    /// A bundle.
    Bundle(BundleFile),
}

/// What a path is, by somebody who knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A module cache of the go command: `GOMODCACHE`, or the `cache/download` in it.
    ModuleCache,
    /// A GOPATH.
    GoPath,
    /// A root of this program, or a folder of one's own in that layout.
    Root,
    /// A bundle.
    Bundle,
    /// What another proxy gathered, in the layout of the protocol.
    ProxyCache,
    /// The disk storage of Athens.
    AthensDisk,
}

/// What a source has.
#[derive(Debug)]
pub(super) enum Item {
    Version(Box<Arrival>),
    /// A file of a checksum database, and its content.
    Sumdb(SumdbFile, Vec<u8>),
    /// A version of which something can not even be read for what it is.
    Refused(ModuleVersion, Reason),
    /// Something that is no version.
    PassedOver {
        path: String,
        why: String,
    },
    /// Something that could not be read.
    Failed(CarryError),
}

/// Who takes items: says whether more are wanted.
pub(super) type Give<'a> = &'a mut dyn FnMut(Item) -> ControlFlow<()>;

impl Source {
    /// Finds out what a path is: a bundle, a module cache (`GOMODCACHE`, or the `cache/download` in it), a GOPATH, a root
    /// of this program, or the disk storage of Athens. Waits for the disk.
    ///
    /// What is none of these, but has directories that may be modules, is taken as a root whose journal is lost.
    ///
    /// # Errors
    /// If it can not be read, or is nothing of that kind.
    pub fn open(path: &Path) -> Result<Self, CarryError> {
        let shown = path.display().to_string();
        let failed = |error| CarryError::source("look at", shown.clone(), error);
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_file() {
            return Ok(Self::certain(Kind::Bundle(BundleFile::open(path)?)));
        }
        let refused = |why| CarryError::NoSource {
            path: shown.clone(),
            why,
        };
        if !metadata.is_dir() {
            return Err(refused("is neither a directory nor a bundle"));
        }
        let has = |name: &str| path.join(name).is_dir();
        let kind = if has("cache/download") || path.ends_with("cache/download") {
            Kind::Tree(module_cache(path)?)
        } else if has(".athens") {
            Kind::Tree(Tree::root(path)?)
        } else if has("pkg/mod") || has("src") {
            Kind::GoPath(GoPath::open(path)?)
        } else if has_hosts(path).map_err(failed)? {
            if !is_athens_disk(path)? {
                return Ok(Self {
                    kind: Kind::Tree(Tree::root(path)?),
                    is_own_by_default: true,
                });
            }
            Kind::OtherProxy(OtherProxy::open(path, Layout::AthensDisk)?)
        } else {
            return Err(refused(
                "is no module cache, no GOPATH, no root and no bundle: there is no cache/download, no pkg/mod, no src \
                 and no directory with the name of a host in it",
            ));
        };
        Ok(Self::certain(kind))
    }

    fn certain(kind: Kind) -> Self {
        Self {
            kind,
            is_own_by_default: false,
        }
    }

    /// Takes a path for what somebody says it is. Waits for the disk.
    ///
    /// # Errors
    /// If it can not be read, or can not be that.
    pub fn open_as(path: &Path, kind: SourceKind) -> Result<Self, CarryError> {
        Ok(Self::certain(match kind {
            SourceKind::ModuleCache => Kind::Tree(module_cache(path)?),
            SourceKind::GoPath => Kind::GoPath(GoPath::open(path)?),
            SourceKind::Root => Kind::Tree(Tree::root(path)?),
            SourceKind::Bundle => Kind::Bundle(BundleFile::open(path)?),
            SourceKind::ProxyCache => Kind::OtherProxy(OtherProxy::open(path, Layout::Protocol)?),
            SourceKind::AthensDisk => Kind::OtherProxy(OtherProxy::open(path, Layout::AthensDisk)?),
        }))
    }

    /// A bundle in an open file, which is called `name` in messages. Waits for the disk.
    ///
    /// # Errors
    /// If it can not be read, or is no bundle.
    pub fn of_bundle(file: std::fs::File, name: &str) -> Result<Self, CarryError> {
        let bundle = BundleFile::of_file(file, name.to_owned())?;
        Ok(Self::certain(Kind::Bundle(bundle)))
    }

    /// Whether it was taken for a folder of one's own because of its layout alone: another proxy's has the same, and whoever
    /// carries that in does not want all of it for good.
    pub fn is_own_by_default(&self) -> bool {
        self.is_own_by_default
    }

    /// What it was found to be, for people.
    pub fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Tree(tree) => tree.kind(),
            Kind::OtherProxy(folder) => folder.kind(),
            Kind::GoPath(_) => "GOPATH",
            Kind::Bundle(_) => "bundle",
        }
    }

    /// Shows all items, versions of a module one after the other, until no more are wanted.
    pub(super) fn each(
        &self,
        only: Option<&PathPatterns>,
        give: Give<'_>,
    ) -> Result<(), CarryError> {
        let wanted = Wanted(only);
        match &self.kind {
            Kind::Tree(tree) => tree.each(wanted, give),
            Kind::OtherProxy(folder) => folder.each(wanted, give),
            Kind::GoPath(path) => path.each(wanted, give),
            Kind::Bundle(bundle) => bundle.each(wanted, give),
        }
    }
}

/// A module cache, or the `cache/download` in one.
fn module_cache(path: &Path) -> Result<Tree, CarryError> {
    let download = path.join("cache/download");
    if !download.is_dir() {
        return Tree::cache(path);
    }
    // The newest heads of checksum databases are beside the cache, in GOPATH/pkg/sumdb.
    let heads = path.parent().map(|parent| parent.join("sumdb"));
    Ok(Tree::cache(&download)?.with_heads(heads.filter(|heads| heads.is_dir())))
}

/// Which modules are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a>(Option<&'a PathPatterns>);

impl Wanted<'_> {
    pub(super) fn takes(self, module: &ModulePath) -> bool {
        self.0.is_none_or(|patterns| patterns.matches(module))
    }
}

/// Whether a directory has directories with dots in their names, as the first elements of module paths have.
fn has_hosts(path: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_host = name
            .to_str()
            .is_some_and(|name| name.contains('.') && !name.starts_with('.'));
        if is_host && entry.file_type()?.is_dir() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A folder to be read, and nothing below it written.
fn open_tree(path: &Path) -> Result<DirStore, CarryError> {
    Ok(DirStore::open(path, OpenMode::ReadOnly)?)
}

/// How the versions of a folder came.
#[derive(Debug)]
enum Origins {
    /// All of them in one way.
    All(Provenance),
    /// As a journal says; what it does not know was put there by hand.
    Journal(DirStore),
}

impl Origins {
    fn of(&self, version: &ModuleVersion) -> Result<Provenance, StoreError> {
        match self {
            Self::All(provenance) => Ok(*provenance),
            Self::Journal(store) => Provenance::in_store(store, version),
        }
    }
}
