//! What to set the go command to, so that it reads from a server. Pure.

use std::path::Path;

use super::globs::{list, overlap};
use super::go_command::GoSettings;
use super::server::ServerUrl;
use crate::module::PathPatterns;

/// One setting of the go command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoSetting {
    /// Its name.
    pub name: &'static str,
    /// What it is to be; `None` for what it is by default.
    pub value: Option<String>,
}

impl GoSetting {
    /// Sets it to something.
    #[must_use]
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: Some(value.into()),
        }
    }

    /// Sets it to what it is by default.
    #[must_use]
    pub fn unset(name: &'static str) -> Self {
        Self { name, value: None }
    }

    /// `NAME=VALUE`.
    #[must_use]
    pub fn assignment(&self) -> Option<String> {
        let value = self.value.as_ref()?;
        Some(format!("{}={value}", self.name))
    }

    /// The line for a shell.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.value {
            Some(value) => format!("go env -w {}={}", self.name, quoted(value)),
            None => format!("go env -u {}", self.name),
        }
    }
}

/// A word for a shell.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:,=@%+-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The settings with which the go command reads from a server, as far as they are not so already.
///
/// `private` are patterns of modules that are the server's own: no checksum database knows them, and what `GOPRIVATE` or
/// `GONOPROXY` names is not asked of any proxy.
#[must_use]
pub fn reading_from(
    server: &ServerUrl,
    private: Option<&PathPatterns>,
    now: &GoSettings,
) -> Vec<GoSetting> {
    let mut settings = Vec::new();
    let url = server.to_string();
    let first = now.get("GOPROXY").split([',', '|']).next();
    if first.map(|first| first.trim_end_matches('/')) != Some(url.as_str()) {
        settings.push(GoSetting::new("GOPROXY", url));
    }
    if let Some(private) = private {
        let private = private.to_string();
        settings.extend(past_the_proxy(&private, now));
        settings.extend(unsummed(&private, now));
    }
    settings
}

/// `GONOPROXY` without what is on the server.
pub fn past_the_proxy(private: &str, now: &GoSettings) -> Option<GoSetting> {
    let bypassed: Vec<&str> = list(now.get("GONOPROXY")).collect();
    let kept: Vec<&str> = bypassed
        .iter()
        .copied()
        .filter(|glob| !list(private).any(|private| overlap(glob, private)))
        .collect();
    if kept.len() == bypassed.len() {
        return None;
    }
    let value = if kept.is_empty() {
        "none".to_owned()
    } else {
        kept.join(",")
    };
    Some(GoSetting::new("GONOPROXY", value))
}

/// `GONOSUMDB` with what is on the server.
pub fn unsummed(private: &str, now: &GoSettings) -> Option<GoSetting> {
    if now.get("GOSUMDB") == "off" {
        return None;
    }
    let mut globs: Vec<&str> = list(now.get("GONOSUMDB")).collect();
    let before = globs.len();
    for glob in list(private) {
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    (globs.len() > before).then(|| GoSetting::new("GONOSUMDB", globs.join(",")))
}

/// `GOAUTH` with a program before what is there; `None` if it is there already.
///
/// # Errors
///
/// If the program's path can not stand there.
pub fn goauth_with(program: &Path, now: &GoSettings) -> Result<Option<GoSetting>, String> {
    let command = goauth_command(program)?;
    let others = goauth_others(now);
    if others.len() < goauth_entries(now).len() {
        return Ok(None);
    }
    let value = [vec![command.as_str()], others].concat().join("; ");
    Ok(Some(GoSetting::new("GOAUTH", value)))
}

/// `GOAUTH` without our program; `None` if it is not there.
#[must_use]
pub fn goauth_without(now: &GoSettings) -> Option<GoSetting> {
    let others = goauth_others(now);
    if others.len() == goauth_entries(now).len() {
        return None;
    }
    Some(match others.as_slice() {
        [] | ["netrc"] => GoSetting::unset("GOAUTH"),
        others => GoSetting::new("GOAUTH", others.join("; ")),
    })
}

fn goauth_entries(now: &GoSettings) -> Vec<&str> {
    let entries = now.get("GOAUTH").split(';').map(str::trim);
    // `off` does not go with others.
    entries
        .filter(|entry| !entry.is_empty() && *entry != "off")
        .collect()
}

fn goauth_others(now: &GoSettings) -> Vec<&str> {
    let is_ours = |entry: &str| {
        entry
            .strip_suffix(" credentials")
            .is_some_and(|program| program.trim_matches(['\'', '"']).ends_with("athens"))
    };
    goauth_entries(now)
        .into_iter()
        .filter(|entry| !is_ours(entry))
        .collect()
}

/// The program and its argument, in the go command's own quotes.
fn goauth_command(program: &Path) -> Result<String, String> {
    let refused = || {
        format!(
            "GOAUTH can not name the program {}: put it where its path has no quotes and no semicolon",
            program.display()
        )
    };
    let text = program.to_str().ok_or_else(refused)?;
    if text.contains(['\'', '"', ';', '\n']) {
        return Err(refused());
    }
    Ok(if text.contains(char::is_whitespace) {
        format!("'{text}' credentials")
    } else {
        format!("{text} credentials")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> GoSettings {
        let pairs = pairs.iter();
        GoSettings::new(
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn what_is_set() {
        let server: ServerUrl = "https://goproxy.corp.example".parse().unwrap();
        for (private, now, lines) in [
            (
                "",
                &[("GOPROXY", "https://other.example,direct")][..],
                "go env -w GOPROXY=https://goproxy.corp.example",
            ),
            (
                "",
                &[("GOPROXY", "https://goproxy.corp.example/,direct")],
                "",
            ),
            (
                "corp.example/*",
                &[("GOPROXY", "https://goproxy.corp.example")],
                "go env -w GONOSUMDB='corp.example/*'",
            ),
            // GOPRIVATE is the default of both.
            (
                "corp.example/*,b.example",
                &[
                    ("GOPROXY", "https://goproxy.corp.example"),
                    ("GONOSUMDB", "corp.example/*"),
                    ("GONOPROXY", "corp.example/*"),
                ],
                "go env -w GONOPROXY=none\ngo env -w GONOSUMDB='corp.example/*,b.example'",
            ),
            (
                "corp.example/*",
                &[
                    ("GOPROXY", "https://goproxy.corp.example"),
                    ("GOSUMDB", "off"),
                    ("GONOPROXY", "*.corp.example,x.example/y"),
                ],
                "",
            ),
            (
                "corp.example/*",
                &[
                    ("GOPROXY", "https://goproxy.corp.example"),
                    ("GOSUMDB", "off"),
                    ("GONOPROXY", "corp.example,x.example/y"),
                ],
                "go env -w GONOPROXY=x.example/y",
            ),
        ] {
            let private = (!private.is_empty()).then(|| private.parse().unwrap());
            let set = reading_from(&server, private.as_ref(), &settings(now));
            let said: Vec<String> = set.iter().map(GoSetting::line).collect();
            assert_eq!(said.join("\n"), lines, "{now:?}");
        }
    }

    #[test]
    fn goauth() {
        let with = |program: &str, now: &str| {
            goauth_with(Path::new(program), &settings(&[("GOAUTH", now)]))
                .map(|setting| setting.map_or_else(String::new, |setting| setting.line()))
        };
        for (program, now, line) in [
            (
                "athens",
                "netrc",
                "go env -w GOAUTH='athens credentials; netrc'",
            ),
            ("athens", "off", "go env -w GOAUTH='athens credentials'"),
            (
                "/opt/athens",
                "",
                "go env -w GOAUTH='/opt/athens credentials'",
            ),
            (
                "/a b/athens",
                "git /x",
                r"go env -w GOAUTH=''\''/a b/athens'\'' credentials; git /x'",
            ),
            ("athens", "netrc; '/a b/athens' credentials", ""),
        ] {
            assert_eq!(with(program, now).as_deref(), Ok(line), "{now}");
        }
        assert!(with("/a;b/athens", "").is_err());
        let without = |now| goauth_without(&settings(&[("GOAUTH", now)]));
        assert_eq!(without("netrc"), None);
        for (now, line) in [
            ("athens credentials; netrc", "go env -u GOAUTH"),
            ("/x/athens credentials", "go env -u GOAUTH"),
            (
                "athens credentials; git /x; netrc",
                "go env -w GOAUTH='git /x; netrc'",
            ),
        ] {
            assert_eq!(without(now).unwrap().line(), line, "{now}");
        }
    }
}
