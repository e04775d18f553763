//! Our own verdicts, in the shapes of `tests/xmod/main.go`.

use super::Request;
use athens::module::{
    EscapedPath, EscapedVersion, GoMod, Info, ModulePath, ModuleVersion, PathPatterns, Version,
    VersionFault, VersionQuery, check_file_path, compare_semver, is_semver, module_line,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What our types say to a request.
pub(super) fn verdict(request: &Request) -> Value {
    let words: Vec<&str> = request.iter().map(String::as_str).collect();
    match words[..] {
        ["path", path] => path.parse::<ModulePath>().ok().map_or(Value::Null, |path| {
            let (prefix, major) = path.split_major();
            json!([path.escaped().as_str(), prefix, major])
        }),
        ["unescape-path", escaped] => match escaped.parse::<EscapedPath>() {
            Ok(escaped) => json!(escaped.module_path().as_str()),
            Err(_) => Value::Null,
        },
        ["escape-version", word] => match word.parse::<VersionQuery>() {
            Ok(query) => json!(query.escaped().as_str()),
            Err(_) => Value::Null,
        },
        ["unescape-version", escaped] => unescape_version(escaped),
        ["version", text] => version(text),
        ["compare", a, b] => compare(a, b),
        ["sort", ref texts @ ..] => {
            let mut list: Vec<Version> = texts.iter().map(|text| valid(text)).collect();
            list.sort();
            list.iter().map(Version::as_str).collect()
        }
        ["sort-modules", ref pairs @ ..] => {
            let mut list: Vec<ModuleVersion> = pairs
                .chunks_exact(2)
                .map(|pair| {
                    ModuleVersion::new(valid(pair[0]), valid(pair[1])).expect("rows fit each other")
                })
                .collect();
            list.sort();
            list.iter().map(ModuleVersion::to_string).collect()
        }
        ["check", path, version] => {
            let both = path.parse().ok().zip(version.parse().ok());
            json!(both.is_some_and(|(path, version)| ModuleVersion::new(path, version).is_ok()))
        }
        ["match", patterns, path] => match patterns.parse::<PathPatterns>() {
            Ok(patterns) => json!(patterns.matches(&valid(path))),
            Err(_) => Value::Null,
        },
        ["file", path] => json!(check_file_path(path).is_ok()),
        ["info", hex] => match Info::parse(&content(hex)) {
            Ok(info) => {
                // Go cannot tell a missing time from its zero time.
                let time = info.time().map(|time| time.to_string());
                let time = time.filter(|time| time != "0001-01-01T00:00:00Z");
                json!([
                    info.version(),
                    time.unwrap_or_default(),
                    info.origin().is_some()
                ])
            }
            Err(_) => Value::Null,
        },
        ["mod", hex] => GoMod::parse(&content(hex)).map_or(Value::Null, |file| go_mod(&file)),
        ["mod-line", hex] => json!(module_line(&content(hex)).unwrap_or_default()),
        _ => panic!("unknown request {words:?}"),
    }
}

fn version(text: &str) -> Value {
    assert_eq!(
        is_semver(text),
        !matches!(text.parse::<Version>(), Err(e) if e.kind == VersionFault::NotSemver),
        "{text:?}"
    );
    match text.parse::<Version>() {
        Ok(v) => json!([
            v.as_str(),
            v.major(),
            v.is_prerelease(),
            v.is_incompatible(),
            v.is_pseudo(),
            v.pseudo_time()
                .map(|time| time.to_string())
                .unwrap_or_default(),
        ]),
        Err(error) => match error.kind {
            VersionFault::NotCanonical(canonical) => json!(canonical),
            _ => Value::Null,
        },
    }
}

/// [`EscapedVersion`] and [`VersionQuery`] must agree, and what was unescaped must escape to the same again.
fn unescape_version(escaped: &str) -> Value {
    let query = VersionQuery::from_escaped(escaped);
    match escaped.parse::<EscapedVersion>() {
        Ok(version) => {
            let query = query.expect("both read the same words");
            assert_eq!(version.unescaped(), query.as_str());
            assert_eq!(query.escaped(), version);
            json!(query.as_str())
        }
        Err(_) => {
            assert!(query.is_err(), "{escaped:?}");
            Value::Null
        }
    }
}

/// The order of [`Version`] must be that of the texts wherever both are versions.
fn compare(a: &str, b: &str) -> Value {
    let order = compare_semver(a, b);
    if let (Ok(a), Ok(b)) = (a.parse::<Version>(), b.parse::<Version>()) {
        assert_eq!(a.cmp(&b), order.then_with(|| a.as_str().cmp(b.as_str())));
    }
    json!(order as i8)
}

fn go_mod(file: &GoMod) -> Value {
    let retractions: Vec<_> = file
        .retractions()
        .iter()
        .map(|r| json!([r.low, r.high, r.rationale]))
        .collect();
    let requirements: Vec<_> = file
        .requirements()
        .iter()
        .map(|r| json!([r.path, r.version, r.is_indirect]))
        .collect();
    json!([
        file.module_path(),
        file.deprecation().unwrap_or_default(),
        file.go_version().unwrap_or_default(),
        retractions,
        requirements,
    ])
}

fn valid<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|e| panic!("rows hold valid names here: {e:?}"))
}

/// The bytes behind a hexadecimal argument.
pub(super) fn content(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).expect("hexadecimal is ASCII");
            u8::from_str_radix(pair, 16).expect("we wrote it ourselves")
        })
        .collect()
}

/// A request for a person to read: hexadecimal arguments as text.
pub(super) fn show(request: &Request) -> String {
    match request.as_slice() {
        [op, hex] if ["info", "mod", "mod-line"].contains(&op.as_str()) => {
            format!("{op} {:?}", String::from_utf8_lossy(&content(hex)))
        }
        _ => format!("{request:?}"),
    }
}

/// The code points of a list of ranges, as the Go program prints them.
pub(super) fn code_points(ranges: &Value) -> BTreeSet<u32> {
    let ranges: Vec<[String; 2]> =
        serde_json::from_value(ranges.clone()).expect("the program prints pairs");
    let number = |text: &String| u32::from_str_radix(text, 16).expect("in hexadecimal");
    ranges
        .iter()
        .flat_map(|[first, last]| number(first)..=number(last))
        .collect()
}

/// The code points that we allow in a file name, or in a bare word of a go.mod file.
pub(super) fn allowed_code_points(operation: &str) -> BTreeSet<u32> {
    let allowed = |c: &char| match operation {
        "file-runes" => check_file_path(&format!("a{c}a")).is_ok(),
        _ => GoMod::parse(format!("module a{c}a").as_bytes())
            .is_ok_and(|file| file.module_path() == Some(&format!("a{c}a"))),
    };
    ('\0'..=char::MAX).filter(allowed).map(u32::from).collect()
}
