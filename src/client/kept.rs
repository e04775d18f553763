//! Tokens that `athens login --goauth` keeps, a server's URL each, for `athens credentials` to hand to the go command.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::private_file::{PrivateFile, make_private_directory};
use super::server::ServerUrl;
use crate::auth::PlainToken;

/// The file in the user's configuration directory.
const FILE: &str = "credentials.json";

/// The tokens that were kept. `Debug` shows nothing of them.
pub struct KeptTokens {
    path: PathBuf,
    file: PrivateFile,
    servers: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Document {
    servers: BTreeMap<String, String>,
}

impl std::fmt::Debug for KeptTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptTokens")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl KeptTokens {
    /// Reads the file in a configuration directory; it need not be there. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If it is there and can not be read, is another's to read, or is no such file.
    pub fn read(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let file = PrivateFile::read(&path)?;
        if let Some(mode) = file.exposed() {
            return Err(io::Error::other(format!(
                "others may read it (mode {mode:04o}): revoke the tokens in it if that matters, and run chmod 600 {}",
                path.display()
            )));
        }
        let document: Document = if file.text.trim().is_empty() {
            Document::default()
        } else {
            // The message of the parser could repeat what the file holds.
            serde_json::from_str(&file.text)
                .map_err(|_| io::Error::other("it is not what athens login wrote; remove it"))?
        };
        Ok(Self {
            path,
            file,
            servers: document.servers,
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The token of a server.
    #[must_use]
    pub fn token(&self, server: &ServerUrl) -> Option<PlainToken> {
        self.servers.get(&server.to_string())?.parse().ok()
    }

    /// All tokens, with the URL of the server of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, PlainToken)> {
        self.servers
            .iter()
            .filter_map(|(url, token)| Some((url.as_str(), token.parse().ok()?)))
    }

    /// Keeps a token for a server, in the place of one that is there.
    ///
    /// # Errors
    ///
    /// If the file can not be written.
    pub fn keep(&mut self, server: &ServerUrl, token: &PlainToken) -> io::Result<()> {
        self.servers
            .insert(server.to_string(), token.reveal().to_owned());
        self.write()
    }

    /// Forgets the token of a server; whether there was one.
    ///
    /// # Errors
    ///
    /// If the file can not be written.
    pub fn forget(&mut self, server: &ServerUrl) -> io::Result<bool> {
        let removed = self.servers.remove(&server.to_string()).is_some();
        if removed {
            self.write()?;
        }
        Ok(removed)
    }

    fn write(&self) -> io::Result<()> {
        if !self.file.exists()
            && let Some(directory) = self.path.parent()
        {
            make_private_directory(directory)?;
        }
        let document = Document {
            servers: self.servers.clone(),
        };
        let text = serde_json::to_string_pretty(&document)?;
        self.file.replace(&format!("{text}\n"))
    }
}

/// What the go command wants to read from a program that `GOAUTH` names: for each server, its URL, and the header that goes
/// to it. With `asked`, only the server that a URL belongs to.
///
/// The go command sends credentials over https only, and refuses the whole answer for a URL that is not.
#[must_use]
pub fn goauth_answer(kept: &KeptTokens, asked: Option<&str>) -> String {
    kept.iter()
        .filter(|(server, _)| server.starts_with("https://"))
        .filter(|(server, _)| asked.is_none_or(|asked| is_below(asked, server)))
        .map(|(server, token)| format!("{server}\n\nAuthorization: Bearer {}\n\n", token.reveal()))
        .collect()
}

fn is_below(url: &str, server: &str) -> bool {
    url.strip_prefix(server)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_forgotten() {
        let scratch = tempfile::tempdir().unwrap();
        let directory = scratch.path().join("config/athens");
        let [a, b]: [ServerUrl; 2] =
            ["https://a.example/go/", "http://127.0.0.1:1"].map(|url| url.parse().unwrap());
        let token = PlainToken::generate().unwrap();
        let mut kept = KeptTokens::read(&directory).unwrap();
        assert!(kept.is_empty() && kept.token(&a).is_none());
        kept.keep(&a, &token).unwrap();
        let mut kept = KeptTokens::read(&directory).unwrap();
        kept.keep(&b, &token).unwrap();
        assert_eq!(kept.token(&a).unwrap().reveal(), token.reveal());
        assert!(!format!("{kept:?}").contains(token.reveal()));
        let header = format!("Authorization: Bearer {}", token.reveal());
        let answer = format!("https://a.example/go\n\n{header}\n\n");
        for (asked, said) in [
            (None, answer.as_str()),
            (Some("https://a.example/go/m/@v/list"), &answer),
            (Some("https://a.example/gone"), ""),
            (Some("https://a.example.org/go"), ""),
        ] {
            assert_eq!(goauth_answer(&kept, asked), said, "{asked:?}");
        }
        assert!(kept.forget(&a).unwrap());
        assert!(!kept.forget(&a).unwrap());
        assert!(KeptTokens::read(&directory).unwrap().token(&a).is_none());
    }

    #[test]
    fn a_file_of_another_kind_is_left() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join(FILE);
        std::fs::write(&path, r#"{"servers": "hunter2"}"#).unwrap();
        let said = KeptTokens::read(scratch.path()).unwrap_err().to_string();
        assert!(said.contains("chmod 600"), "{said}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let said = KeptTokens::read(scratch.path()).unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
    }
}
