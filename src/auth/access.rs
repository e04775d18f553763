//! What a presented token may do.

use std::sync::Arc;

use super::{Grant, Right, Rights, TokenName};
use crate::module::{ModulePath, PathPatterns, Time};

/// What the holder of a token may do, at the moment in which it was presented.
///
/// A long upload is judged once, when it begins: a token that expires or is revoked meanwhile does not cut it.
#[derive(Debug, Clone)]
pub struct Access {
    grant: Arc<Grant>,
    at: Time,
}

/// Why a token is not enough. Displayed, it is one plain sentence for its holder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Its time is over: as good as no token.
    #[error("the token {name} expired on {expired}")]
    Expired {
        /// The token.
        name: TokenName,
        /// Since when.
        expired: Time,
    },
    /// It does not have the right at all.
    #[error("the token {name} may not {right}, only {}", rights.in_words())]
    Right {
        /// The token.
        name: TokenName,
        /// What was asked for.
        right: Right,
        /// What it may.
        rights: Rights,
    },
    /// It has the right, on other modules.
    #[error("the token {name} may not {right} {module}, only modules that match {modules}")]
    Module {
        /// The token.
        name: TokenName,
        /// What was asked for.
        right: Right,
        /// On which module.
        module: ModulePath,
        /// On which modules it may.
        modules: PathPatterns,
    },
}

impl Access {
    pub(super) fn new(grant: Arc<Grant>, at: Time) -> Self {
        Self { grant, at }
    }

    /// The token's name, for the journal and the log.
    #[must_use]
    pub fn name(&self) -> &TokenName {
        &self.grant.name
    }

    /// What the token allows.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Whether its time is not over.
    ///
    /// # Errors
    ///
    /// If the token is expired.
    pub fn check_time(&self) -> Result<(), Denied> {
        match self.grant.expires {
            Some(expired) if self.grant.is_expired(self.at) => Err(Denied::Expired {
                name: self.grant.name.clone(),
                expired,
            }),
            _ => Ok(()),
        }
    }

    /// Whether it allows this on some module at all: for refusing early, while the module is not known yet.
    ///
    /// # Errors
    ///
    /// If the token is expired or lacks the right.
    pub fn check_right(&self, right: Right) -> Result<(), Denied> {
        self.check_time()?;
        if !self.grant.rights.contains(right) {
            return Err(Denied::Right {
                name: self.grant.name.clone(),
                right,
                rights: self.grant.rights,
            });
        }
        Ok(())
    }

    /// Whether it allows this on this module.
    ///
    /// # Errors
    ///
    /// If the token is expired, lacks the right, or has it on other modules only.
    pub fn check(&self, right: Right, module: &ModulePath) -> Result<(), Denied> {
        self.check_right(right)?;
        if !self.grant.modules.matches(module) {
            return Err(Denied::Module {
                name: self.grant.name.clone(),
                right,
                module: module.clone(),
                modules: self.grant.modules.clone(),
            });
        }
        Ok(())
    }
}

impl Denied {
    /// Whether the token is no longer one, rather than one with too few rights: 401 rather than 403, in HTTP's words.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::parse_modules;

    fn access(rights: &str, modules: &str, expires: Option<i64>, at: i64) -> Access {
        let grant = Grant {
            name: "ci".parse().unwrap(),
            rights: rights.parse().unwrap(),
            modules: parse_modules(modules).unwrap(),
            expires: expires.map(Time::from_unix),
            created: Time::from_unix(0),
        };
        Access::new(Arc::new(grant), Time::from_unix(at))
    }

    #[test]
    fn what_a_token_may_do() {
        use Right::{Delete, Publish, Read};
        for (rights, modules, expires, right, module, verdict) in [
            ("read", "*", None, Read, "a.b/c", "ok"),
            ("publish", "a.b/*", None, Publish, "a.b/c/d", "ok"),
            ("publish", "x.y,a.b", None, Publish, "a.b/c", "ok"),
            ("delete", "*", Some(101), Delete, "a.b", "ok"),
            (
                "read",
                "*",
                None,
                Publish,
                "a.b",
                "the token ci may not publish, only read",
            ),
            (
                "publish",
                "*",
                None,
                Read,
                "a.b",
                "the token ci may not read, only publish",
            ),
            (
                "read,publish",
                "*",
                None,
                Delete,
                "a.b",
                "the token ci may not delete, only read and publish",
            ),
            (
                "publish",
                "a.b/*,c.d",
                None,
                Publish,
                "a.b",
                "the token ci may not publish a.b, only modules that match a.b/*,c.d",
            ),
            (
                "publish",
                "a.b/c",
                None,
                Publish,
                "a.b/cd",
                "the token ci may not publish a.b/cd, only modules that match a.b/c",
            ),
            // Letter case matters in module paths.
            (
                "publish",
                "a.b/c",
                None,
                Publish,
                "a.b/C",
                "the token ci may not publish a.b/C, only modules that match a.b/c",
            ),
            (
                "read",
                "*",
                Some(100),
                Read,
                "a.b",
                "the token ci expired on 1970-01-01T00:01:40Z",
            ),
            // First of all it is expired.
            (
                "read",
                "x.y",
                Some(50),
                Delete,
                "a.b",
                "the token ci expired on 1970-01-01T00:00:50Z",
            ),
        ] {
            let access = access(rights, modules, expires, 100);
            let said = match access.check(right, &module.parse().unwrap()) {
                Ok(()) => "ok".to_owned(),
                Err(denied) => denied.to_string(),
            };
            assert_eq!(said, verdict, "{rights} {modules} {right} {module}");
        }
    }

    #[test]
    fn the_right_alone() {
        let access = access("publish", "a.b/*", Some(100), 99);
        assert_eq!(access.check_right(Right::Publish), Ok(()));
        let denied = access.check_right(Right::Delete).unwrap_err();
        assert!(!denied.is_expired());
        let late = Access::new(Arc::clone(&access.grant), Time::from_unix(100));
        assert!(late.check_right(Right::Publish).unwrap_err().is_expired());
    }
}
