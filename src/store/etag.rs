//! Strong validators.

use std::fmt;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Identity;

/// A strong entity tag (RFC 9110, 8.8.3), quotes included: never the same for different bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(Box<str>);

impl ETag {
    /// The tag of bytes in memory: half of their SHA-256.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut tag = String::with_capacity(34);
        tag.push('"');
        for byte in &digest[..16] {
            // Writing to a String can not fail.
            let _ = write!(tag, "{byte:02x}");
        }
        tag.push('"');
        Self(tag.into())
    }

    /// The tag of a file as it is now, without reading it.
    ///
    /// The inode tells a replaced file from the one before, the change time (which nothing but the kernel sets) one
    /// that was overwritten in place.
    pub fn of_file(identity: &Identity) -> Self {
        Self(
            format!(
                "\"{:x}-{:x}-{:x}\"",
                identity.inode, identity.len, identity.changed
            )
            .into(),
        )
    }

    /// The tag with its quotes, as it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
