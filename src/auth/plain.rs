//! The secret itself.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use super::HashedToken;

/// What every token begins with, so that people and secret scanners know one when they see it.
const PREFIX: &str = "athens_";
/// log(2^256) / log(62), rounded up: this many characters hold 256 random bits.
const SECRET: usize = 43;
/// 62^6 is more than 2^32.
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A token as its holder has it: `athens_`, 43 random characters and a checksum of 6, of `0-9A-Za-z`.
///
/// The checksum tells a mistyped or truncated token from a revoked one without a look at any file: it is the first 32
/// bits of the SHA-256 sum of what stands before it, in base 62. `athens_[0-9A-Za-z]{49}` is the pattern for scanners.
///
/// It has no `Display`, and `Debug` shows nothing of it: the text comes out through [`PlainToken::reveal`] alone.
///
/// ```
/// use athens::auth::{InvalidToken, PlainToken};
///
/// let token = PlainToken::generate()?;
/// assert!(token.reveal().starts_with("athens_"));
/// assert_eq!(format!("{token:?}"), "PlainToken(..)");
/// let again: PlainToken = token.reveal().parse()?;
/// assert_eq!(again.hash(), token.hash());
///
/// let cut = &token.reveal()[..50];
/// assert_eq!(cut.parse::<PlainToken>().unwrap_err(), InvalidToken::Malformed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PlainToken(String);

/// A text that is no token. It never repeats the text, which may be somebody's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// Something else: the password of another service, say.
    #[error("it is no token of athens: these begin with `athens_`")]
    NotOurs,
    /// Too long, too short, or with other characters.
    #[error("the token is not `athens_` and 49 letters and digits: a part is missing, or too much")]
    Malformed,
    /// The checksum at its end is that of another text.
    #[error("the token's checksum is wrong: a character was changed")]
    WrongChecksum,
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes for a token: {0}")]
pub struct NoRandomness(getrandom::Error);

impl PlainToken {
    /// Makes a new one from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// If the operating system has none.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut text = String::with_capacity(PREFIX.len() + SECRET + CHECKSUM);
        text.push_str(PREFIX);
        let mut bytes = [0; 64];
        while text.len() < PREFIX.len() + SECRET {
            getrandom::fill(&mut bytes).map_err(NoRandomness)?;
            // Six bits choose a character; what is past the alphabet is thrown away, so all are equally likely.
            let characters = bytes
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte & 0x3f)));
            let missing = PREFIX.len() + SECRET - text.len();
            text.extend(characters.take(missing).copied().map(char::from));
        }
        text.push_str(&checksum(&text));
        Ok(Self(text))
    }

    /// The text, for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> HashedToken {
        HashedToken::new(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl FromStr for PlainToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let rest = text.strip_prefix(PREFIX).ok_or(InvalidToken::NotOurs)?;
        if rest.len() != SECRET + CHECKSUM || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(InvalidToken::Malformed);
        }
        let (body, sum) = text.split_at(PREFIX.len() + SECRET);
        if checksum(body) != sum {
            return Err(InvalidToken::WrongChecksum);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken(..)")
    }
}

/// The first 32 bits of the SHA-256 sum, in base 62, most significant digit first.
fn checksum(body: &str) -> String {
    let sum: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let mut number = sum
        .iter()
        .take(4)
        .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        let value = usize::try_from(number % 62).unwrap_or_default();
        *digit = ALPHABET.get(value).map_or('0', |byte| char::from(*byte));
        number /= 62;
    }
    digits.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written down once, so that tokens that are out in the world stay valid.
    const KNOWN: &str = "athens_0000000000000000000000000000000000000000000";

    #[test]
    fn the_checksum_stays_what_it_is() {
        let token = format!("{KNOWN}{}", checksum(KNOWN));
        assert_eq!(token.len(), 56);
        assert_eq!(token, format!("{KNOWN}4boLeD"));
        let token: PlainToken = token.parse().unwrap();
        assert_eq!(
            token.hash().to_hex(),
            "b09ab386a9338c8093417dc6f912068334c39cb0d518f4a967879a45028f48e4"
        );
    }

    #[test]
    fn new_ones_are_tokens_and_differ() {
        let tokens: Vec<PlainToken> = (0..200).map(|_| PlainToken::generate().unwrap()).collect();
        let mut seen = std::collections::HashSet::new();
        let mut used = std::collections::HashSet::new();
        for token in &tokens {
            assert_eq!(token.reveal().len(), 56);
            assert!(token.reveal().parse::<PlainToken>().is_ok());
            assert!(seen.insert(token.reveal().to_owned()));
            used.extend(token.reveal()[PREFIX.len()..].chars());
        }
        assert_eq!(used.len(), 62, "every character of the alphabet occurs");
    }

    #[test]
    fn what_is_no_token() {
        let good = PlainToken::generate().unwrap();
        let good = good.reveal();
        for (text, why) in [
            ("", InvalidToken::NotOurs),
            ("hunter2", InvalidToken::NotOurs),
            (&good[1..], InvalidToken::NotOurs),
            (&good.to_uppercase(), InvalidToken::NotOurs),
            ("athens_", InvalidToken::Malformed),
            (&good[..55], InvalidToken::Malformed),
            (&format!("{good}0"), InvalidToken::Malformed),
            (&format!("{good}\n"), InvalidToken::Malformed),
            (&format!("{}-", &good[..55]), InvalidToken::Malformed),
            (&format!("{}é", &good[..54]), InvalidToken::Malformed),
        ] {
            assert_eq!(text.parse::<PlainToken>().unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let good = PlainToken::generate().unwrap();
        for at in PREFIX.len()..good.reveal().len() {
            let mut changed = good.reveal().to_owned().into_bytes();
            changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                changed.parse::<PlainToken>().unwrap_err(),
                InvalidToken::WrongChecksum
            );
        }
    }

    #[test]
    fn errors_do_not_repeat_the_text() {
        let error = "hunter2".parse::<PlainToken>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
