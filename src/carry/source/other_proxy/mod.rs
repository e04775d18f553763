//! A folder that another proxy filled. What is in it came from elsewhere.

mod layout;

use std::ops::ControlFlow;
use std::path::Path;

pub(super) use self::layout::Layout;

use self::layout::{Names, Sorted};
use super::files::{small_file, zip_source};
use super::{Give, Item, Wanted, open_tree, sumdb};
use crate::carry::arrival::Arrival;
use crate::carry::error::CarryError;
use crate::carry::outcome::Reason;
use crate::carry::provenance::Provenance;
use crate::catalog::MAX_INFO_SIZE;
use crate::module::ModuleVersion;
use crate::modzip::MAX_GO_MOD_SIZE;
use crate::store::{DirEntry, DirStore, EntryKind, ModuleFile, SUMDB, StoreError};

/// How deep directories are followed; module paths of that many elements do not exist.
const DEEPEST: usize = 64;

/// How many directories are looked at to find out what a folder is.
const LOOKED_AT: usize = 512;

/// What Artifactory puts beside each file and directory of an export.
const ARTIFACTORY: &str = ".artifactory-metadata";

/// A folder that another proxy filled, as it lies on a disk or was copied out of a bucket.
///
/// Source: Athens, `pkg/storage/fs` and `pkg/config` (`PackageVersionedName`); goproxy, `DirCacher`.
#[derive(Debug)]
pub(super) struct OtherProxy {
    store: DirStore,
    layout: Layout,
}

/// What is in a directory.
struct Listing {
    directories: Vec<String>,
    files: Vec<String>,
}

impl OtherProxy {
    pub(super) fn open(path: &Path, layout: Layout) -> Result<Self, CarryError> {
        Ok(Self {
            store: open_tree(path)?,
            layout,
        })
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.layout {
            Layout::Protocol => "folder of another proxy",
            Layout::AthensDisk => "disk storage of Athens",
        }
    }

    /// Walks the folder in the order of names. Symbolic links to directories are not followed. Memory grows with the
    /// width of the directories on one path, not with the folder; there is at most one thing passed over a directory.
    pub(super) fn each(&self, wanted: Wanted<'_>, give: Give<'_>) -> Result<(), CarryError> {
        let Some(top) = self.list("")? else {
            return Ok(());
        };
        if self.walk(top, wanted, give).is_continue() {
            sumdb::each(&self.store, wanted, give).map(drop)?;
        }
        Ok(())
    }

    fn walk(&self, top: Listing, wanted: Wanted<'_>, give: Give<'_>) -> ControlFlow<()> {
        self.files("", &top.files, wanted, give)?;
        let is_host = |name: &String| name.contains('.');
        let (hosts, others): (Vec<_>, Vec<_>) = top.directories.into_iter().partition(is_host);
        for path in others.into_iter().filter(|name| name != SUMDB) {
            let why = "has no dot in its name, so there are no modules in it".to_owned();
            give(Item::PassedOver { path, why })?;
        }
        let mut open = vec![(String::new(), hosts.into_iter())];
        while let Some((path, rest)) = open.last_mut() {
            let Some(name) = rest.next() else {
                open.pop();
                continue;
            };
            let path = below(path, &name);
            if open.len() > DEEPEST {
                let why = "lies too deep to be searched for modules".to_owned();
                give(Item::PassedOver { path, why })?;
                continue;
            }
            match self.list(&path) {
                Ok(Some(listing)) => {
                    self.files(&path, &listing.files, wanted, give)?;
                    open.push((path, listing.directories.into_iter()));
                }
                // Gone since its parent was read.
                Ok(None) => {}
                Err(error) => give(Item::Failed(error.into()))?,
            }
        }
        ControlFlow::Continue(())
    }

    /// The names in a directory, sorted; without what is hidden, and what is known to be nothing for us.
    fn list(&self, path: &str) -> Result<Option<Listing>, StoreError> {
        let Some(entries) = self.store.entries(path)? else {
            return Ok(None);
        };
        let is_of_interest =
            |entry: &DirEntry| !entry.name.starts_with('.') && !entry.name.ends_with(ARTIFACTORY);
        let (directories, files): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .filter(is_of_interest)
            .partition(|entry| entry.kind == EntryKind::Directory);
        let names = |entries: Vec<DirEntry>| {
            let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
            names.sort_unstable();
            names
        };
        Ok(Some(Listing {
            directories: names(directories),
            files: names(files),
        }))
    }

    /// Shows the versions whose files are in a directory.
    fn files(
        &self,
        path: &str,
        names: &[String],
        wanted: Wanted<'_>,
        give: Give<'_>,
    ) -> ControlFlow<()> {
        let Sorted {
            module,
            versions,
            stray,
        } = self.layout.sort(path, names);
        if let Some(stray) = stray {
            let (path, why) = (below(path, &stray.name), stray.why());
            give(Item::PassedOver { path, why })?;
        }
        let Some(module) = module.filter(|module| wanted.takes(module)) else {
            return ControlFlow::Continue(());
        };
        for (version, names) in versions {
            // The version fits the path: the layout checked it.
            let Ok(version) = ModuleVersion::new(module.clone(), version) else {
                continue;
            };
            give(match self.arrival(&version, path, &names) {
                Ok(Ok(arrival)) => Item::Version(Box::new(arrival)),
                Ok(Err(reason)) => Item::Refused(version, reason),
                Err(error) => Item::Failed(error.into()),
            })?;
        }
        ControlFlow::Continue(())
    }

    fn arrival(
        &self,
        version: &ModuleVersion,
        directory: &str,
        names: &Names,
    ) -> Result<Result<Arrival, Reason>, StoreError> {
        let open = |name: &Option<String>| match name {
            Some(name) => self.store.read_listed_blocking(directory, name),
            None => Ok(None),
        };
        let small = |name, file, limit| small_file(open(name), directory, file, limit);
        let go_mod = small(&names.go_mod, ModuleFile::Mod, MAX_GO_MOD_SIZE)?;
        let info = small(&names.info, ModuleFile::Info, MAX_INFO_SIZE)?;
        let zip = zip_source(open(&names.zip))?;
        let parts = go_mod.and_then(|go_mod| Ok((go_mod, info?, zip?)));
        Ok(parts.map(|(go_mod, info, zip)| Arrival {
            version: version.clone(),
            zip,
            go_mod,
            info,
            sum: None,
            provenance: Provenance::Fetch,
        }))
    }
}

/// Whether a folder is the disk storage of Athens, rather than one in the layout of the protocol. The first directory that
/// says so decides, and only so many are looked at.
pub(super) fn is_athens_disk(path: &Path) -> Result<bool, CarryError> {
    let folder = OtherProxy::open(path, Layout::AthensDisk)?;
    let mut open = vec![String::new()];
    for _ in 0..LOOKED_AT {
        let Some(path) = open.pop() else { break };
        // What can not be read is said when the folder is walked.
        let Ok(Some(listing)) = folder.list(&path) else {
            continue;
        };
        if listing.directories.iter().any(|name| name == "@v") {
            return Ok(false);
        }
        if listing.files.iter().any(|name| name == "source.zip") {
            return Ok(true);
        }
        if path.matches('/').count() < DEEPEST {
            let names = listing.directories.iter();
            open.extend(names.map(|name| below(&path, name)));
        }
    }
    Ok(false)
}

/// The path of a name in the directory at `path`.
fn below(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}/{name}"),
    }
}
