//! A disk that knows what of it was synced.
//!
//! It promises no more than POSIX does: the content of a file is safe when the file was synced, a name when its directory was,
//! and a file system that does more for its users does it by chance. A rename is one step, as on every file system with a
//! journal: it is safe when either directory was synced.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use super::trace::{Argument, Call};

/// What a disk does with what was not synced when the power goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// All of it is gone.
    Lost,
    /// Names are there, and contents are not.
    NamesOnly,
    /// Of each directory the first changes are there, of each file the first bytes, and zeros for some of the rest; how many
    /// a number decides.
    Torn(u64),
}

/// Paths relative to the directory, and files; `None` for directories.
type Names = BTreeMap<String, Option<usize>>;

/// The disk below one directory.
#[derive(Default)]
pub(super) struct Disk {
    files: Vec<Content>,
    /// What was there at the beginning.
    base: Names,
    /// What processes see.
    seen: Names,
    changes: Vec<Change>,
    /// How many changes there were when a directory was last synced.
    synced: HashMap<String, usize>,
    /// Files that are written after they lost their names.
    nameless: HashMap<String, usize>,
}

#[derive(Default)]
struct Content {
    now: Vec<u8>,
    synced: Vec<u8>,
}

/// A change of names, as one step.
#[derive(Default)]
struct Change {
    put: Option<(String, Option<usize>)>,
    removed: Option<String>,
}

impl Change {
    fn put(path: String, what: Option<usize>) -> Self {
        Self {
            put: Some((path, what)),
            removed: None,
        }
    }

    fn removal(path: String) -> Self {
        Self {
            put: None,
            removed: Some(path),
        }
    }

    fn directories(&self) -> impl Iterator<Item = &str> {
        let put = self.put.as_ref().map(|(path, _)| path.as_str());
        let paths = put.into_iter().chain(self.removed.as_deref());
        paths.map(|path| path.rsplit_once('/').map_or("", |(directory, _)| directory))
    }

    fn apply(&self, names: &mut Names) {
        if let Some(removed) = &self.removed {
            names.remove(removed);
        }
        if let Some((path, what)) = &self.put {
            names.insert(path.clone(), *what);
        }
    }
}

impl Disk {
    /// What is below a directory is synced.
    pub(super) fn of(root: &Path) -> Self {
        let mut disk = Self::default();
        disk.add(root, "");
        disk.seen = disk.base.clone();
        disk
    }

    fn add(&mut self, directory: &Path, prefix: &str) {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                self.base.insert(path.clone(), None);
                self.add(&entry.path(), &format!("{path}/"));
            } else {
                let now = fs::read(entry.path()).unwrap();
                let synced = now.clone();
                self.base.insert(path, Some(self.files.len()));
                self.files.push(Content { now, synced });
            }
        }
    }

    /// Does what a process did, and says whether that was anything below `root`.
    pub(super) fn apply(&mut self, root: &str, call: &Call) -> bool {
        let below = |path: &str| match path.strip_prefix(root)? {
            "" => Some(String::new()),
            rest => rest.strip_prefix('/').map(str::to_owned),
        };
        let argument = |number: usize| call.arguments.get(number).and_then(Argument::path);
        let open = |number: usize| argument(number).and_then(below);
        // A directory, and a name in it.
        let named = |number: usize| {
            let (directory, name) = (argument(number)?, argument(number + 1)?);
            match name.starts_with('/') {
                true => below(name),
                false => below(&format!("{directory}/{name}")),
            }
        };
        match call.name.as_str() {
            "openat" | "openat2" => self.opened(call, named(0)),
            "mkdirat" => self.change(named(0).map(|path| Change::put(path, None))),
            "mkdir" => self.change(open(0).map(|path| Change::put(path, None))),
            "unlinkat" => self.change(named(0).map(Change::removal)),
            "unlink" | "rmdir" => self.change(open(0).map(Change::removal)),
            "renameat" | "renameat2" => self.renamed(named(0), named(2)),
            "fsync" | "fdatasync" => open(0).is_some_and(|path| self.sync(&path)),
            "write" => open(0).is_some_and(|path| self.write(&path, call)),
            _ => {
                let touches = (0..call.arguments.len()).any(|number| open(number).is_some());
                assert!(!touches, "not simulated: {call:?}");
                false
            }
        }
    }

    fn opened(&mut self, call: &Call, path: Option<String>) -> bool {
        let creates = matches!(
            call.arguments.get(2),
            Some(Argument::Other(flags)) if flags.contains("O_CREAT")
        );
        let Some(path) = path.filter(|path| creates && !self.seen.contains_key(path)) else {
            return false;
        };
        self.files.push(Content::default());
        self.change(Some(Change::put(path, Some(self.files.len() - 1))))
    }

    fn renamed(&mut self, from: Option<String>, to: Option<String>) -> bool {
        let (Some(from), Some(to)) = (from, to) else {
            return false;
        };
        let what = *self.seen.get(&from).unwrap_or_else(|| panic!("no {from}"));
        assert!(what.is_some(), "a directory was renamed: {from}");
        self.change(Some(Change {
            put: Some((to, what)),
            removed: Some(from),
        }))
    }

    fn change(&mut self, change: Option<Change>) -> bool {
        let Some(change) = change else { return false };
        change.apply(&mut self.seen);
        self.changes.push(change);
        true
    }

    fn write(&mut self, path: &str, call: &Call) -> bool {
        let Argument::Text(bytes) = &call.arguments[1] else {
            panic!("what was written? {call:?}");
        };
        let file = self.file(path);
        let bytes = &bytes[..call.answer.number().unwrap()];
        self.files[file].now.extend_from_slice(bytes);
        true
    }

    fn file(&mut self, path: &str) -> usize {
        if let Some(Some(file)) = self.seen.get(path) {
            return *file;
        }
        *self.nameless.entry(path.to_owned()).or_insert_with(|| {
            self.files.push(Content::default());
            self.files.len() - 1
        })
    }

    fn sync(&mut self, path: &str) -> bool {
        if path.is_empty() || self.seen.get(path) == Some(&None) {
            self.synced.insert(path.to_owned(), self.changes.len());
        } else {
            let file = self.file(path);
            self.files[file].synced = self.files[file].now.clone();
        }
        true
    }

    /// Writes what is there when the power is back.
    pub(super) fn after_cut(&self, unsynced: Unsynced, into: &Path) {
        let mut chance = Chance(match unsynced {
            Unsynced::Torn(seed) => seed * 2 + 1,
            Unsynced::Lost | Unsynced::NamesOnly => 1,
        });
        let all = self.changes.len();
        let directories: BTreeSet<&str> =
            self.changes.iter().flat_map(Change::directories).collect();
        let stays: HashMap<&str, usize> = directories
            .into_iter()
            .map(|directory| {
                let synced = self.synced.get(directory).copied().unwrap_or(0);
                let stay = match unsynced {
                    Unsynced::Lost => synced,
                    Unsynced::NamesOnly => all,
                    Unsynced::Torn(_) => synced + chance.below(all - synced + 1),
                };
                (directory, stay)
            })
            .collect();
        let mut names = self.base.clone();
        for (number, change) in self.changes.iter().enumerate() {
            if change
                .directories()
                .any(|directory| stays[directory] > number)
            {
                change.apply(&mut names);
            }
        }
        for (path, what) in &names {
            let target = into.join(path);
            // What is in a directory that is not there can not be reached. Paths sort after those of their directories.
            if !target.parent().is_some_and(Path::is_dir) {
                continue;
            }
            match what {
                None => fs::create_dir(&target).unwrap(),
                Some(file) => {
                    let content = self.files[*file].after_cut(unsynced, &mut chance);
                    fs::write(&target, content).unwrap();
                }
            }
        }
    }
}

impl Content {
    fn after_cut(&self, unsynced: Unsynced, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        if let Unsynced::Torn(_) = unsynced {
            // Files are only appended to here.
            let more = &self.now[self.synced.len()..];
            let written = chance.below(more.len() + 1);
            bytes.extend_from_slice(&more[..written]);
            bytes.resize(bytes.len() + chance.below(more.len() - written + 1), 0);
        }
        bytes
    }
}

/// Numbers that look like chance, the same ones each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % end
    }
}
