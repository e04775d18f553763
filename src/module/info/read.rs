//! Reading an `.info` as the `go` command does.

use super::super::time::Time;
use super::json::{MAX_DEPTH, Members, depth};
use super::{Info, InfoFault};
use std::str::FromStr;

/// The members of `Origin` that clients read, all strings.
const ORIGIN_MEMBERS: [&str; 8] = [
    "vcs",
    "url",
    "subdir",
    "hash",
    "tagprefix",
    "tagsum",
    "ref",
    "reposum",
];

/// Reads the bytes of an `.info`.
pub(super) fn read(bytes: &[u8]) -> Result<Info, InfoFault> {
    if bytes.len() > Info::MAX_LEN {
        return Err(InfoFault::TooLong(bytes.len()));
    }
    let json = std::str::from_utf8(bytes).map_err(InfoFault::NotUtf8)?;
    if depth(json) > MAX_DEPTH {
        return Err(InfoFault::TooDeep);
    }
    let mut info = Info {
        version: String::new(),
        time: None,
        origin: None,
    };
    for (name, value) in object(json)?.iter() {
        match name.as_str() {
            "version" => {
                if let Some(version) = string_or_null("Version", value)? {
                    info.version = version;
                }
            }
            "time" => {
                if let Some(time) = time_or_null(value)? {
                    info.time = Some(time);
                }
            }
            "origin" => info.origin = origin_or_null(value)?,
            _ => {}
        }
    }
    Ok(info)
}

fn object(json: &str) -> Result<Members<'_>, InfoFault> {
    let start = json.trim_start_matches([' ', '\t', '\r', '\n']);
    if !start.starts_with('{') {
        return Err(InfoFault::NotAnObject);
    }
    serde_json::from_str(start).map_err(InfoFault::Syntax)
}

fn string_or_null(name: &'static str, json: &str) -> Result<Option<String>, InfoFault> {
    serde_json::from_str(json).map_err(|_| InfoFault::WrongType(name))
}

/// Go looks at the text between the quotes and does not decode escapes in it.
fn time_or_null(json: &str) -> Result<Option<Time>, InfoFault> {
    if json == "null" {
        return Ok(None);
    }
    let text = json
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or(InfoFault::WrongType("Time"))?;
    Time::from_str(text).map(Some).map_err(InfoFault::Time)
}

fn origin_or_null(json: &str) -> Result<Option<String>, InfoFault> {
    if json == "null" {
        return Ok(None);
    }
    let members = object(json).map_err(|_| InfoFault::WrongType("Origin"))?;
    for (name, value) in members.iter() {
        if ORIGIN_MEMBERS.contains(&name.as_str()) {
            string_or_null("Origin", value)?;
        }
    }
    Ok(Some(json.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Info, InfoFault> {
        read(json.as_bytes())
    }

    #[test]
    fn accepts() {
        for (json, version, time) in [
            ("{}", "", None),
            (r#"{"Version":"v1.0.0"}"#, "v1.0.0", None),
            (r#"{"Version":"v1.0.0","Time":null}"#, "v1.0.0", None),
            (
                r#"{"version":"v1.0.0","TIME":"2006-01-02T15:04:05Z"}"#,
                "v1.0.0",
                Some("2006-01-02T15:04:05Z"),
            ),
            (" \r\n\t{ \"Ver\u{17F}ion\" : \"v1\" } \n", "v1", None),
            (r#"{"Version":"a","Version":"b"}"#, "b", None),
            (r#"{"Version":"a","Version":null}"#, "a", None),
            (r#"{"Version":"\u0076\/1"}"#, "v/1", None),
            (r#"{"Name":5,"Short":[],"x":{"Version":1}}"#, "", None),
            (
                r#"{"Time":"2006-01-02T15:04:05.5-01:00"}"#,
                "",
                Some("2006-01-02T16:04:05.5Z"),
            ),
            (r#"{"x":"\ud800","\ud800":1}"#, "", None),
        ] {
            let info = parse(json).unwrap();
            assert_eq!(info.version(), version, "{json}");
            assert_eq!(
                info.time().map(|t| t.to_string()).as_deref(),
                time,
                "{json}"
            );
        }
    }

    #[test]
    fn refuses() {
        for json in [
            "",
            " ",
            "null",
            "[]",
            "\"v1.0.0\"",
            "1",
            "\u{FEFF}{}",
            "{}x",
            "{}{}",
            "{},",
            "{",
            "{\"Version\":}",
            "{\"Version\":\"a\",}",
            "{'Version':'a'}",
            "{Version:\"a\"}",
            "{\"Version\":1}",
            "{\"Version\":{}}",
            "{\"Version\":\"a\nb\"}",
            "{\"x\":01}",
            "{\"x\":\"\\x\"}",
            "{\"x\":\"\\u12\"}",
            "{\"Time\":\"\"}",
            "{\"Time\":1}",
            "{\"Time\":{}}",
            "{\"Time\":\"2006-01-02\"}",
            "{\"Time\":\"2006-01-02T15:04:05\\u005a\"}",
            "{\"Time\":\"\",\"Time\":null}",
            "{\"Origin\":1}",
            "{\"Origin\":[]}",
            "{\"Origin\":\"git\"}",
            "{\"Origin\":{\"url\":1}}",
            "{\"Version\":\"\\ud800\"}",
            "{}\0",
        ] {
            assert!(parse(json).is_err(), "{json:?}");
        }
        assert!(read(b"{\"x\":\"\xff\"}").is_err());
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |n: usize| format!("{{\"x\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(matches!(
            parse(&nested(MAX_DEPTH)).unwrap_err(),
            InfoFault::TooDeep
        ));
        let long = format!("{{{}}}", " ".repeat(Info::MAX_LEN));
        assert!(matches!(parse(&long).unwrap_err(), InfoFault::TooLong(_)));
    }
}
