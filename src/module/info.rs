//! The content of `.info` files and of `@latest`.

use super::info_json::{MAX_DEPTH, Members, depth};
use super::module_version::{InvalidModuleVersion, ModuleVersion};
use super::path::ModulePath;
use super::time::{InvalidTime, Time};
use super::version::{InvalidVersion, Version};
use std::str::FromStr;

/// Bytes that are no `.info` a `go` command would take.
#[derive(Debug, thiserror::Error)]
#[error("malformed version info: {kind}")]
pub struct InvalidInfo {
    /// What is wrong with it.
    #[source]
    pub kind: InfoFault,
}

/// Why an `.info` is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InfoFault {
    /// More than [`Info::MAX_LEN`] bytes; the number is in the variant.
    #[error("it has {0} bytes, more than {max}", max = Info::MAX_LEN)]
    TooLong(usize),
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8(#[source] std::str::Utf8Error),
    /// Nothing, or JSON that is no object, or a byte order mark before it.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// Arrays or objects nested deeper than Go follows.
    #[error("it is nested too deeply")]
    TooDeep,
    /// Broken JSON, text after the object included.
    #[error("it is not valid JSON")]
    Syntax(#[source] serde_json::Error),
    /// A member of a wrong type; its name is in the variant.
    #[error("the member {0:?} has a wrong type")]
    WrongType(&'static str),
    /// `Time` is no RFC 3339 time.
    #[error("the member \"Time\" is wrong: {0}")]
    Time(#[source] InvalidTime),
}

/// An `.info` that belongs to something else than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongInfo {
    /// It names another version.
    #[error("the version info is about version {found:?} instead of {wanted}")]
    OtherVersion {
        /// The version that the info names, as written.
        found: String,
        /// The version that it should name.
        wanted: Version,
    },
    /// It names no canonical version.
    #[error("the version info names no canonical version")]
    NotCanonical(#[source] InvalidVersion),
    /// It names a version that the module cannot have.
    #[error("the version info names a version of another module")]
    Misfit(#[source] InvalidModuleVersion),
}

/// What is known of a version: the JSON object `{"Version": …, "Time": …, "Origin": …}`.
///
/// Reading is as strict and as lenient as the `go` command's: names match in any case, other members are ignored, of
/// two equal names the later counts, `null` counts as absent. It refuses a byte order mark, text after the object, an
/// empty or non-RFC 3339 `Time`, an `Origin` that is no object or whose known members are no strings. Two deliberate
/// differences: Go reads a bare `null` as an empty info, and replaces broken UTF-8 and lone surrogates in strings; here
/// both are refused. The version may be any text, also none: [`Info::check_for`] and [`Info::module_version`] judge it.
///
/// Source: Go Modules Reference, "GOPROXY protocol"; Go's `encoding/json` and `time.Time`.
///
/// ```
/// use athens::module::{Info, Time};
///
/// let info = Info::parse(br#"{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}"#)?;
/// assert_eq!(info.version(), "v1.0.0");
/// let same = Info::new(&"v1.0.0".parse().unwrap(), info.time());
/// assert_eq!(same.to_json(), r#"{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}"#);
/// assert!(Info::parse(b"").is_err());
/// # Ok::<(), athens::module::InvalidInfo>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    version: String,
    time: Option<Time>,
    origin: Option<String>,
}

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

impl Info {
    /// The most bytes that [`Info::parse`] looks at: 1 MiB. Real ones have some hundreds.
    pub const MAX_LEN: usize = 1 << 20;

    /// The info of a version whose time is known, or not.
    pub fn new(version: &Version, time: Option<Time>) -> Self {
        Self {
            version: version.as_str().to_owned(),
            time,
            origin: None,
        }
    }

    /// Reads the bytes of an `.info` file or an answer.
    ///
    /// # Errors
    ///
    /// When a `go` command would not take them, and in the few cases that the type's documentation names.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidInfo> {
        read(bytes).map_err(|kind| InvalidInfo { kind })
    }

    /// The version as written; empty when the object names none.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The commit time, if the object names one.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// The `Origin` object as JSON text, as written.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Checks that the info is about this version and no other: byte for byte, since `go` refuses any other spelling.
    ///
    /// # Errors
    ///
    /// [`WrongInfo::OtherVersion`].
    pub fn check_for(&self, wanted: &ModuleVersion) -> Result<(), WrongInfo> {
        if self.version == wanted.version().as_str() {
            return Ok(());
        }
        Err(WrongInfo::OtherVersion {
            found: self.version.clone(),
            wanted: wanted.version().clone(),
        })
    }

    /// The version that a query on this module gave. `go` breaks when it is not canonical or does not fit the path.
    ///
    /// # Errors
    ///
    /// [`WrongInfo::NotCanonical`] or [`WrongInfo::Misfit`].
    pub fn module_version(&self, path: &ModulePath) -> Result<ModuleVersion, WrongInfo> {
        let version = self.version.parse().map_err(WrongInfo::NotCanonical)?;
        ModuleVersion::new(path.clone(), version).map_err(WrongInfo::Misfit)
    }

    /// One JSON object without blanks or a final newline: `{"Version":"…","Time":"…"}`, `Time` in UTC and only when
    /// known, then `Origin` as it was read.
    pub fn to_json(&self) -> String {
        let version = serde_json::Value::from(self.version.as_str());
        let mut json = format!("{{\"Version\":{version}");
        if let Some(time) = self.time {
            json.push_str(&format!(",\"Time\":\"{time}\""));
        }
        if let Some(origin) = &self.origin {
            json.push_str(&format!(",\"Origin\":{origin}"));
        }
        json.push('}');
        json
    }
}

fn read(bytes: &[u8]) -> Result<Info, InfoFault> {
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

    fn parse(json: &str) -> Result<Info, InvalidInfo> {
        Info::parse(json.as_bytes())
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
        assert!(Info::parse(b"{\"x\":\"\xff\"}").is_err());
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |n: usize| format!("{{\"x\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&nested(MAX_DEPTH - 1)).is_ok());
        assert!(matches!(
            parse(&nested(MAX_DEPTH)).unwrap_err().kind,
            InfoFault::TooDeep
        ));
        let long = format!("{{{}}}", " ".repeat(Info::MAX_LEN));
        assert!(matches!(
            parse(&long).unwrap_err().kind,
            InfoFault::TooLong(_)
        ));
    }

    #[test]
    fn origin_comes_back_as_written() {
        let json = r#"{"Version":"v1.0.0","Origin":{ "VCS":"git", "Ref":null, "New":5 }}"#;
        let info = parse(json).unwrap();
        assert_eq!(
            info.origin(),
            Some(r#"{ "VCS":"git", "Ref":null, "New":5 }"#)
        );
        assert_eq!(info.to_json(), json);
    }

    #[test]
    fn writes_what_go_writes() {
        let version = "v1.0.0-RC1".parse().unwrap();
        assert_eq!(
            Info::new(&version, None).to_json(),
            r#"{"Version":"v1.0.0-RC1"}"#
        );
        assert_eq!(
            Info::new(&version, Some(Time::from_unix(0))).to_json(),
            r#"{"Version":"v1.0.0-RC1","Time":"1970-01-01T00:00:00Z"}"#
        );
        assert_eq!(
            parse(r#"{"Version":"a\"\n"}"#).unwrap().to_json(),
            r#"{"Version":"a\"\n"}"#
        );
    }

    #[test]
    fn belongs_to_one_version() {
        let path: ModulePath = "a.b/m".parse().unwrap();
        let wanted = ModuleVersion::new(path.clone(), "v1.0.0".parse().unwrap()).unwrap();
        let info = |version: &str| parse(&format!("{{\"Version\":{version:?}}}")).unwrap();
        assert_eq!(info("v1.0.0").check_for(&wanted), Ok(()));
        assert!(info("v1.0").check_for(&wanted).is_err());
        assert_eq!(info("v1.0.0").module_version(&path), Ok(wanted));
        assert!(matches!(
            info("main").module_version(&path),
            Err(WrongInfo::NotCanonical(_))
        ));
        assert!(matches!(
            info("v2.0.0").module_version(&path),
            Err(WrongInfo::Misfit(_))
        ));
    }
}
