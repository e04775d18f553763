//! The text of the tokens file: JSON, hashes instead of secrets, every surprise refused.

use serde::{Deserialize, Serialize};

use super::{Grant, HashedToken, InvalidTokenName, Rights, TokenName, Tokens, parse_modules};
use crate::module::Time;

/// The format that is written, and the only one that is read.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u64,
    tokens: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: String,
    rights: Vec<String>,
    modules: String,
    created: String,
    expires: Option<String>,
}

/// What is read first: a later format may have other fields.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

/// The text for these tokens, one line a token, so that two states can be compared.
pub(super) fn write(tokens: &Tokens) -> Result<String, serde_json::Error> {
    let mut text = format!("{{\"version\":{VERSION},\"tokens\":[");
    for (at, (hash, grant)) in tokens.entries().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&serde_json::to_string(&Entry::of(hash, grant))?);
    }
    text.push_str("\n]}\n");
    Ok(text)
}

/// The tokens of this text, or what is wrong with it in a clause.
pub(super) fn read(text: &[u8]) -> Result<Tokens, String> {
    let Version { version } =
        serde_json::from_slice(text).map_err(|error| format!("it is malformed: {error}"))?;
    if version != VERSION {
        return Err(format!(
            "its format has version {version}, and this athens knows version {VERSION} only"
        ));
    }
    let document: Document =
        serde_json::from_slice(text).map_err(|error| format!("it is malformed: {error}"))?;
    let mut tokens = Tokens::default();
    for entry in document.tokens {
        let (hash, grant) = entry.read()?;
        let name = grant.name.clone();
        if !tokens.insert(hash, grant) {
            return Err(format!("the token {name} is there twice"));
        }
    }
    Ok(tokens)
}

impl Entry {
    fn of(hash: &HashedToken, grant: &Grant) -> Self {
        Self {
            name: grant.name.to_string(),
            sha256: hash.to_hex(),
            rights: grant.rights.iter().map(|right| right.to_string()).collect(),
            modules: grant.modules.to_string(),
            created: grant.created.to_string(),
            expires: grant.expires.map(|time| time.to_string()),
        }
    }

    fn read(&self) -> Result<(HashedToken, Grant), String> {
        let name: TokenName = self
            .name
            .parse()
            .map_err(|error: InvalidTokenName| error.to_string())?;
        let wrong = |error: &dyn std::fmt::Display| format!("the token {name}: {error}");
        let hash = HashedToken::from_hex(&self.sha256)
            .ok_or_else(|| wrong(&"`sha256` is not 64 small hexadecimal digits"))?;
        let time = |text: &String| text.parse::<Time>().map_err(|error| wrong(&error));
        let grant = Grant {
            rights: Rights::from_words(self.rights.iter().map(String::as_str))
                .map_err(|error| wrong(&error))?,
            modules: parse_modules(&self.modules).map_err(|error| wrong(&error))?,
            created: time(&self.created)?,
            expires: self.expires.as_ref().map(time).transpose()?,
            name: name.clone(),
        };
        Ok((hash, grant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::PlainToken;

    const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn entry(change: (&str, &str)) -> String {
        let entry = format!(
            r#"{{"name":"ci","sha256":"{SUM}","rights":["publish"],"modules":"a.b/*","created":"2026-01-02T15:04:05Z","expires":null}}"#
        );
        assert!(entry.contains(change.0), "{change:?}");
        entry.replacen(change.0, change.1, 1)
    }

    fn document(entries: &str) -> String {
        format!(r#"{{"version":1,"tokens":[{entries}]}}"#)
    }

    #[test]
    fn there_and_back() {
        let mut tokens = Tokens::default();
        for (name, expires) in [("b", None), ("a", Some(Time::from_unix(1)))] {
            let grant = Grant {
                name: name.parse().unwrap(),
                rights: "read,delete".parse().unwrap(),
                modules: "a.b/*,[c-e].f/,\"\\*".parse().unwrap(),
                expires,
                created: "2026-01-02T15:04:05.5Z".parse().unwrap(),
            };
            assert!(tokens.insert(PlainToken::generate().unwrap().hash(), grant));
        }
        let text = write(&tokens).unwrap();
        assert_eq!(text.lines().count(), 4, "{text}");
        let again = read(text.as_bytes()).unwrap();
        assert!(again.entries().eq(tokens.entries()));
        assert_eq!(write(&again).unwrap(), text);
        let empty = write(&Tokens::default()).unwrap();
        assert!(read(empty.as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn the_format_stays_what_it_is() {
        let tokens = read(document(&entry(("null", "\"2026-04-02T15:04:05Z\""))).as_bytes());
        let tokens = tokens.unwrap();
        let (hash, grant) = tokens.entries().next().unwrap();
        assert_eq!(hash.to_hex(), SUM);
        assert_eq!(grant.name.as_str(), "ci");
        assert_eq!(grant.rights.to_string(), "publish");
        assert_eq!(grant.modules.to_string(), "a.b/*");
        assert_eq!(grant.expires.unwrap().to_string(), "2026-04-02T15:04:05Z");
    }

    #[test]
    fn surprises_are_refused() {
        for (text, problem) in [
            ("", "it is malformed: EOF"),
            ("null", "it is malformed: "),
            ("[]", "it is malformed: "),
            (
                r#"{"tokens":[]}"#,
                "it is malformed: missing field `version`",
            ),
            (
                r#"{"version":2,"keys":{}}"#,
                "its format has version 2, and this athens knows version 1 only",
            ),
            (
                r#"{"version":1}"#,
                "it is malformed: missing field `tokens`",
            ),
            (
                r#"{"version":1,"tokens":[],"more":1}"#,
                "it is malformed: unknown field `more`",
            ),
            (&format!("{} x", document("")), "it is malformed: trailing"),
            (
                &document(&entry(("\"expires\"", "\"scope\":1,\"expires\""))),
                "it is malformed: unknown field `scope`",
            ),
            (
                &document(&entry(("ci", "CI"))),
                "\"CI\" is not a name for a token",
            ),
            (
                &document(&entry(("0123", "012"))),
                "the token ci: `sha256` is not 64",
            ),
            (
                &document(&entry(("[\"publish\"]", "[]"))),
                "the token ci: no right is named",
            ),
            (
                &document(&entry(("\"publish\"", "\"admin\""))),
                "the token ci: \"admin\" is not a right",
            ),
            (
                &document(&entry(("a.b/*", ""))),
                "the token ci: no module pattern",
            ),
            (
                &document(&entry(("a.b/*", "a.b/["))),
                "the token ci: malformed pattern",
            ),
            (
                &document(&entry(("null", "\"soon\""))),
                "the token ci: malformed time",
            ),
            (
                &document(&format!("{0},{0}", entry(("ci", "ci")))),
                "the token ci is there twice",
            ),
            (
                &document(&format!(
                    "{},{}",
                    entry(("ci", "one")),
                    entry(("ci", "two"))
                )),
                "the token two is there twice",
            ),
        ] {
            let said = read(text.as_bytes()).unwrap_err();
            assert!(said.starts_with(problem), "{text}: {said}");
        }
    }
}
