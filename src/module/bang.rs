//! The escaping itself, on any text. The reason is told in [the module](super).
//!
//! Source: `golang.org/x/mod/module`, "Escaped Paths".

use super::escape::EscapeFault;
use std::borrow::Cow;

/// Writes each capital letter as `!` and its small letter. The text must be ASCII without `!`.
pub(super) fn escape(plain: &str) -> Cow<'_, str> {
    if !plain.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(plain);
    }
    let mut escaped = String::with_capacity(plain.len() + 8);
    for c in plain.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    Cow::Owned(escaped)
}

/// The way back; it says nothing about whether the result is a valid name.
pub(super) fn unescape(escaped: &str) -> Result<Cow<'_, str>, EscapeFault> {
    if let Some(bad) = escaped.chars().find(|c| !c.is_ascii()) {
        return Err(EscapeFault::NotAscii(bad));
    }
    if let Some(bad) = escaped.chars().find(char::is_ascii_uppercase) {
        return Err(EscapeFault::Capital(bad));
    }
    let mut pieces = escaped.split('!');
    let mut plain = match pieces.next() {
        Some(whole) if whole.len() == escaped.len() => return Ok(Cow::Borrowed(escaped)),
        first => first.unwrap_or_default().to_owned(),
    };
    for piece in pieces {
        let mut chars = piece.chars();
        let capital = chars
            .next()
            .filter(char::is_ascii_lowercase)
            .ok_or(EscapeFault::LoneBang)?;
        plain.push(capital.to_ascii_uppercase());
        plain.push_str(chars.as_str());
    }
    Ok(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unescape_undoes_escape(word in "[ -~&&[^!]]{0,40}") {
            let escaped = escape(&word);
            prop_assert!(!escaped.bytes().any(|b| b.is_ascii_uppercase()));
            prop_assert_eq!(unescape(&escaped), Ok(Cow::Borrowed(word.as_str())));
        }

        #[test]
        fn escape_undoes_unescape(escaped in "([a-z0-9./~_-]|![a-z]|[!A-Zé]){0,40}") {
            if let Ok(plain) = unescape(&escaped) {
                prop_assert_eq!(escape(&plain), escaped.as_str());
            }
        }
    }
}
