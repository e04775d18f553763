//! The content of `.info` files and of `@latest`.

mod error;
mod json;
mod read;

pub use error::{InfoFault, InvalidInfo, WrongInfo};

use super::module_version::ModuleVersion;
use super::path::ModulePath;
use super::time::Time;
use super::version::Version;

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
        read::read(bytes).map_err(|kind| InvalidInfo { kind })
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

    /// The same for another version: time and origin stay.
    #[must_use]
    pub fn named(self, version: &Version) -> Self {
        Self {
            version: version.as_str().to_owned(),
            ..self
        }
    }

    /// The same with this time, if it has none.
    #[must_use]
    pub fn or_time(self, time: Time) -> Self {
        Self {
            time: self.time.or(Some(time)),
            ..self
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Info, InvalidInfo> {
        Info::parse(json.as_bytes())
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
