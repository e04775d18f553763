//! How versions came: to another root, from which they are taken, and to this one.

use serde::{Deserialize, Serialize};

use crate::module::ModuleVersion;
use crate::store::{DirStore, EventKind, StoreError};

/// How a version came into a tree, which decides who may be asked about its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// It was published: the module is private here, and nobody else is asked about it.
    Publish,
    /// It came from elsewhere, and may be asked for there again: fetched, or carried in.
    Fetch,
    /// It was put into the folder by hand, and is treated as one's own.
    Adopt,
}

impl Provenance {
    /// The event of the journal: what is carried in is here on purpose, also what somebody else has fetched.
    pub fn event(self) -> EventKind {
        match self {
            Self::Publish => EventKind::Publish,
            Self::Fetch => EventKind::Import,
            Self::Adopt => EventKind::Adopt,
        }
    }

    /// How a version came to a store, as its journal says; what that does not know was put there by hand. Waits for the
    /// disk.
    ///
    /// # Errors
    /// If the journal is there and can not be read.
    pub(super) fn in_store(store: &DirStore, version: &ModuleVersion) -> Result<Self, StoreError> {
        Ok(match store.provenance().of(version)? {
            Some(EventKind::Publish) => Self::Publish,
            Some(EventKind::Fetch | EventKind::Import) => Self::Fetch,
            _ => Self::Adopt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Event, OpenMode};

    #[test]
    fn as_the_journal_says_or_by_hand() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadWrite).unwrap();
        let version =
            ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap())
                .unwrap();
        let came = || Provenance::in_store(&store, &version).unwrap();
        assert_eq!(came(), Provenance::Adopt);
        for provenance in [Provenance::Adopt, Provenance::Fetch, Provenance::Publish] {
            let mut event = Event::new(provenance.event(), &version);
            store.journal().append(&mut event).unwrap();
            assert_eq!(came(), provenance);
        }
    }
}
