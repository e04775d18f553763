//! Signed notes: a text and the signatures under it.

use std::fmt;

use bytes::Bytes;

use super::encoding::{beginning, from_base64, has_control};
use super::key::{VerifierKey, is_signer_name};

/// The longest note that is read, in bytes. A tree's note is some 200 bytes and each further signature some 120; with as
/// many signatures as are allowed it stays below 20,000.
pub const LONGEST_NOTE: usize = 64 * 1024;

/// The most signatures a note may have, as in Go: each costs time.
const MOST_SIGNATURES: usize = 100;

/// An em dash and a space.
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A text that the holder of a key has signed, verified.
///
/// It is UTF-8 without control characters but the newline: the text, a blank line, and signatures, each a line
/// `— NAME BASE64` of the key hash and the signature. Those of other signers are neither verified nor in the way (witnesses sign
/// beside the database); one by the key must be there, and be right.
///
/// Source: `golang.org/x/mod/sumdb/note`, `Open`. Unlike there, more than [`LONGEST_NOTE`] bytes are refused.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedNote {
    bytes: Bytes,
    text: usize,
}

/// Bytes that are no note signed by the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("note {text:?}: {kind}")]
pub struct InvalidNote {
    /// The note as given, at most its first 100 characters.
    pub text: String,
    /// What is wrong with it.
    pub kind: NoteFault,
}

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteFault {
    /// More than [`LONGEST_NOTE`] bytes.
    #[error("it has more than {LONGEST_NOTE} bytes")]
    TooLong,
    /// Not UTF-8, or with control characters.
    #[error("it is not UTF-8, or has control characters")]
    Characters,
    /// No text, blank line and signatures, or a signature that is none.
    #[error("it should be a text, a blank line and signatures")]
    Form,
    /// Too many signatures.
    #[error("it has more than {MOST_SIGNATURES} signatures")]
    TooManySignatures,
    /// The key has not signed it.
    #[error("it is not signed by {name}")]
    Unsigned {
        /// The name of the key.
        name: String,
    },
    /// There is a signature by the key, and it is wrong.
    #[error("its signature by {name} is wrong")]
    Signature {
        /// The name of the key.
        name: String,
    },
}

impl SignedNote {
    /// Reads a note and verifies it.
    ///
    /// # Errors
    ///
    /// When the bytes are no note, or `key` has not signed it.
    pub fn verified(bytes: Bytes, key: &VerifierKey) -> Result<Self, InvalidNote> {
        let refuse = |kind| InvalidNote {
            text: beginning(&String::from_utf8_lossy(&bytes[..bytes.len().min(400)])),
            kind,
        };
        if bytes.len() > LONGEST_NOTE {
            return Err(refuse(NoteFault::TooLong));
        }
        let note = std::str::from_utf8(&bytes)
            .ok()
            .filter(|note| !has_control(note))
            .ok_or_else(|| refuse(NoteFault::Characters))?;
        let text = note
            .rfind("\n\n")
            .map(|end| end + 1)
            .ok_or_else(|| refuse(NoteFault::Form))?;
        verify(&note[..text], &note[text + 1..], key).map_err(refuse)?;
        Ok(Self { bytes, text })
    }

    /// The text that is signed; it ends in a newline.
    pub fn text(&self) -> &str {
        // Checked when it was read.
        std::str::from_utf8(&self.bytes[..self.text]).unwrap_or_default()
    }

    /// The whole note, as it was read.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl fmt::Debug for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedNote({:?})", self.text())
    }
}

/// Checks the lines of signatures under a text.
fn verify(text: &str, signatures: &str, key: &VerifierKey) -> Result<(), NoteFault> {
    let lines = signatures
        .strip_suffix('\n')
        .ok_or(NoteFault::Form)?
        .split('\n');
    let mut signed = false;
    for (count, line) in lines.enumerate() {
        let (name, signature) = signature(line).ok_or(NoteFault::Form)?;
        if count >= MOST_SIGNATURES {
            return Err(NoteFault::TooManySignatures);
        }
        // The form of every line counts, but one signature by the key is enough, as in Go.
        if signed || name != key.name() {
            continue;
        }
        let (hash, signature) = signature.split_at(4);
        if hash != key.hash() {
            continue;
        }
        if !key.verifies(text.as_bytes(), signature) {
            return Err(NoteFault::Signature { name: name.into() });
        }
        signed = true;
    }
    signed.then_some(()).ok_or_else(|| NoteFault::Unsigned {
        name: key.name().into(),
    })
}

/// The name of a signature's line, and the bytes behind it: a key hash and at least one byte.
fn signature(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
    let bytes = from_base64(encoded).filter(|bytes| bytes.len() >= 5)?;
    is_signer_name(name).then_some((name, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sumdb::testing::TestKey;

    const TEXT: &str = "a text\n\nof two paragraphs\n";

    fn open(note: &str) -> Result<SignedNote, NoteFault> {
        let key = TestKey::new("a.b").key();
        SignedNote::verified(Bytes::copy_from_slice(note.as_bytes()), &key).map_err(|e| e.kind)
    }

    #[test]
    fn text_and_bytes() {
        let bytes = TestKey::new("a.b").sign(TEXT);
        let note = open(&bytes).unwrap();
        assert_eq!(note.text(), TEXT);
        assert_eq!(note.bytes(), bytes.as_bytes());
    }

    #[test]
    fn others_may_sign_too() {
        let ours = TestKey::new("a.b").sign(TEXT);
        let theirs = TestKey::new("c.d").sign(TEXT);
        let line = |note: &str| note.rsplit_once("\n\n").unwrap().1.to_owned();
        // The same name and another key: told apart by its hash.
        let namesake = "\u{2014} a.b AAAAAAAA\n";
        for signatures in [
            line(&ours) + &line(&theirs),
            line(&theirs) + &line(&ours),
            namesake.to_owned() + &line(&ours),
            line(&ours) + &line(&ours),
        ] {
            assert!(
                open(&format!("{TEXT}\n{signatures}")).is_ok(),
                "{signatures}"
            );
        }
        let unsigned = NoteFault::Unsigned { name: "a.b".into() };
        assert_eq!(open(&theirs), Err(unsigned.clone()));
        assert_eq!(open(&format!("{TEXT}\n{namesake}")), Err(unsigned));
        let many = |count| format!("{TEXT}\n{}", line(&theirs).repeat(count) + &line(&ours));
        assert!(open(&many(MOST_SIGNATURES - 1)).is_ok());
        assert_eq!(
            open(&many(MOST_SIGNATURES)),
            Err(NoteFault::TooManySignatures)
        );
    }

    #[test]
    fn refuses() {
        let note = TestKey::new("a.b").sign(TEXT);
        let wrong = NoteFault::Signature { name: "a.b".into() };
        assert_eq!(open(&note.replace("two", "ten")), Err(wrong));
        for malformed in [
            "",
            "\n\n",
            TEXT,
            &note[..note.len() - 1],
            &format!("{note}\n"),
            &format!("{note}x\n"),
            &note.replace('\u{2014}', "-"),
            &note.replace(" a.b ", " a.b  "),
            &note.replace(" a.b ", " a+b "),
            &note.replace(" a.b ", "  "),
        ] {
            assert_eq!(open(malformed), Err(NoteFault::Form), "{malformed:?}");
        }
        for control in ["\r", "\t", "\0", "\u{1b}"] {
            let bad = note.replacen("a text", control, 1);
            assert_eq!(open(&bad), Err(NoteFault::Characters), "{control:?}");
        }
        assert_eq!(open(&"a".repeat(LONGEST_NOTE + 1)), Err(NoteFault::TooLong));
        let key = TestKey::new("a.b").key();
        let broken = SignedNote::verified(Bytes::from_static(b"\xff\n\n"), &key);
        assert_eq!(broken.unwrap_err().kind, NoteFault::Characters);
    }
}
