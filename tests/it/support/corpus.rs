//! Real modules, as the go command's own cache keeps them: what `tests/corpus/fetch` downloads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::tools::{copy_tree, files_below, repository, skip, target_dir};

/// The downloaded corpus.
pub(crate) struct Corpus {
    dir: PathBuf,
}

/// The corpus, downloaded if it is not there yet; `None`, after [`skip`], if that fails.
pub(crate) fn corpus() -> Option<&'static Corpus> {
    static CORPUS: OnceLock<Result<Corpus, String>> = OnceLock::new();
    let corpus = CORPUS.get_or_init(|| {
        let dir = target_dir().join("corpus");
        let fetch = Command::new(repository().join("tests/corpus/fetch"))
            .arg(&dir)
            .output();
        match fetch {
            Ok(output) if output.status.success() => Ok(Corpus { dir }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    });
    corpus
        .as_ref()
        .map_err(|error| skip(&format!("tests/corpus/fetch failed: {error}")))
        .ok()
}

impl Corpus {
    /// The module cache's download directory: what a person copies into a root.
    pub(crate) fn download_dir(&self) -> PathBuf {
        self.dir.join("modcache/cache/download")
    }

    /// `GOPROXY` for the original.
    pub(crate) fn file_url(&self) -> String {
        format!("file://{}", self.download_dir().display())
    }

    /// The go commands that came with it, each a GOROOT.
    pub(crate) fn clients(&self) -> Vec<PathBuf> {
        let clients = std::fs::read_dir(self.dir.join("clients")).unwrap();
        clients.map(|entry| entry.unwrap().path()).collect()
    }

    /// Copies the whole cache, locks and sums and all, into a root.
    pub(crate) fn copy_into(&self, root: &Path) {
        copy_tree(&self.download_dir(), root);
    }

    /// What there is of every module.
    pub(crate) fn modules(&self) -> Vec<Module> {
        modules_below(&self.download_dir())
    }
}

/// What a tree holds of one module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Module {
    /// The escaped path: that of its directory, and in a URL.
    pub(crate) escaped: String,
    /// Which of `info`, `mod` and `zip` there are, by version.
    pub(crate) files: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Module {
    /// The module's path.
    pub(crate) fn path(&self) -> String {
        unescaped(&self.escaped)
    }

    /// The versions that belong in a list: those that are whole, but for pseudo-versions.
    pub(crate) fn listed(&self) -> BTreeSet<String> {
        self.whole()
            .filter(|version| !is_pseudo(version))
            .map(str::to_owned)
            .collect()
    }

    /// The versions of which all three files are there.
    pub(crate) fn whole(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .filter(|(_, files)| files.len() == 3)
            .map(|(version, _)| version.as_str())
    }

    /// Whether all versions that there is anything of are whole: then the cache's own list, which names every version
    /// with a go.mod, can be compared with ours.
    pub(crate) fn is_whole(&self) -> bool {
        self.files.values().all(|files| files.len() == 3)
    }
}

/// Finds the modules of a tree by their files.
pub(crate) fn modules_below(root: &Path) -> Vec<Module> {
    let mut modules = BTreeMap::<String, BTreeMap<String, BTreeSet<&'static str>>>::new();
    for file in files_below(root) {
        let Some((escaped, name)) = file.rsplit_once("/@v/") else {
            continue;
        };
        for suffix in ["info", "mod", "zip"] {
            if let Some(version) = name
                .strip_suffix(suffix)
                .and_then(|name| name.strip_suffix('.'))
            {
                let versions = modules.entry(escaped.to_owned()).or_default();
                versions
                    .entry(unescaped(version))
                    .or_default()
                    .insert(suffix);
            }
        }
    }
    modules
        .into_iter()
        .map(|(escaped, files)| Module { escaped, files })
        .collect()
}

/// `!a` is `A`.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '!' => plain.extend(letters.next().map(|small| small.to_ascii_uppercase())),
            _ => plain.push(letter),
        }
    }
    plain
}

/// Whether a version ends in a time of 14 digits and 12 digits of a commit.
fn is_pseudo(version: &str) -> bool {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let Some((rest, commit)) = version.rsplit_once('-') else {
        return false;
    };
    let time = rest.rsplit(['-', '.']).next().unwrap_or_default();
    commit.len() == 12 && time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit())
}
