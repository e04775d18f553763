//! What is left of a deleted version: enough to refuse other content under its name for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DirStore, StoreError, StoreKey};
use crate::module::{ModuleVersion, Sum};

/// The longest tombstone that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// A deleted version: `VERSION.deleted` beside where its files were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tombstone {
    /// The version.
    pub version: String,
    /// The h1: sum of the zip that was deleted.
    #[serde(with = "sum_text")]
    pub sum: Sum,
    /// When it was deleted.
    pub time: Timestamp,
    /// The name of the token by whose right.
    pub token: String,
}

impl Tombstone {
    /// Of a version that is deleted now.
    pub fn new(version: &ModuleVersion, sum: Sum, token: &str) -> Self {
        Self {
            version: version.version().to_string(),
            sum,
            time: Timestamp::now(),
            token: token.to_owned(),
        }
    }
}

impl DirStore {
    /// The tombstone of a version, if it was deleted. Waits for the disk.
    ///
    /// # Errors
    /// If there is one and it can not be read: nothing may be served or published then.
    pub fn tombstone(&self, version: &ModuleVersion) -> Result<Option<Tombstone>, StoreError> {
        let key = StoreKey::Tombstone(version);
        let Some(file) = self.read_blocking(&key)? else {
            return Ok(None);
        };
        let failed = |error| StoreError::io("read", key.relative_path(), error);
        if file.len() > LONGEST {
            return Err(failed(std::io::ErrorKind::InvalidData.into()));
        }
        let bytes = file.read_all_blocking().map_err(failed)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| failed(error.into()))
    }
}

/// A sum as text in JSON.
mod sum_text {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::module::Sum;

    pub(super) fn serialize<S: Serializer>(sum: &Sum, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(sum)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sum, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
