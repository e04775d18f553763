//! Canonical versions.

use super::escape::EscapedVersion;
use super::pseudo;
use super::semver::{INCOMPATIBLE, Semver, compare_semver};
use super::time::Time;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Text that is no canonical version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed version {version:?}: {kind}")]
pub struct InvalidVersion {
    /// The text as given.
    pub version: String,
    /// What is wrong with it.
    pub kind: VersionFault,
}

/// Why text is no canonical version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VersionFault {
    /// No semantic version at all.
    #[error("it is not a semantic version like v1.2.3")]
    NotSemver,
    /// A short form, or build metadata other than `+incompatible`; the full form is in the variant.
    #[error("its canonical form is {0}")]
    NotCanonical(String),
}

/// A canonical version: the form in which versions stand in go.mod files, version lists and file names.
///
/// A semantic version with a leading `v`, all three numbers, perhaps a pre-release, and no build metadata except
/// `+incompatible`. Numbers have no upper bound. What fits which module is [`super::ModuleVersion`]'s matter.
///
/// Order is the precedence of semantic versions; versions of equal precedence (`v2.0.0` and `v2.0.0+incompatible`) are
/// ordered by their text, as Go sorts lists, so the order agrees with equality. Cloning is cheap.
///
/// Source: Go Modules Reference, "Versions"; `golang.org/x/mod/module`, `CanonicalVersion`.
///
/// ```
/// use athens::module::Version;
///
/// let version: Version = "v1.10.0-RC1".parse()?;
/// assert!(version > "v1.9.0".parse()?);
/// assert_eq!(version.escaped().as_str(), "v1.10.0-!r!c1");
/// assert!("v1.10".parse::<Version>().is_err());
/// assert!("v1.10.0+linux".parse::<Version>().is_err());
/// # Ok::<(), athens::module::InvalidVersion>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(Arc<str>);

impl Version {
    /// The version as text, unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has a pre-release part. Pseudo-versions have one.
    pub fn is_prerelease(&self) -> bool {
        // Neither the numbers nor `+incompatible` can hold a dash.
        self.0.contains('-')
    }

    /// Whether it has the shape of a pseudo-version, a name for a commit without a tag.
    ///
    /// Source: `golang.org/x/mod/module`, `IsPseudoVersion`.
    pub fn is_pseudo(&self) -> bool {
        self.parts()
            .is_some_and(|v| pseudo::timestamp(&v).is_some())
    }

    /// The commit time of a pseudo-version; `None` for other versions and when its 14 digits are no time of the
    /// calendar, which the shape does not demand.
    ///
    /// Source: `golang.org/x/mod/module`, `PseudoVersionTime`.
    pub fn pseudo_time(&self) -> Option<Time> {
        pseudo::time(&self.parts()?)
    }

    /// Whether it ends in `+incompatible`: from `v2` on, for a module whose path has no major version suffix.
    pub fn is_incompatible(&self) -> bool {
        self.0.ends_with(INCOMPATIBLE)
    }

    /// `v` and the major number, such as `v2`.
    pub fn major(&self) -> &str {
        self.0.split_once('.').map_or(&*self.0, |(major, _)| major)
    }

    /// The spelling for file names and URLs.
    pub fn escaped(&self) -> EscapedVersion {
        EscapedVersion::of(&self.0)
    }

    fn parts(&self) -> Option<Semver<'_>> {
        Semver::parse(&self.0)
    }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let kind = match Semver::parse(text) {
            Some(version) if version.is_canonical() => return Ok(Self(Arc::from(text))),
            Some(version) => VersionFault::NotCanonical(version.canonical()),
            None => VersionFault::NotSemver,
        };
        Err(InvalidVersion {
            version: text.to_owned(),
            kind,
        })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_semver(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for Version {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn canonical_only() {
        for good in [
            "v0.0.0",
            "v1.2.3",
            "v1.2.3-pre.1",
            "v2.0.0+incompatible",
            "v1.0.0-x-y+incompatible",
            "v340282366920938463463374607431768211456.0.0",
        ] {
            assert_eq!(version(good).as_str(), good);
        }
        for (bad, full) in [
            ("v1", "v1.0.0"),
            ("v1.2", "v1.2.0"),
            ("v1.2.3+meta", "v1.2.3"),
            ("v1.2.3+incompatible.1", "v1.2.3"),
        ] {
            let kind = bad.parse::<Version>().unwrap_err().kind;
            assert_eq!(kind, VersionFault::NotCanonical(full.into()));
        }
        for bad in [
            "",
            "1.2.3",
            "main",
            "v1.2.3 ",
            "v1.2.3\n",
            "v1.2.3+Incompatible!",
        ] {
            let kind = bad.parse::<Version>().unwrap_err().kind;
            assert_eq!(kind, VersionFault::NotSemver, "{bad:?}");
        }
    }

    #[test]
    fn questions() {
        let v = version("v2.0.0-rc.1+incompatible");
        assert!(v.is_prerelease() && v.is_incompatible() && !v.is_pseudo());
        assert_eq!(v.major(), "v2");
        assert!(!version("v2.0.0+incompatible").is_prerelease());
    }

    #[test]
    fn pseudo_versions() {
        for (text, time) in [
            (
                "v0.0.0-20191109021931-daa7c04131f5",
                Some("2019-11-09T02:19:31Z"),
            ),
            (
                "v1.2.4-0.20191109021931-daa7c04131f5",
                Some("2019-11-09T02:19:31Z"),
            ),
            (
                "v1.2.3-pre.0.20191109021931-daa7c04131f5",
                Some("2019-11-09T02:19:31Z"),
            ),
            (
                "v2.0.1-0.20191109021931-daa7c04131f5+incompatible",
                Some("2019-11-09T02:19:31Z"),
            ),
            ("v0.0.0-20191309021931-daa7c04131f5", None),
            ("v0.0.0-20190229000000-daa7c04131f5", None),
            (
                "v0.0.0-00010101000000-000000000000",
                Some("0001-01-01T00:00:00Z"),
            ),
        ] {
            let v = version(text);
            assert!(v.is_pseudo() && v.is_prerelease(), "{text}");
            assert_eq!(v.pseudo_time().map(|t| t.to_string()).as_deref(), time);
        }
        for text in [
            "v1.0.0",
            "v1.2.3-20191109021931-daa7c04131f5",
            "v1.2.3-1.20191109021931-daa7c04131f5",
            "v1.0.0-20191109021931-daa7c04131f5.1",
            "v1.0.0-2019110902193-daa7c04131f5",
            "v1.0.0-20191109021931",
            "v1.0.0-20191109021931-",
            "v1.0.0-x0.20191109021931-daa7c04131f5",
        ] {
            assert!(!version(text).is_pseudo(), "{text}");
        }
    }

    #[test]
    fn equal_precedence_is_ordered_by_text() {
        let mut list = [
            "v2.0.0+incompatible",
            "v2.0.0",
            "v1.10.0",
            "v1.9.0",
            "v2.0.0-rc1+incompatible",
        ]
        .map(version);
        list.sort();
        assert_eq!(
            list.map(|v| v.to_string()),
            [
                "v1.9.0",
                "v1.10.0",
                "v2.0.0-rc1+incompatible",
                "v2.0.0",
                "v2.0.0+incompatible"
            ]
        );
    }

    fn any_version() -> impl Strategy<Value = Version> {
        "v(0|[1-9][0-9]{0,2})\\.(0|[1-9])\\.(0|1)(-(0|[1-9]|1[0-9]|[a-cA]|-|0a)(\\.(0|[1-9]|a|b-)){0,2})?(\\+incompatible)?"
            .prop_map(|text| text.parse().unwrap())
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in any_version(), b in any_version(), c in any_version()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b).is_eq(), a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }

        #[test]
        fn escaping_comes_back(v in any_version()) {
            let escaped = v.escaped();
            prop_assert_eq!(escaped.unescaped(), v.as_str());
            prop_assert!(escaped.as_str().parse::<EscapedVersion>().is_ok());
        }

        #[test]
        fn nothing_panics(text in "(v[0-9.+-]{0,10})?.{0,40}") {
            if let Ok(v) = text.parse::<Version>() {
                let _ = (v.is_pseudo(), v.pseudo_time(), v.major().len());
            }
        }
    }
}
