//! What may be served and fetched, by the operator's word: private modules, allowed and blocked ones, and how old a
//! version must be.

mod range;
mod rule;

use std::time::Duration;

pub use range::{InvalidVersionRange, VersionRange};
pub use rule::{InvalidRule, Rule};

use crate::module::{ModulePath, PathPatterns, Version};

/// The operator's word on modules and versions.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Modules whose names never leave this server: no upstream proxy and no checksum database is asked about them.
    pub private: PathPatterns,
    /// If there is any, only these modules are taken from others; private and owned ones are not concerned.
    pub allow: Vec<Rule>,
    /// What is never served, wherever it came from.
    pub block: Vec<Rule>,
    /// How old a version of somebody else's must be. The first that matches decides.
    pub min_age: Vec<MinAge>,
}

/// How old a version must be before it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinAge {
    /// Of which modules; `None`: of all.
    pub modules: Option<PathPatterns>,
    /// By the time in its `.info`.
    pub age: Duration,
}

/// Why something is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A rule blocks it; its reason.
    Blocked(Option<String>),
    /// It is not among what is allowed; the reason of the rule that comes nearest.
    NotAllowed(Option<String>),
}

impl Policy {
    /// Why no version of a module is served; `None` if some may be. `is_ours`: private or owned.
    pub(super) fn on_module(&self, module: &ModulePath, is_ours: bool) -> Option<Verdict> {
        let blocked = self
            .block
            .iter()
            .find(|rule| rule.is_about_all_versions(module));
        if let Some(rule) = blocked {
            return Some(Verdict::Blocked(rule.reason().map(str::to_owned)));
        }
        let is_allowed =
            is_ours || self.allow.is_empty() || self.allow.iter().any(|rule| rule.is_about(module));
        (!is_allowed).then_some(Verdict::NotAllowed(None))
    }

    /// Why a version is not served; `None` if it may be.
    pub(super) fn on_version(
        &self,
        module: &ModulePath,
        version: &Version,
        is_ours: bool,
    ) -> Option<Verdict> {
        let blocked = self
            .block
            .iter()
            .find(|rule| rule.is_about_version(module, version));
        if let Some(rule) = blocked {
            return Some(Verdict::Blocked(rule.reason().map(str::to_owned)));
        }
        let is_allowed = is_ours
            || self.allow.is_empty()
            || self
                .allow
                .iter()
                .any(|rule| rule.is_about_version(module, version));
        if is_allowed {
            return None;
        }
        let nearest = self.allow.iter().find(|rule| rule.is_about(module));
        Some(Verdict::NotAllowed(
            nearest.and_then(|rule| rule.reason().map(str::to_owned)),
        ))
    }

    /// How old a version of somebody else's module must be; zero if any is old enough.
    pub(super) fn min_age(&self, module: &ModulePath) -> Duration {
        self.min_age
            .iter()
            .find(|rule| {
                rule.modules
                    .as_ref()
                    .is_none_or(|patterns| patterns.matches(module))
            })
            .map_or(Duration::ZERO, |rule| rule.age)
    }

    /// Whether there is a rule on single versions of this module, so that its lists have to be gone through.
    pub(super) fn sorts_out(&self, module: &ModulePath, is_ours: bool) -> bool {
        self.block.iter().any(|rule| rule.is_about(module))
            || (!is_ours && (!self.allow.is_empty() || !self.min_age(module).is_zero()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<Rule> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn allow_and_block() {
        let policy = Policy {
            allow: rules(&["a.b/x", "a.b/y@<v2.0.0 # v2 was not looked at"]),
            block: rules(&["a.b/x/bad # malware", "a.b/x@v1.0.1", "corp.example/old"]),
            ..Policy::default()
        };
        let module = |path: &str| path.parse::<ModulePath>().unwrap();
        let blocked = |why: Option<&str>| Some(Verdict::Blocked(why.map(str::to_owned)));
        for (path, is_ours, version, on_module, on_version) in [
            ("a.b/x", false, "v1.0.0", None, None),
            ("a.b/x", false, "v1.0.1", None, blocked(None)),
            (
                "a.b/x/bad/sub",
                false,
                "v1.0.0",
                blocked(Some("malware")),
                blocked(Some("malware")),
            ),
            ("a.b/y", false, "v1.9.0", None, None),
            (
                "a.b/y",
                false,
                "v2.0.0+incompatible",
                None,
                Some(Verdict::NotAllowed(Some("v2 was not looked at".to_owned()))),
            ),
            (
                "a.b/z",
                false,
                "v1.0.0",
                Some(Verdict::NotAllowed(None)),
                Some(Verdict::NotAllowed(None)),
            ),
            ("a.b/z", true, "v1.0.0", None, None),
            (
                "corp.example/old",
                true,
                "v1.0.0",
                blocked(None),
                blocked(None),
            ),
        ] {
            let version = version.parse().unwrap();
            assert_eq!(
                policy.on_module(&module(path), is_ours),
                on_module,
                "{path}"
            );
            assert_eq!(
                policy.on_version(&module(path), &version, is_ours),
                on_version,
                "{path}@{version}"
            );
        }
        assert!(policy.sorts_out(&module("a.b/z"), false));
        assert!(policy.sorts_out(&module("a.b/x"), true));
        assert!(!policy.sorts_out(&module("a.b/z"), true));
    }

    #[test]
    fn the_first_age_that_matches() {
        let day = Duration::from_secs(86_400);
        let policy = Policy {
            min_age: vec![
                MinAge {
                    modules: Some("a.b/trusted".parse().unwrap()),
                    age: Duration::ZERO,
                },
                MinAge {
                    modules: None,
                    age: 7 * day,
                },
            ],
            ..Policy::default()
        };
        assert_eq!(
            policy.min_age(&"a.b/trusted/x".parse().unwrap()),
            Duration::ZERO
        );
        assert_eq!(policy.min_age(&"a.b/other".parse().unwrap()), 7 * day);
        assert!(
            Policy::default()
                .min_age(&"a.b/c".parse().unwrap())
                .is_zero()
        );
    }
}
