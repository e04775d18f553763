//! The tokens of a server.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Access, Grant, HashedToken, PlainToken, TokenName};
use crate::module::Time;

/// The tokens of a server as the tokens file had them at one moment: what each is called and allows, and the sum by
/// which it is known.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    by_hash: HashMap<HashedToken, Arc<Grant>>,
    by_name: BTreeMap<TokenName, HashedToken>,
}

impl Tokens {
    /// What this token may do at `now`; `None` if there is no such token. An expired one is found, and may do nothing.
    ///
    /// The table is keyed by the SHA-256 sum of what was presented, and the sums are compared in constant time: how
    /// long the answer takes tells nothing that helps to make up another token.
    #[must_use]
    pub fn access(&self, token: &PlainToken, now: Time) -> Option<Access> {
        self.find(&token.hash())
            .map(|grant| Access::new(Arc::clone(grant), now))
    }

    /// What belongs to this sum.
    pub(super) fn find(&self, hash: &HashedToken) -> Option<&Arc<Grant>> {
        self.by_hash.get(hash)
    }

    /// The token of this name.
    #[must_use]
    pub fn named(&self, name: &TokenName) -> Option<&Grant> {
        let hash = self.by_name.get(name)?;
        self.by_hash.get(hash).map(Arc::as_ref)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.entries().map(|(_, grant)| grant)
    }

    /// All of them with their sums, by name.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&HashedToken, &Grant)> {
        self.by_name
            .values()
            .filter_map(|hash| Some((hash, self.by_hash.get(hash)?.as_ref())))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Adds one; false, and nothing is changed, if its name or its sum is taken.
    pub(super) fn insert(&mut self, hash: HashedToken, grant: Grant) -> bool {
        if self.by_name.contains_key(&grant.name) || self.by_hash.contains_key(&hash) {
            return false;
        }
        self.by_name.insert(grant.name.clone(), hash);
        self.by_hash.insert(hash, Arc::new(grant));
        true
    }

    /// Removes the token of this name; false if there is none.
    pub(super) fn remove(&mut self, name: &TokenName) -> bool {
        let Some(hash) = self.by_name.remove(name) else {
            return false;
        };
        self.by_hash.remove(&hash).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{Right, Rights};

    fn grant(name: &str) -> Grant {
        Grant {
            name: name.parse().unwrap(),
            rights: Rights::ALL,
            modules: "*".parse().unwrap(),
            expires: Some(Time::from_unix(10)),
            created: Time::from_unix(0),
        }
    }

    #[test]
    fn found_by_secret_and_by_name() {
        let mut tokens = Tokens::default();
        let (one, two) = (
            PlainToken::generate().unwrap(),
            PlainToken::generate().unwrap(),
        );
        assert!(tokens.insert(one.hash(), grant("one")));
        assert!(!tokens.insert(two.hash(), grant("one")), "name taken");
        assert!(!tokens.insert(one.hash(), grant("two")), "sum taken");
        assert_eq!(tokens.len(), 1);

        let access = tokens.access(&one, Time::from_unix(9)).unwrap();
        assert_eq!(access.name().as_str(), "one");
        assert!(access.check_right(Right::Read).is_ok());
        let late = tokens.access(&one, Time::from_unix(10)).unwrap();
        assert!(late.check_right(Right::Read).is_err());
        assert!(tokens.access(&two, Time::from_unix(9)).is_none());

        assert!(tokens.named(&"one".parse().unwrap()).is_some());
        assert!(tokens.remove(&"one".parse().unwrap()));
        assert!(!tokens.remove(&"one".parse().unwrap()));
        assert!(tokens.is_empty());
        assert!(tokens.access(&one, Time::from_unix(9)).is_none());
    }
}
