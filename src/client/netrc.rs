//! `.netrc`, as the go command, curl and ftp read it.

use super::credentials::Credentials;
use super::server::ServerUrl;

/// The login of a server in the text of a `.netrc`: of `machine HOST:PORT` if there is one, else of `machine HOST`.
///
/// `default` does not count (nor does it for the go command): it would send a password to whoever is named. Macros are
/// skipped. There are no errors, for whatever is not understood may be somebody else's.
pub(super) fn login(text: &str, server: &ServerUrl) -> Option<Credentials> {
    let exact = format!("{}:{}", server.host(), server.port());
    let mut found: Option<Credentials> = None;
    for entry in entries(text) {
        let Some(password) = entry.password else {
            continue;
        };
        let credentials = || Credentials::password(entry.login.unwrap_or_default(), password);
        if entry.machine.eq_ignore_ascii_case(&exact) {
            return Some(credentials());
        }
        if entry.machine.eq_ignore_ascii_case(server.host()) && found.is_none() {
            found = Some(credentials());
        }
    }
    found
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

    fn found(text: &str, server: &str) -> Option<String> {
        login(text, &server.parse().unwrap()).map(|credentials| credentials.header())
    }

    #[test]
    fn the_login_of_a_machine() {
        let text = "# machine no.example password x\n\
                    machine a.example login me password one\n\
                    machine a.example:3000\n  login me\n  password two\n\
                    macdef init\nmachine m.example password no\n\n\
                    machine b.example password three account x\n\
                    machine nothing.example login me\n\
                    default login anonymous password user@site\n";
        let basic =
            |name: &str, password: &str| Some(Credentials::password(name, password).header());
        for (server, login) in [
            ("https://a.example", basic("me", "one")),
            ("https://A.example/go", basic("me", "one")),
            ("http://a.example:3000", basic("me", "two")),
            ("http://a.example:3001", basic("me", "one")),
            ("https://b.example", basic("", "three")),
            ("https://m.example", None),
            ("https://no.example", None),
            ("https://nothing.example", None),
            ("https://other.example", None),
        ] {
            assert_eq!(found(text, server), login, "{server}");
        }
        assert_eq!(found("machine", "https://a.example"), None);
        assert_eq!(found("password x login", "https://a.example"), None);
    }
}
