//! What the environment tells a client.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::environment;

/// A text that may hold a password, such as a URL: `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone)]
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
