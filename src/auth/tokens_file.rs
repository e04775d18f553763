//! The tokens file, and each way to change it.

use super::state::{Identity, Lock};
use super::{
    Grant, HashedToken, NoRandomness, PlainToken, StateDirectory, StateError, TokenName, Tokens,
    document, local,
};

const NAME: &str = "tokens.json";
/// Enough for some fifty thousand tokens.
const LONGEST: u64 = 16 << 20;

/// `tokens.json` in the state directory: which tokens there are, by their SHA-256 sums.
///
/// A change is made under a lock and put into place in one step: processes that change the file at the same time lose
/// nothing of each other, and readers see all of it or nothing. No file is the same as no tokens.
#[derive(Debug, Clone)]
pub struct TokensFile {
    directory: StateDirectory,
}

/// Why the tokens can not be read or changed. Displayed, it says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The state directory can not be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The file is not understood.
    #[error("cannot use the tokens in {path}: {problem}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is a token of that name.
    #[error(
        "there is a token {name} already; revoke it first (`athens token revoke {name}`), or choose another name"
    )]
    NameTaken {
        /// The name.
        name: TokenName,
    },
    /// The name is the server's own.
    #[error(
        "the name {name} belongs to the token that the server makes for its own user; choose another one"
    )]
    NameReserved {
        /// The name.
        name: TokenName,
    },
    /// The file would become longer than what is read.
    #[error("there are too many tokens; revoke some of them")]
    TooMany,
    /// No secret can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl TokensFile {
    /// The tokens file of a state directory; neither needs to exist yet.
    #[must_use]
    pub fn new(directory: StateDirectory) -> Self {
        Self { directory }
    }

    /// The directory it is in.
    #[must_use]
    pub fn directory(&self) -> &StateDirectory {
        &self.directory
    }

    /// The tokens as they are now. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If the file can not be read, is exposed to others, or is not understood.
    pub fn read(&self) -> Result<Tokens, TokensError> {
        Ok(self.load()?.0)
    }

    /// The tokens, and what to know this state of the file by.
    pub(super) fn load(&self) -> Result<(Tokens, Option<Identity>), TokensError> {
        let Some((text, identity)) = self.directory.read(NAME, LONGEST)? else {
            return Ok((Tokens::default(), None));
        };
        let tokens = document::read(&text).map_err(|problem| self.malformed(problem))?;
        Ok((tokens, Some(identity)))
    }

    pub(super) fn identity(&self) -> Result<Option<Identity>, StateError> {
        self.directory.identity(NAME)
    }

    /// Makes a token. Its text is in the answer and nowhere else.
    ///
    /// # Errors
    ///
    /// If the name is taken or reserved, or the file can not be read or written; nothing is changed then.
    pub fn create(&self, grant: Grant) -> Result<PlainToken, TokensError> {
        if grant.name.is_local() {
            return Err(TokensError::NameReserved { name: grant.name });
        }
        let token = PlainToken::generate()?;
        let lock = self.directory.lock()?;
        let mut tokens = self.read()?;
        self.insert(&lock, &mut tokens, token.hash(), grant)?;
        Ok(token)
    }

    /// Makes a token worthless; false if there is none of this name. Running servers see it within a quarter of a
    /// second.
    ///
    /// # Errors
    ///
    /// If the file can not be read or written.
    pub fn revoke(&self, name: &TokenName) -> Result<bool, TokensError> {
        if self.read()?.named(name).is_none() {
            return Ok(false);
        }
        let lock = self.directory.lock()?;
        let mut tokens = self.read()?;
        if !tokens.remove(name) {
            return Ok(false);
        }
        self.write(&lock, &tokens)?;
        if name.is_local() {
            local::forget(&self.directory, &lock)?;
        }
        Ok(true)
    }

    /// Adds a token to these, and writes them.
    pub(super) fn insert(
        &self,
        lock: &Lock,
        tokens: &mut Tokens,
        hash: HashedToken,
        grant: Grant,
    ) -> Result<(), TokensError> {
        let name = grant.name.clone();
        if !tokens.insert(hash, grant) {
            return Err(TokensError::NameTaken { name });
        }
        self.write(lock, tokens)
    }

    fn write(&self, lock: &Lock, tokens: &Tokens) -> Result<(), TokensError> {
        let text = document::write(tokens).map_err(|error| self.malformed(error.to_string()))?;
        if text.len() as u64 > LONGEST {
            return Err(TokensError::TooMany);
        }
        Ok(self.directory.replace(lock, NAME, text.as_bytes())?)
    }

    fn malformed(&self, problem: String) -> TokensError {
        TokensError::Malformed {
            path: self.directory.path().join(NAME).display().to_string(),
            problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Rights, parse_modules};
    use crate::module::Time;

    fn grant(name: &str) -> Grant {
        Grant {
            name: name.parse().unwrap(),
            rights: Rights::ALL,
            modules: parse_modules("*").unwrap(),
            expires: None,
            created: Time::from_unix(0),
        }
    }

    #[test]
    fn made_listed_revoked() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state");
        let file = TokensFile::new(StateDirectory::new(&path));
        assert!(file.read().unwrap().is_empty());
        assert!(!file.revoke(&"ci".parse().unwrap()).unwrap());
        assert!(!path.exists(), "nothing was written");

        let token = file.create(grant("ci")).unwrap();
        let text = std::fs::read_to_string(path.join(NAME)).unwrap();
        assert!(text.contains(&token.hash().to_hex()));
        assert!(!text.contains(token.reveal()));
        assert!(!text.contains(&token.reveal()[7..20]));
        assert!(matches!(
            file.create(grant("ci")),
            Err(TokensError::NameTaken { .. })
        ));
        assert!(matches!(
            file.create(grant("local")),
            Err(TokensError::NameReserved { .. })
        ));
        let now = Time::from_unix(0);
        assert!(file.read().unwrap().access(&token, now).is_some());

        file.create(grant("other")).unwrap();
        assert!(file.revoke(&"ci".parse().unwrap()).unwrap());
        assert!(!file.revoke(&"ci".parse().unwrap()).unwrap());
        assert!(file.read().unwrap().access(&token, now).is_none());
        assert_eq!(file.read().unwrap().len(), 1);
    }

    #[test]
    fn a_broken_file_is_never_written_over() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("state");
        let file = TokensFile::new(StateDirectory::new(&path));
        file.create(grant("ci")).unwrap();
        std::fs::write(path.join(NAME), "{\"version\":9}").unwrap();
        let error = file.create(grant("two")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "cannot use the tokens in {}: its format has version 9, and this athens knows version 1 only",
                path.join(NAME).display()
            )
        );
        assert!(file.revoke(&"ci".parse().unwrap()).is_err());
        let text = std::fs::read_to_string(path.join(NAME)).unwrap();
        assert_eq!(text, "{\"version\":9}");
    }
}
