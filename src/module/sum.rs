//! Sums of module zips and go.mod files, as they stand in go.sum.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The `h1:` sum of a module zip or of a go.mod file: a SHA-256 hash of a list of names and hashes of files.
///
/// It depends on the names and contents of the files alone, so two zips with the same files have the same sum. Text is
/// `h1:` and 44 characters of standard base64; there is exactly one spelling for each sum, as go.sum lines are compared
/// as text.
///
/// Source: Go Modules Reference, "go.sum files"; `golang.org/x/mod/sumdb/dirhash`, `Hash1`.
///
/// ```
/// use athens::module::Sum;
///
/// // A zip without files.
/// let sum: Sum = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".parse()?;
/// assert_eq!(sum.to_string(), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
/// assert!("h1:47DEQpj8HBSa".parse::<Sum>().is_err());
/// # Ok::<(), athens::module::InvalidSum>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sum([u8; 32]);

/// A text that is no `h1:` sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed sum {text:?}: it should be h1: and 44 characters of base64")]
pub struct InvalidSum {
    /// The text as given.
    pub text: String,
}

impl Sum {
    /// A sum with this SHA-256 hash.
    pub fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The SHA-256 hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h1:{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sum({self})")
    }
}

impl FromStr for Sum {
    type Err = InvalidSum;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Anything longer need not be decoded to be seen as wrong.
        let hash = text
            .strip_prefix("h1:")
            .filter(|encoded| encoded.len() == 44)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|hash| hash.try_into().ok());
        hash.map(Self).ok_or_else(|| InvalidSum {
            text: text.chars().take(100).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_each() {
        let text = "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=";
        let sum: Sum = text.parse().unwrap();
        assert_eq!(sum.to_string(), text);
        assert_eq!(Sum::new(*sum.as_bytes()), sum);
        for wrong in [
            "",
            "h1:",
            "h2:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=",
            "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg",
            "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=\n",
            " h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=",
            "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt_zR2zJAb9juavmQg=",
            // Other bits behind the last byte: decodes to the same hash in a careless decoder.
            "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQh=",
            "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQggg===",
        ] {
            assert!(wrong.parse::<Sum>().is_err(), "{wrong:?}");
        }
    }
}
