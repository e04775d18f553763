//! Text forms that several files here read, by the rules of the Go library.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Standard base64 with padding. Bits behind the last byte are not looked at, as Go does not look at them: what is
/// decoded here is compared as bytes, and the text that was read is what is kept.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes of a base64 text; `None` if it is none.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text).ok()
}

/// The base64 text of some bytes.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A decimal number below 2^63 in its one spelling: no sign, no leading zero.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    let one_spelling = text == "0" || !text.starts_with('0');
    let number = text.parse().ok().filter(|_| plain && one_spelling)?;
    (number <= i64::MAX as u64).then_some(number)
}

/// Whether a text holds a control character other than a newline. None may stand in a note or a record: what people are
/// shown must be what was signed.
pub(super) fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}

/// The beginning of a text, for an error: at most 100 characters.
pub(super) fn beginning(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("120"), Some(120));
        assert_eq!(decimal("9223372036854775807"), Some(i64::MAX as u64));
        for wrong in [
            "",
            "+1",
            "-1",
            "01",
            "00",
            " 1",
            "1 ",
            "9223372036854775808",
            "x",
            "1\n",
        ] {
            assert_eq!(decimal(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn base64_is_as_lenient_as_that_of_go() {
        assert_eq!(from_base64("AQ=="), Some(vec![1]));
        assert_eq!(
            from_base64("AR=="),
            Some(vec![1]),
            "bits behind the last byte"
        );
        for wrong in ["AQ", "AQ=", "AQ===", "A_==", "AQ==\n"] {
            assert_eq!(from_base64(wrong), None, "{wrong:?}");
        }
        assert_eq!(to_base64(&[1]), "AQ==");
    }
}
