//! `.netrc` as the go command reads it, quirks included: what it does not see, it does not send.

use super::Credentials;

/// An entry that the go command uses: it has all three. `Debug` shows nothing of it.
pub struct GoNetrcEntry<'a> {
    /// The machine, with its port if that is not the usual one.
    pub machine: &'a str,
    /// The user name.
    pub login: &'a str,
    /// The password.
    pub password: &'a str,
}

impl std::fmt::Debug for GoNetrcEntry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GoNetrcEntry(..)")
    }
}

impl GoNetrcEntry<'_> {
    /// What is sent.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::password(self.login, self.password)
    }
}

/// The entries of a text that the go command sees; of several for one machine, the first counts.
///
/// It reads pairs of words, line by line: a keyword whose value is on the next line is lost, an entry without a user name
/// is none, and a macro ends at an empty line only, or never.
#[must_use]
pub fn go_netrc_entries(text: &str) -> Vec<GoNetrcEntry<'_>> {
    let mut found = Vec::new();
    let (mut machine, mut login, mut password) = ("", "", "");
    let mut in_macro = false;
    for line in text.split('\n') {
        if in_macro {
            in_macro = !line.is_empty();
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.chunks_exact(2) {
            match pair[0] {
                "machine" => (machine, login, password) = (pair[1], "", ""),
                "login" => login = pair[1],
                "password" => password = pair[1],
                "macdef" => in_macro = true,
                _ => {}
            }
            if !machine.is_empty() && !login.is_empty() && !password.is_empty() {
                found.push(GoNetrcEntry {
                    machine,
                    login,
                    password,
                });
                (machine, login, password) = ("", "", "");
            }
        }
        // What follows `default` on its own line is not read any more.
        if words.len() % 2 == 1 && words.last() == Some(&"default") {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_sees() {
        for (text, seen) in [
            ("machine a.example login me password x", "a.example me x"),
            ("machine a.example password x login me", "a.example me x"),
            (
                "machine a.example\n\tlogin me\r\n\tpassword x",
                "a.example me x",
            ),
            ("machine a.example password x", ""),
            ("machine\na.example login me password x", ""),
            ("machine a.example login\nme password x", ""),
            (
                "machine a.example account acc login me password x",
                "a.example me x",
            ),
            // Pairs of words: a comment of even length hides nothing behind it.
            (
                "# note machine a.example login me password x",
                "a.example me x",
            ),
            ("# machine a.example login me password x", ""),
            (
                "machine m login l macdef init\nmachine a login b password c\n\nmachine b login c password d",
                "b c d",
            ),
            ("macdef init\nx\n \nmachine a login b password c", ""),
            ("default\nmachine a login b password c", ""),
            (
                "default login anonymous password p\nmachine a login b password c",
                "a b c",
            ),
        ] {
            let entries: Vec<String> = go_netrc_entries(text)
                .iter()
                .map(|entry| format!("{} {} {}", entry.machine, entry.login, entry.password))
                .collect();
            assert_eq!(entries.join(";"), seen, "{text:?}");
        }
    }
}
