//! What is kept of a token.

use std::fmt;
use std::hash::{Hash, Hasher};

use subtle::ConstantTimeEq as _;

/// The SHA-256 sum of a token's text.
///
/// Two are compared in constant time, so that an answer's time says nothing about how much of a guess was right.
/// `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub struct HashedToken([u8; 32]);

impl HashedToken {
    pub(super) fn new(sum: [u8; 32]) -> Self {
        Self(sum)
    }

    /// 64 small hexadecimal digits, as `sha256sum` prints them for the token's text.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`HashedToken::to_hex`] wrote; `None` if it is not that.
    pub(super) fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .bytes()
            .map(|b| match b {
                b'0'..=b'9' => Some(b - b'0'),
                b'a'..=b'f' => Some(b - b'a' + 10),
                _ => None,
            })
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .filter_map(|pair| Some(pair.first()? << 4 | pair.last()?))
            .collect();
        // An odd or wrong number of digits gives another number of bytes, or of digits.
        (digits.len() == 64).then_some(())?;
        bytes.try_into().ok().map(Self)
    }
}

impl PartialEq for HashedToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for HashedToken {}

/// By hand beside `PartialEq`: both are about all of the bytes, so equal sums hash alike.
impl Hash for HashedToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for HashedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_there_and_back() {
        let mut sum = [0; 32];
        sum[0] = 0x0f;
        sum[31] = 0xa5;
        let hashed = HashedToken::new(sum);
        let hex = hashed.to_hex();
        assert!(hex.starts_with("0f00") && hex.ends_with("a5"), "{hex}");
        assert_eq!(HashedToken::from_hex(&hex), Some(hashed));
        assert_ne!(HashedToken::new([0; 32]), hashed);
        for text in [
            "",
            "0f",
            &hex[1..],
            &hex.to_uppercase(),
            &format!("{hex}0"),
            &format!("{hex}00"),
            &format!("{} ", &hex[1..]),
        ] {
            assert_eq!(HashedToken::from_hex(text), None, "{text}");
        }
        assert!(!format!("{hashed:?}").contains("0f"));
    }
}
