//! `.netrc`, as the go command, curl and ftp read it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::credentials::Credentials;

/// The longest file that is read.
const LONGEST: u64 = 1 << 20;

/// The text of a `.netrc`. `Debug` shows nothing of it.
///
/// There are no errors in it, for whatever is not understood may be somebody else's. Macros are skipped.
#[derive(Clone, Default)]
pub struct Netrc(String);

impl Netrc {
    /// Takes the text of one.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads a file; `None` if there is none. Waits for the disk.
    ///
    /// # Errors
    ///
    /// When it is there and can not be read, or has more than 1 MiB.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(io::Error::other(format!(
                "it is larger than {LONGEST} bytes"
            )));
        }
        Ok(Some(Self(String::from_utf8_lossy(&bytes).into_owned())))
    }

    /// The text, passwords and all: give it to nothing that shows it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The machines that have a password.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        entries(&self.0)
            .into_iter()
            .filter(|entry| entry.password.is_some() && !entry.machine.is_empty())
            .map(|entry| entry.machine)
    }

    /// The login of a server, its host without brackets: of `machine HOST:PORT` if there is one, else of `machine HOST`.
    ///
    /// `default` does not count (nor does it for the go command): it would send a password to whoever is named.
    #[must_use]
    pub fn login(&self, host: &str, port: u16) -> Option<Credentials> {
        // The go command writes an IPv6 address as it stands in a URL.
        let (bare, bracketed) = (format!("{host}:{port}"), format!("[{host}]:{port}"));
        let is_exact = |machine: &str| {
            machine.eq_ignore_ascii_case(&bare) || machine.eq_ignore_ascii_case(&bracketed)
        };
        let mut found: Option<Credentials> = None;
        for entry in entries(&self.0) {
            let Some(password) = entry.password else {
                continue;
            };
            let credentials = || Credentials::password(entry.login.unwrap_or_default(), password);
            if is_exact(entry.machine) {
                return Some(credentials());
            }
            if entry.machine.eq_ignore_ascii_case(host) && found.is_none() {
                found = Some(credentials());
            }
        }
        found
    }
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Netrc(..)")
    }
}

#[derive(Default)]
struct Entry<'a> {
    machine: &'a str,
    login: Option<&'a str>,
    password: Option<&'a str>,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut in_macro = false;
    for line in text.lines() {
        // A macro is what follows its name, up to an empty line.
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "machine" => entries.push(Entry {
                    machine: words.next().unwrap_or_default(),
                    ..Entry::default()
                }),
                "default" => entries.push(Entry::default()),
                "login" => set(&mut entries, words.next(), |entry| &mut entry.login),
                "password" => set(&mut entries, words.next(), |entry| &mut entry.password),
                "account" => {
                    words.next();
                }
                "macdef" => {
                    in_macro = true;
                    break;
                }
                _ if word.starts_with('#') => break,
                _ => {}
            }
        }
    }
    entries
}

fn set<'a>(
    entries: &mut [Entry<'a>],
    word: Option<&'a str>,
    field: impl for<'e> Fn(&'e mut Entry<'a>) -> &'e mut Option<&'a str>,
) {
    if let Some(entry) = entries.last_mut() {
        *field(entry) = word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, (host, port): (&str, u16)) -> Option<String> {
        let netrc = Netrc::new(text.to_owned());
        assert_eq!(format!("{netrc:?}"), "Netrc(..)");
        netrc
            .login(host, port)
            .map(|credentials| credentials.header())
    }

    #[test]
    fn the_login_of_a_machine() {
        let text = "# machine no.example password x\n\
                    machine a.example login me password one\n\
                    machine a.example:3000\n  login me\n  password two\n\
                    macdef init\nmachine m.example password no\n\n\
                    machine b.example password three account x\n\
                    machine nothing.example login me\n\
                    machine [::1]:3000 login six password four\n\
                    default login anonymous password user@site\n";
        let basic =
            |name: &str, password: &str| Some(Credentials::password(name, password).header());
        for (server, login) in [
            (("a.example", 443), basic("me", "one")),
            (("A.example", 443), basic("me", "one")),
            (("a.example", 3000), basic("me", "two")),
            (("a.example", 3001), basic("me", "one")),
            (("b.example", 443), basic("", "three")),
            (("m.example", 443), None),
            (("no.example", 443), None),
            (("nothing.example", 443), None),
            (("other.example", 443), None),
            (("::1", 3000), basic("six", "four")),
            (("::1", 443), None),
        ] {
            assert_eq!(found(text, server), login, "{server:?}");
        }
        assert_eq!(found("machine", ("a.example", 443)), None);
        assert_eq!(found("password x login", ("a.example", 443)), None);
    }

    #[test]
    fn a_file_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("netrc");
        assert!(Netrc::read(&path).unwrap().is_none());
        std::fs::write(&path, "machine a.example password x").unwrap();
        let netrc = Netrc::read(&path).unwrap().unwrap();
        assert!(netrc.login("a.example", 443).is_some());
        assert!(Netrc::read(dir.path()).is_err());
        std::fs::write(&path, vec![b'\n'; LONGEST as usize + 1]).unwrap();
        assert!(Netrc::read(&path).is_err());
    }
}
