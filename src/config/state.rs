//! Where the state directory is.

use std::path::{Path, PathBuf};

use super::environment::StateVariables;

/// Nothing says where the state directory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "cannot tell where the state directory is, for this user has no home directory; name one with --state or ATHENS_STATE"
)]
pub struct NoStateDirectory;

/// The state directory: what was given, else the platform's.
///
/// That is, in this order: `$STATE_DIRECTORY` (systemd's, for a unit with `StateDirectory=`; the first of several),
/// `$XDG_STATE_HOME/athens`, and in the user's home `.local/state/athens`, or on macOS `Library/Application
/// Support/athens`. Variables that are empty or hold a relative path count as not set.
///
/// # Errors
///
/// If none of these is known.
pub fn state_directory(given: Option<PathBuf>) -> Result<PathBuf, NoStateDirectory> {
    choose(given, StateVariables::of_process())
}

fn choose(given: Option<PathBuf>, variables: StateVariables) -> Result<PathBuf, NoStateDirectory> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let service = variables
        .state_directory
        .as_deref()
        .and_then(|list| std::env::split_paths(list).next());
    given
        .or_else(|| service.filter(absolute))
        .or_else(|| {
            let state_home = variables.xdg_state_home.map(PathBuf::from);
            Some(state_home.filter(absolute)?.join("athens"))
        })
        .or_else(|| Some(below_home(&variables.home.filter(absolute)?)))
        .ok_or(NoStateDirectory)
}

fn below_home(home: &Path) -> PathBuf {
    if cfg!(target_os = "macos") {
        home.join("Library/Application Support/athens")
    } else {
        home.join(".local/state/athens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(given: &str, service: &str, xdg: &str, home: &str) -> Option<String> {
        let set = |value: &str| (!value.is_empty()).then(|| value.into());
        let variables = StateVariables {
            state_directory: set(service),
            xdg_state_home: set(xdg),
            home: set(home).map(PathBuf::from),
        };
        choose(set(given).map(PathBuf::from), variables)
            .ok()
            .map(|path| path.display().to_string())
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_order() {
        for (given, service, xdg, home, directory) in [
            ("given", "/s", "/x", "/h", "given"),
            ("", "/s", "/x", "/h", "/s"),
            ("", "/s/one:/s/two", "/x", "/h", "/s/one"),
            ("", "s", "/x", "/h", "/x/athens"),
            ("", "", "/x", "/h", "/x/athens"),
            ("", "", "x", "/h", "/h/.local/state/athens"),
            ("", "", "", "/h", "/h/.local/state/athens"),
        ] {
            assert_eq!(
                chosen(given, service, xdg, home).as_deref(),
                Some(directory)
            );
        }
        assert_eq!(chosen("", "", "", ""), None);
        assert_eq!(chosen("", "s", "x", "h"), None);
    }
}
