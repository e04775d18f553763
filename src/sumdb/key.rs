//! The public key of a checksum database.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::encoding::{beginning, from_base64, to_base64};

/// The number that stands before an Ed25519 key, in its encoding and in its hash.
const ED25519: u8 = 1;

/// The longest text of a key that is looked at, in bytes.
const LONGEST: usize = 1024;

/// What a signature is told by: the first 4 bytes of SHA-256 of name, newline and encoded key.
pub(super) type KeyHash = [u8; 4];

/// The key that a checksum database signs its trees with, as everybody knows it: `NAME+HASH+KEY`.
///
/// `HASH` is 8 hexadecimal digits, the key hash, and `KEY` is base64 of the byte 1 (Ed25519, the only kind there is) and 32
/// bytes. The hash binds name and key, so a key under another name is refused.
///
/// Two differences to the Go library, which both concern keys that verify nothing: 32 bytes that are no point of the curve
/// are refused here and not only when a signature is verified, and the text may be 1024 bytes at most.
///
/// Source: `golang.org/x/mod/sumdb/note`, `NewVerifier`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: KeyHash,
    key: VerifyingKey,
}

/// A text that is no [`VerifierKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed verifier key {text:?}: {kind}")]
pub struct InvalidVerifierKey {
    /// The text as given, at most its first 100 characters.
    pub text: String,
    /// What is wrong with it.
    pub kind: VerifierKeyFault,
}

/// Why a text is no verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierKeyFault {
    /// It is not `NAME+HASH+KEY`.
    #[error("it should be NAME+HASH+KEY: a name without spaces, 8 hexadecimal digits, base64")]
    Form,
    /// The hash is not that of this name and key.
    #[error("its hash is not that of its name and key")]
    Hash,
    /// The key is not of a kind that is known.
    #[error("the kind of its key is not known")]
    Algorithm,
    /// The key has the wrong length, or is no point of the curve.
    #[error("its key is no Ed25519 key")]
    Key,
}

impl VerifierKey {
    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// By what its signatures are told from others of the same name.
    pub(super) fn hash(&self) -> KeyHash {
        self.hash
    }

    /// Whether `signature` is one of `message` by this key.
    ///
    /// By the rule of Go (`crypto/ed25519`), which computes the point and compares its encoding; the stricter rules that there
    /// are would refuse what every go command accepts.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify(message, &signature).is_ok())
    }

    /// The key with this name and these bytes, if `hash` is its hash.
    pub(super) fn of(name: &str, hash: KeyHash, key: &[u8]) -> Result<Self, VerifierKeyFault> {
        if !is_signer_name(name) {
            return Err(VerifierKeyFault::Form);
        }
        if key_hash(name, key) != hash {
            return Err(VerifierKeyFault::Hash);
        }
        let Some((&ED25519, bytes)) = key.split_first() else {
            return Err(VerifierKeyFault::Algorithm);
        };
        let key = <&[u8; 32]>::try_from(bytes)
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(bytes).ok())
            .ok_or(VerifierKeyFault::Key)?;
        Ok(Self {
            name: name.to_owned(),
            hash,
            key,
        })
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidVerifierKey;

    fn from_str(text: &str) -> Result<Self, InvalidVerifierKey> {
        let parse = || {
            let mut parts = text.splitn(3, '+');
            let name = parts.next()?;
            let hash = hexadecimal(parts.next()?)?;
            let key = from_base64(parts.next()?).filter(|key| !key.is_empty())?;
            Some((name, hash, key))
        };
        let read = if text.len() <= LONGEST { parse() } else { None };
        read.ok_or(VerifierKeyFault::Form)
            .and_then(|(name, hash, key)| Self::of(name, hash, &key))
            .map_err(|kind| InvalidVerifierKey {
                text: beginning(text),
                kind,
            })
    }
}

/// The text that it was read from, but for the case of the hash's digits.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = u32::from_be_bytes(self.hash);
        let mut key = vec![ED25519];
        key.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{hash:08x}+{}", self.name, to_base64(&key))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

/// Whether a text can be the name of a signer: not empty, no Unicode space, no plus.
///
/// Source: `golang.org/x/mod/sumdb/note`, `isValidName`.
pub(super) fn is_signer_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// The hash of a name and an encoded key.
pub(super) fn key_hash(name: &str, key: &[u8]) -> KeyHash {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update("\n");
    hash.update(key);
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d]
}

/// Exactly 8 hexadecimal digits of either case, which is what Go reads.
fn hexadecimal(text: &str) -> Option<KeyHash> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let number = u32::from_str_radix(text, 16).ok().filter(|_| digits)?;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::TestKey;

    fn fault(text: &str) -> VerifierKeyFault {
        text.parse::<VerifierKey>().unwrap_err().kind
    }

    #[test]
    fn there_and_back() {
        let text = TestKey::new("sum.example.com/path").verifier_key();
        let key: VerifierKey = text.parse().unwrap();
        assert_eq!(key.name(), "sum.example.com/path");
        assert_eq!(key.to_string(), text);
    }

    #[test]
    fn the_hash_binds_name_and_key() {
        let text = TestKey::new("sum.example.com").verifier_key();
        assert_eq!(
            fault(&text.replace("example", "exomple")),
            VerifierKeyFault::Hash
        );
        let (name, rest) = text.split_once('+').unwrap();
        let (hash, key) = rest.split_once('+').unwrap();
        let upper = format!("{name}+{}+{key}", hash.to_uppercase());
        assert!(upper.parse::<VerifierKey>().is_ok());
        for wrong in [
            String::new(),
            name.to_owned(),
            format!("{name}+{hash}"),
            format!("{name}+{hash}+"),
            format!("{name}+{}+{key}", &hash[1..]),
            format!("{name}+0{hash}+{key}"),
            format!("{name}++{}+{key}", &hash[1..]),
            format!("{name}+{hash}+{key}+"),
            format!("{name}+{hash}+{key}\n"),
            format!("+{hash}+{key}"),
            format!("a b+{hash}+{key}"),
            format!("{}+{hash}+{key}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(fault(&wrong), VerifierKeyFault::Form, "{wrong}");
        }
    }

    #[test]
    fn other_kinds_and_lengths_are_refused() {
        let encoded = |key: &[u8]| {
            let hash = u32::from_be_bytes(key_hash("a.b", key));
            format!("a.b+{hash:08x}+{}", to_base64(key))
        };
        assert_eq!(fault(&encoded(&[2; 33])), VerifierKeyFault::Algorithm);
        assert_eq!(fault(&encoded(&[1; 32])), VerifierKeyFault::Key);
        assert_eq!(fault(&encoded(&[1; 34])), VerifierKeyFault::Key);
    }
}
