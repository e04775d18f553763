//! What the last entry says of each of the others.

use serde::{Deserialize, Serialize};

use crate::carry::provenance::Provenance;

/// A line of the last entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::carry) struct Entry {
    /// The name of the entry.
    pub(in crate::carry) name: String,
    /// Its length in bytes.
    pub(in crate::carry) size: u64,
    /// The SHA-256 hash of its content, in hexadecimal.
    #[serde(with = "hex")]
    pub(in crate::carry) sha256: [u8; 32],
    /// Of a zip: how the version came into the tree that it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::carry) provenance: Option<Provenance>,
}

/// A hash as text in JSON.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        hash: &[u8; 32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let malformed = || serde::de::Error::custom("not 64 digits in hexadecimal");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let mut hash = [0; 32];
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| malformed())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| malformed())?;
        }
        Ok(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back() {
        let entry = Entry {
            name: "a.b/m/@v/v1.0.0.zip".to_owned(),
            size: 7,
            sha256: [0xab; 32],
            provenance: Some(Provenance::Publish),
        };
        let line = serde_json::to_string(&entry).unwrap();
        let want = format!(
            r#"{{"Name":"a.b/m/@v/v1.0.0.zip","Size":7,"Sha256":"{}","Provenance":"publish"}}"#,
            "ab".repeat(32)
        );
        assert_eq!(line, want);
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
        for wrong in [
            want.replace("ab", "a"),
            want.replace("abab", "+b+b"),
            want.replace("publish", "other"),
            want.replace("\"Size\":7", "\"Size\":-7"),
            want.replace("\"Size\"", "\"More\":1,\"Size\""),
            want.replace(&"ab".repeat(32), &"ä".repeat(32)),
        ] {
            assert!(serde_json::from_str::<Entry>(&wrong).is_err(), "{wrong}");
        }
    }
}
