//! The programs that jobs run.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::probe::GoUnavailable;
use super::settings::DirectSettings;

/// Programs beside git that fetch modules, by their names in `GOVCS`; all but the first are looked for only if it names them.
const OTHERS: [&str; 5] = ["ssh", "hg", "svn", "bzr", "fossil"];

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tools {
    /// The go command.
    pub(super) go: PathBuf,
    /// The `PATH` of a job: the directories that programs were found in.
    pub(super) path: OsString,
}

impl Tools {
    /// Looks for the programs. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If there is no go command, or no git where git is to be used.
    pub(super) fn find(settings: &DirectSettings) -> Result<Self, GoUnavailable> {
        let find = |name: &Path| find(name, &settings.search);
        let go = find(&settings.go).ok_or_else(|| GoUnavailable::NoGo(settings.go.clone()))?;
        let git = find(Path::new("git"));
        if git.is_none() && names(&settings.vcs, "git") {
            return Err(GoUnavailable::NoGit);
        }
        let others = OTHERS
            .iter()
            .filter(|name| **name == "ssh" || names(&settings.vcs, name))
            .filter_map(|name| find(Path::new(name)));
        let mut directories: Vec<PathBuf> = Vec::new();
        for program in [go.clone()].into_iter().chain(git).chain(others) {
            if let Some(directory) = program.parent()
                && !directories.iter().any(|known| known == directory)
            {
                directories.push(directory.to_owned());
            }
        }
        let path = join(&directories);
        Ok(Self { go, path })
    }
}

/// Whether a `GOVCS` list lets a program be used for any path.
fn names(vcs: &str, program: &str) -> bool {
    vcs.split([',', ':', '|'])
        .map(str::trim)
        .any(|word| word == program || word == "all")
}

/// A program by its path, or by its name in one of the directories.
fn find(name: &Path, search: &[PathBuf]) -> Option<PathBuf> {
    let runnable = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if name.components().count() > 1 {
        // Jobs have directories of their own: what is relative would be so to those.
        return std::path::absolute(name).ok().filter(runnable);
    }
    search
        .iter()
        // An empty or relative entry of PATH would name the directory that the server happens to be in.
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(runnable)
}

/// Directories as one `PATH`.
fn join(directories: &[PathBuf]) -> OsString {
    let mut joined = OsString::new();
    for directory in directories {
        if !joined.is_empty() {
            joined.push(":");
        }
        joined.push(directory);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with programs of these names, and a file that is none.
    fn programs(names: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            let path = directory.path().join(name);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::write(directory.path().join("fossil"), "no program").unwrap();
        directory
    }

    fn settings(search: &[&Path]) -> DirectSettings {
        let search = search.iter().map(|path| path.to_path_buf()).collect();
        DirectSettings::new("*".parse().unwrap(), "/scratch".into(), search)
    }

    #[test]
    fn only_the_directories_of_what_is_needed_are_in_the_path() {
        let (go, git, more) = (
            programs(&["go", "gofmt"]),
            programs(&["git", "ssh"]),
            programs(&["hg", "curl"]),
        );
        let mut settings = settings(&[Path::new(""), go.path(), git.path(), more.path()]);
        let path = |directories: &[&Path]| {
            join(
                &directories
                    .iter()
                    .map(|path| path.to_path_buf())
                    .collect::<Vec<_>>(),
            )
        };
        let tools = Tools::find(&settings).unwrap();
        assert_eq!(tools.go, go.path().join("go"));
        assert_eq!(tools.path, path(&[go.path(), git.path()]));

        settings.vcs = "a.b:hg,*:git|fossil".to_owned();
        let tools = Tools::find(&settings).unwrap();
        assert_eq!(tools.path, path(&[go.path(), git.path(), more.path()]));

        settings.go = go.path().join("gofmt");
        assert_eq!(Tools::find(&settings).unwrap().go, go.path().join("gofmt"));
    }

    #[test]
    fn says_what_is_missing() {
        let (go, none) = (programs(&["go"]), programs(&[]));
        let error = Tools::find(&settings(&[none.path()])).unwrap_err();
        assert!(matches!(error, GoUnavailable::NoGo(_)), "{error}");
        let mut settings = settings(&[go.path()]);
        let error = Tools::find(&settings).unwrap_err();
        assert!(matches!(error, GoUnavailable::NoGit), "{error}");
        settings.vcs = "*:hg".to_owned();
        assert!(Tools::find(&settings).is_ok());
        settings.go = none.path().join("fossil");
        assert!(
            Tools::find(&settings).is_err(),
            "a file that nobody can run"
        );
    }
}
