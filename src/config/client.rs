//! What the environment tells a client.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::environment;

/// A text that may hold a password, such as a URL: `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Concealed(String);

impl Concealed {
    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Concealed {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Concealed(..)")
    }
}

/// The token in `ATHENS_TOKEN`. There is no flag for it: everybody on a machine can read the arguments of a process.
#[must_use]
pub fn token_variable() -> Option<Concealed> {
    environment::text("ATHENS_TOKEN").map(Concealed)
}

/// The `.netrc` file: `$NETRC`, else `.netrc` in the user's home directory. It need not exist.
#[must_use]
pub fn netrc_file() -> Option<PathBuf> {
    environment::path("NETRC").or_else(|| Some(environment::home()?.join(".netrc")))
}

/// The user's configuration directory for this program: `$XDG_CONFIG_HOME/athens`, else `.config/athens` in the home
/// directory, on macOS `Library/Application Support/athens`. It need not exist.
#[must_use]
pub fn configuration_directory() -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    environment::path("XDG_CONFIG_HOME")
        .filter(absolute)
        .map(|directory| directory.join("athens"))
        .or_else(|| {
            let home = environment::home().filter(absolute)?;
            Some(home.join(if cfg!(target_os = "macos") {
                "Library/Application Support/athens"
            } else {
                ".config/athens"
            }))
        })
}

/// How a person calls this program: `athens` if that is what `PATH` finds, else its absolute path. `None` if the system does
/// not say where it is.
#[must_use]
pub fn program_name() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let name = Path::new("athens");
    let found = environment::search_path()
        .into_iter()
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
        .and_then(|candidate| candidate.canonicalize().ok());
    let is_found = found.is_some() && found == program.canonicalize().ok();
    Some(if is_found { name.to_owned() } else { program })
}
