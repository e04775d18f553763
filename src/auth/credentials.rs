//! The `Authorization` header, without HTTP: its value goes in as bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{InvalidToken, PlainToken};

/// A token has 56 bytes; this leaves room for a long user name in Basic's base64.
const LONGEST: usize = 1024;

/// Why an `Authorization` header holds no token. Displayed, it is one plain sentence without anything of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCredentials {
    /// Longer than any token needs.
    #[error("the Authorization header is longer than {LONGEST} bytes")]
    TooLong,
    /// Neither `Bearer` nor `Basic`.
    #[error(
        "the Authorization header must be `Bearer TOKEN` or `Basic` with the token as password"
    )]
    Scheme,
    /// `Bearer` or `Basic`, and nothing after it.
    #[error("the Authorization header ends after the scheme")]
    Nothing,
    /// `Basic` with something else than base64 of text with a colon.
    #[error("what follows `Basic` in the Authorization header is not base64 of `user:token`")]
    Basic,
    /// `Basic` with no password; the user name may be the token.
    #[error("the password is empty: the token goes there, the user name does not matter")]
    NoPassword,
    /// There is a text where the token should be.
    #[error(transparent)]
    Token(#[from] InvalidToken),
}

/// The token in the value of an `Authorization` header.
///
/// `Bearer TOKEN`, or `Basic` with the token as password and any user name, also none: so `.netrc`, `curl -u` and
/// `GOAUTH` work. A token as user name with an empty password is refused, for user names end up in logs. The scheme may
/// be written in any case; base64 is the one with `+`, `/` and padding, and nothing else. At most 1024 bytes are read.
///
/// Source: RFC 9110 section 11.4, RFC 7617, RFC 6750 section 2.1.
///
/// ```
/// use athens::auth::{InvalidCredentials, PlainToken, presented_token};
///
/// let token = PlainToken::generate()?;
/// let presented = presented_token(format!("Bearer {}", token.reveal()).as_bytes())?;
/// assert_eq!(presented.hash(), token.hash());
/// assert_eq!(presented_token(b"Digest x").unwrap_err(), InvalidCredentials::Scheme);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the header is something else, or holds what is no token.
pub fn presented_token(authorization: &[u8]) -> Result<PlainToken, InvalidCredentials> {
    if authorization.len() > LONGEST {
        return Err(InvalidCredentials::TooLong);
    }
    let value = authorization.trim_ascii();
    let end = value.iter().position(|b| *b == b' ').unwrap_or(value.len());
    let (scheme, rest) = value.split_at_checked(end).unwrap_or((value, &[]));
    let rest = rest.trim_ascii_start();
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer");
    if !is_bearer && !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(InvalidCredentials::Scheme);
    }
    if rest.is_empty() {
        return Err(InvalidCredentials::Nothing);
    }
    if is_bearer {
        return token(rest);
    }
    let decoded = STANDARD
        .decode(rest)
        .map_err(|_| InvalidCredentials::Basic)?;
    // A user name has no colon; the password is all the rest.
    let mut parts = decoded.splitn(2, |b| *b == b':');
    match (parts.next(), parts.next()) {
        (Some(_), Some(b"")) => Err(InvalidCredentials::NoPassword),
        (Some(_), Some(password)) => token(password),
        _ => Err(InvalidCredentials::Basic),
    }
}

fn token(text: &[u8]) -> Result<PlainToken, InvalidCredentials> {
    // What is not UTF-8 is no more a token than any other text.
    let text = std::str::from_utf8(text).unwrap_or_default();
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(text: &[u8]) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn where_a_token_may_stand() {
        let token = PlainToken::generate().unwrap();
        let text = token.reveal();
        for value in [
            format!("Bearer {text}"),
            format!("bearer {text}"),
            format!("BEARER   {text}  "),
            basic(format!("anybody:{text}").as_bytes()),
            basic(format!(":{text}").as_bytes()),
            basic(&[b"\xff\xfe:", text.as_bytes()].concat()),
            basic(format!("ci:{text}").as_bytes()).replace("Basic", "bAsIc"),
        ] {
            let presented = presented_token(value.as_bytes()).expect(&value);
            assert_eq!(presented.hash(), token.hash(), "{value}");
        }
    }

    #[test]
    fn what_is_refused() {
        use InvalidCredentials as E;
        let token = PlainToken::generate().unwrap();
        let text = token.reveal();
        let padded = basic(format!("u:{text}").as_bytes());
        assert!(padded.ends_with('='));
        for (value, error) in [
            (String::new(), E::Scheme),
            (text.to_owned(), E::Scheme),
            (format!("Token {text}"), E::Scheme),
            (format!("Bearer\t{text}"), E::Scheme),
            (format!("Bearer:{text}"), E::Scheme),
            ("Bearer".to_owned(), E::Nothing),
            ("Basic  ".to_owned(), E::Nothing),
            ("Bearer hunter2".to_owned(), E::Token(InvalidToken::NotOurs)),
            (
                format!("Bearer {text} {text}"),
                E::Token(InvalidToken::Malformed),
            ),
            (
                format!("Bearer \"{text}\""),
                E::Token(InvalidToken::NotOurs),
            ),
            ("Basic !!!!".to_owned(), E::Basic),
            (padded.trim_end_matches('=').to_owned(), E::Basic),
            (format!("{padded}="), E::Basic),
            (format!("{padded} x"), E::Basic),
            (basic(text.as_bytes()), E::Basic),
            (basic(format!("{text}:").as_bytes()), E::NoPassword),
            (
                basic(format!("u:x:{text}").as_bytes()),
                E::Token(InvalidToken::NotOurs),
            ),
            (basic(b"u:\xff\xfe"), E::Token(InvalidToken::NotOurs)),
            (format!("Bearer {}", "a".repeat(LONGEST)), E::TooLong),
        ] {
            assert_eq!(
                presented_token(value.as_bytes()).unwrap_err(),
                error,
                "{value}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..80), basic_scheme in any::<bool>()) {
            let scheme: &[u8] = if basic_scheme { b"Basic " } else { b"" };
            prop_assert!(presented_token(&[scheme, &bytes].concat()).is_err());
            prop_assert!(presented_token(basic(&bytes).as_bytes()).is_err());
        }
    }
}
