//! From the raw path of a request to what is asked for: decoded once, here, and never again.
//!
//! The go command sends `url.PathEscape` of the escaped path, so `!` comes as `%21`, a space as `%20`, a comma as
//! `%2C`; other clients send them as they are. Both mean the same. `+` is a plus: this is a path, not a form.
//!
//! What cannot be a path at all (broken escapes, encoded separators, `..`) is *bad*: no client of ours sends it, it
//! is a probe or a bug. What is a path but no file of a module is *absent*, a 404: the go command asks for every
//! prefix of a package's path and must be able to go on.

use percent_encoding::percent_decode;

use crate::module::{EscapedPath, ModulePath, Version, VersionQuery};

/// What a client asks for.
///
/// ```
/// use athens::http::{ProxyRequest, Target};
///
/// let request = ProxyRequest::parse("/example.com/%21corp/lib/@v/list").unwrap();
/// assert_eq!(request.module.as_str(), "example.com/Corp/lib");
/// assert_eq!(request.target, Target::List);
/// assert!(ProxyRequest::parse("/example.com/..%2flib/@v/list").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProxyRequest {
    /// The module.
    pub module: ModulePath,
    /// What of it.
    pub target: Target,
}

/// Which of a module's files (Go Modules Reference, "GOPROXY protocol").
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// `@v/list`
    List,
    /// `@latest`
    Latest,
    /// `@v/<version or revision>.info`
    Info(VersionQuery),
    /// `@v/<version>.mod`
    Mod(Version),
    /// `@v/<version>.zip`
    Zip(Version),
}

/// Why a path asks for nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoRequest {
    /// It is no path: what is wrong with it.
    #[error("{0}")]
    Bad(&'static str),
    /// It is no file of a module: a sentence.
    #[error("{0}")]
    Absent(String),
}

/// Longest path that is looked at, decoded. No file system has longer ones; x/mod sets no limit.
const LONGEST_PATH: usize = 4096;

const NO_FILE: &str = "not found: this server has <module>/@v/list, <module>/@latest and <module>/@v/<version>.info, \
    .mod and .zip";

impl ProxyRequest {
    /// Reads a raw path, with its leading slash and without a query.
    ///
    /// # Errors
    /// [`NoRequest::Bad`] if it can be no path of a server like this, [`NoRequest::Absent`] if it is one and asks for no
    /// file of a module.
    pub fn parse(raw: &str) -> Result<Self, NoRequest> {
        let path = clean(raw)?;
        if let Some(module) = path.strip_suffix("/@latest") {
            return Ok(Self {
                module: module_path(module)?,
                target: Target::Latest,
            });
        }
        let (module, file) = path.split_once("/@v/").ok_or_else(|| absent(NO_FILE))?;
        Ok(Self {
            module: module_path(module)?,
            target: Target::parse(file)?,
        })
    }
}

impl Target {
    /// The version, or what stands for one, that is asked for.
    pub(super) fn version(&self) -> Option<&str> {
        match self {
            Self::List | Self::Latest => None,
            Self::Info(VersionQuery::Revision(revision)) => Some(revision.as_str()),
            Self::Info(VersionQuery::Version(version))
            | Self::Mod(version)
            | Self::Zip(version) => Some(version.as_str()),
        }
    }

    /// Reads what stands after `@v/`.
    fn parse(file: &str) -> Result<Self, NoRequest> {
        if file == "list" {
            return Ok(Self::List);
        }
        // An `@v` folder has no folders in it; a revision with a slash never reaches a proxy.
        let (stem, suffix) = match file.rsplit_once('.') {
            Some((stem, suffix)) if !file.contains('/') => (stem, suffix),
            _ => return Err(absent(NO_FILE)),
        };
        let target = match suffix {
            "info" => return query(stem).map(Self::Info),
            "mod" => Self::Mod,
            "zip" => Self::Zip,
            // `.lock`, `.ziphash`, `.partial`, `.tmp` of a module cache: not for anybody else.
            _ => return Err(absent(NO_FILE)),
        };
        match query(stem)? {
            VersionQuery::Version(version) => Ok(target(version)),
            VersionQuery::Revision(revision) => Err(NoRequest::Absent(format!(
                "not found: {} is not a canonical version, and only those have a .{suffix} file",
                revision.as_str()
            ))),
        }
    }
}

fn query(stem: &str) -> Result<VersionQuery, NoRequest> {
    VersionQuery::from_escaped(stem)
        .map_err(|error| NoRequest::Absent(format!("not found: {error}")))
}

pub(super) fn module_path(escaped: &str) -> Result<ModulePath, NoRequest> {
    match escaped.parse::<EscapedPath>() {
        Ok(path) => Ok(path.module_path().clone()),
        Err(error) => Err(NoRequest::Absent(format!("not found: {error}"))),
    }
}

pub(super) fn absent(sentence: &str) -> NoRequest {
    NoRequest::Absent(sentence.to_owned())
}

/// A raw path, decoded, without its leading slash: elements that are neither empty nor dots, with `/` between them.
pub(super) fn clean(raw: &str) -> Result<String, NoRequest> {
    let mut path = decode(raw)?;
    if !path.starts_with('/') {
        return Err(NoRequest::Bad("the path does not start with a slash"));
    }
    path.remove(0);
    check_elements(&path)?;
    if path.len() > LONGEST_PATH {
        return Err(absent("not found: the path is longer than any module's"));
    }
    Ok(path)
}

/// Decodes percent escapes, once, and refuses what no path of ours can hold.
///
/// Threat: a separator that appears only after decoding (`%2F`, `%5C`, a NUL that ends a C string) moves the border
/// between what was checked and what is opened. The same text decoded twice (`%252e`) would do so too: what is left
/// after the one decoding is taken as it is, and a `%` in it is just a character that no module path has.
fn decode(raw: &str) -> Result<String, NoRequest> {
    let bytes = raw.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%' {
            let escape = bytes.get(at + 1..at + 3);
            match escape {
                Some(b"2F" | b"2f") => return Err(NoRequest::Bad("the path has an encoded slash")),
                Some(b"5C" | b"5c") => {
                    return Err(NoRequest::Bad("the path has an encoded backslash"));
                }
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => at += 3,
                _ => {
                    return Err(NoRequest::Bad(
                        "the path has a % that is not followed by two hexadecimal digits",
                    ));
                }
            }
        } else {
            at += 1;
        }
    }
    let path = percent_decode(bytes)
        .decode_utf8()
        .map_err(|_| NoRequest::Bad("the path is not UTF-8"))?;
    if path.contains(char::is_control) {
        return Err(NoRequest::Bad("the path has a control character"));
    }
    if path.contains('\\') {
        return Err(NoRequest::Bad("the path has a backslash"));
    }
    Ok(path.into_owned())
}

fn check_elements(path: &str) -> Result<(), NoRequest> {
    for element in path.split('/') {
        match element {
            "" => return Err(NoRequest::Bad("the path has an empty element")),
            "." | ".." => return Err(NoRequest::Bad("the path has an element of dots only")),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `module target` of an accepted path.
    fn parsed(raw: &str) -> String {
        let request = ProxyRequest::parse(raw).unwrap_or_else(|error| panic!("{raw}: {error:?}"));
        let target = match &request.target {
            Target::List => "list".to_owned(),
            Target::Latest => "latest".to_owned(),
            Target::Info(VersionQuery::Version(version)) => format!("info {version}"),
            Target::Info(VersionQuery::Revision(revision)) => {
                format!("info? {}", revision.as_str())
            }
            Target::Mod(version) => format!("mod {version}"),
            Target::Zip(version) => format!("zip {version}"),
        };
        format!("{} {target}", request.module)
    }

    #[test]
    fn accepted() {
        for (raw, expected) in [
            ("/example.com/m/@v/list", "example.com/m list"),
            ("/example.com/m/@latest", "example.com/m latest"),
            ("/example.com/m/%40v/list", "example.com/m list"),
            ("/example.com/m/%40latest", "example.com/m latest"),
            ("/example.com/m/@v/v1.2.3.info", "example.com/m info v1.2.3"),
            ("/example.com/m/@v/v1.2.3.mod", "example.com/m mod v1.2.3"),
            ("/example.com/m/@v/v1.2.3.zip", "example.com/m zip v1.2.3"),
            (
                "/example.com/!ab!c/@v/v1.0.0-!r!c1.info",
                "example.com/AbC info v1.0.0-RC1",
            ),
            (
                "/example.com/%21ab%21c/@v/v1.0.0-%21r%21c1.info",
                "example.com/AbC info v1.0.0-RC1",
            ),
            (
                "/example.com/!ab%21c/@v/v1.0.0-%21r!c1.zip",
                "example.com/AbC zip v1.0.0-RC1",
            ),
            ("/%65xample.com/m/@v/list", "example.com/m list"),
            (
                "/example.com/m/@v/v2.0.0+incompatible.zip",
                "example.com/m zip v2.0.0+incompatible",
            ),
            (
                "/example.com/m/@v/v2.0.0%2Bincompatible.zip",
                "example.com/m zip v2.0.0+incompatible",
            ),
            (
                "/example.com/m/@v/v2.0.0%2bincompatible.mod",
                "example.com/m mod v2.0.0+incompatible",
            ),
            (
                "/example.com/m/@v/master.info",
                "example.com/m info? master",
            ),
            ("/example.com/m/@v/a%20b.info", "example.com/m info? a b"),
            ("/example.com/m/@v/a%2Cb.info", "example.com/m info? a,b"),
            ("/example.com/m/@v/a,b.info", "example.com/m info? a,b"),
            (
                "/example.com/m/@v/v1.0.0+meta.info",
                "example.com/m info? v1.0.0+meta",
            ),
            ("/example.com/m/@v/v1.info", "example.com/m info? v1"),
            ("/example.com/m/v2/@v/list", "example.com/m/v2 list"),
            ("/gopkg.in/yaml.v3/@v/list", "gopkg.in/yaml.v3 list"),
            ("/example.com/~me/m/@v/list", "example.com/~me/m list"),
        ] {
            assert_eq!(parsed(raw), expected, "{raw}");
        }
    }

    #[test]
    fn bad() {
        for (raw, what) in [
            ("", "does not start"),
            ("*", "does not start"),
            ("example.com/m/@v/list", "does not start"),
            ("/", "empty element"),
            ("//", "empty element"),
            ("//example.com/m/@v/list", "empty element"),
            ("/example.com//m/@v/list", "empty element"),
            ("/example.com/m/@v/", "empty element"),
            ("/example.com/m/@v/list/", "empty element"),
            ("/../etc/passwd", "dots only"),
            ("/%2e%2e/etc/passwd", "dots only"),
            ("/%2E./x", "dots only"),
            ("/example.com/m/@v/..", "dots only"),
            ("/example.com/./m/@v/list", "dots only"),
            ("/example.com/%2e/m/@v/list", "dots only"),
            ("/example.com%2Fm/@v/list", "encoded slash"),
            ("/example.com%2fm/@v/list", "encoded slash"),
            ("/example.com/m/@v%2flist", "encoded slash"),
            ("/..%2f..%2fetc%2fpasswd", "encoded slash"),
            ("/example.com/m%5C..%5C/@v/list", "encoded backslash"),
            ("/example.com/m%5c/@v/list", "encoded backslash"),
            ("/example.com/m\\x/@v/list", "backslash"),
            ("/example.com/m%00/@v/list", "control"),
            ("/example.com/m/@v/list%00", "control"),
            ("/example.com/m/@v/v1.0.0.zip%00.info", "control"),
            ("/example.com/m%0a/@v/list", "control"),
            ("/example.com/m%0d%0aX:y/@v/list", "control"),
            ("/example.com/m%7f/@v/list", "control"),
            ("/example.com/m%c2%85/@v/list", "control"),
            ("/example.com/%1b[31m/@v/list", "control"),
            ("/example.com/%ff/@v/list", "UTF-8"),
            ("/example.com/%c0%ae%c0%ae/@v/list", "UTF-8"),
            ("/example.com/%ed%a0%80/@v/list", "UTF-8"),
            ("/example.com/%c3/@v/list", "UTF-8"),
            ("/example.com/%/@v/list", "hexadecimal"),
            ("/example.com/%2/@v/list", "hexadecimal"),
            ("/example.com/%zz/@v/list", "hexadecimal"),
            ("/example.com/m/@v/list%", "hexadecimal"),
            ("/example.com/m/@v/list%2", "hexadecimal"),
            ("/example.com/%u002e/@v/list", "hexadecimal"),
        ] {
            match ProxyRequest::parse(raw) {
                Err(NoRequest::Bad(said)) => assert!(said.contains(what), "{raw}: {said}"),
                other => panic!("{raw}: {other:?}"),
            }
        }
    }

    #[test]
    fn absent() {
        for raw in [
            "/favicon.ico",
            "/example.com",
            "/example.com/m",
            "/example.com/m/pkg",
            "/example.com/m/@v",
            "/@v/list",
            "/@latest",
            "/latest/@v/list",
            "/example.com/M/@v/list",
            "/example.com/!M/@v/list",
            "/example.com/m!/@v/list",
            "/example.com/m/@V/list",
            "/example.com/m/@v/LIST",
            "/example.com/m/@v/List",
            "/example.com/m/@Latest",
            "/example.com/m/@latest.info",
            "/example.com/m/@v/list.info.",
            "/example.com/m/@v/v1.0.0",
            "/example.com/m/@v/v1.0.0.lock",
            "/example.com/m/@v/v1.0.0.ziphash",
            "/example.com/m/@v/v1.0.0.partial",
            "/example.com/m/@v/v1.0.0.zip123.tmp",
            "/example.com/m/@v/v1.0.0.INFO",
            "/example.com/m/@v/v1.0.0.info.sig",
            "/example.com/m/@v/master.zip",
            "/example.com/m/@v/master.mod",
            "/example.com/m/@v/v1.zip",
            "/example.com/m/@v/v1.0.0+meta.zip",
            "/example.com/m/@v/v1.0.0%20incompatible.zip",
            "/example.com/m/@v/V1.0.0.info",
            "/example.com/m/@v/.info",
            "/example.com/m/@v/.zip",
            "/example.com/m/@v/feature/x.info",
            "/example.com/m/@v/@v/list",
            "/example.com/m/@v/v1.0.0.zip/x",
            "/example.com/%252e%252e/m/@v/list",
            "/example.com/m%252f/@v/list",
            "/example.com/m%2500/@v/list",
            "/example.com/é/@v/list",
            "/example.com/%C3%A9/@v/list",
            "/example.com/m /@v/list",
            "/example.com/con/../x".trim_end_matches("/../x"),
            "/.athens/journal",
            "/.athens/staging/@v/list",
            "/example.com/.athens/@v/list",
            "/sumdb/sum.example.com/supported",
            "/.../@v/list",
        ] {
            match ProxyRequest::parse(raw) {
                Err(NoRequest::Absent(sentence)) => {
                    assert!(sentence.starts_with("not found: "), "{raw}: {sentence}");
                }
                other => panic!("{raw}: {other:?}"),
            }
        }
        let long = format!("/example.com/{}/@v/list", "a".repeat(LONGEST_PATH));
        assert!(matches!(
            ProxyRequest::parse(&long),
            Err(NoRequest::Absent(_))
        ));
    }

    proptest! {
        #[test]
        fn never_panics(raw in any::<String>()) {
            let _ = ProxyRequest::parse(&raw);
            let _ = ProxyRequest::parse(&format!("/{raw}/@v/list"));
            let _ = ProxyRequest::parse(&format!("/example.com/m/@v/{raw}.info"));
        }

        /// Any spelling of an accepted path is the same request: each byte as it is, or as an escape.
        #[test]
        fn spelling_does_not_matter(escaped in prop::collection::vec(any::<bool>(), 64)) {
            use std::fmt::Write as _;
            let plain = "/example.com/!ab/@v/v2.0.0+incompatible.zip";
            let mut spelled = String::new();
            for (byte, escape) in plain.bytes().zip(escaped.iter().cycle()) {
                if *escape && byte != b'/' {
                    write!(spelled, "%{byte:02X}").unwrap();
                } else {
                    spelled.push(char::from(byte));
                }
            }
            prop_assert_eq!(ProxyRequest::parse(&spelled), ProxyRequest::parse(plain));
        }
    }
}
