//! The Unicode questions that Go's rules ask, answered as Go answers them.
//!
//! Go 1.21 to 1.26 carry the tables of Unicode 15.0, and `go` refuses a zip whose file names use a letter it does not
//! know. The crate behind this file knows Unicode 16.0, so what 15.1 and 16.0 added is taken out again. A file name
//! that passes here is therefore good for all these clients; one with a newer letter is refused, although a newer `go`
//! would take it. When the crate moves to a newer Unicode, a test below fails and the list must grow.

use unicode_general_category::{GeneralCategory, get_general_category};

/// First and last code points of all ranges that Unicode assigned after 15.0 (as of 16.0), in ascending order.
const AFTER_UNICODE_15: [(u32, u32); 50] = [
    (0x897, 0x897),
    (0x1B4E, 0x1B4F),
    (0x1B7F, 0x1B7F),
    (0x1C89, 0x1C8A),
    (0x2427, 0x2429),
    (0x2FFC, 0x2FFF),
    (0x31E4, 0x31E5),
    (0x31EF, 0x31EF),
    (0xA7CB, 0xA7CD),
    (0xA7DA, 0xA7DC),
    (0x105C0, 0x105F3),
    (0x10D40, 0x10D65),
    (0x10D69, 0x10D85),
    (0x10D8E, 0x10D8F),
    (0x10EC2, 0x10EC4),
    (0x10EFC, 0x10EFC),
    (0x11380, 0x11389),
    (0x1138B, 0x1138B),
    (0x1138E, 0x1138E),
    (0x11390, 0x113B5),
    (0x113B7, 0x113C0),
    (0x113C2, 0x113C2),
    (0x113C5, 0x113C5),
    (0x113C7, 0x113CA),
    (0x113CC, 0x113D5),
    (0x113D7, 0x113D8),
    (0x113E1, 0x113E2),
    (0x116D0, 0x116E3),
    (0x11BC0, 0x11BE1),
    (0x11BF0, 0x11BF9),
    (0x11F5A, 0x11F5A),
    (0x13460, 0x143FA),
    (0x16100, 0x16139),
    (0x16D40, 0x16D79),
    (0x18CFF, 0x18CFF),
    (0x1CC00, 0x1CCF9),
    (0x1CD00, 0x1CEB3),
    (0x1E5D0, 0x1E5FA),
    (0x1E5FF, 0x1E5FF),
    (0x1F8B2, 0x1F8BB),
    (0x1F8C0, 0x1F8C1),
    (0x1FA89, 0x1FA89),
    (0x1FA8F, 0x1FA8F),
    (0x1FABE, 0x1FABE),
    (0x1FAC6, 0x1FAC6),
    (0x1FADC, 0x1FADC),
    (0x1FADF, 0x1FADF),
    (0x1FAE9, 0x1FAE9),
    (0x1FBCB, 0x1FBEF),
    (0x2EBF0, 0x2EE5D),
];

/// Whether `c` is a letter (category L) of Unicode 15.0, as Go's `unicode.IsLetter`.
pub(super) fn is_letter(c: char) -> bool {
    use GeneralCategory::{
        LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter,
    };
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(
        get_general_category(c),
        UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter
    ) && !is_after_unicode_15(c)
}

/// Whether `c` shows as something (a letter, mark, number, punctuation, symbol or the ASCII space), as Go's
/// `unicode.IsPrint`.
pub(super) fn is_print(c: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate,
        Unassigned,
    };
    if c.is_ascii() {
        return c == ' ' || c.is_ascii_graphic();
    }
    !matches!(
        get_general_category(c),
        Control
            | Format
            | Unassigned
            | PrivateUse
            | Surrogate
            | SpaceSeparator
            | LineSeparator
            | ParagraphSeparator
    ) && !is_after_unicode_15(c)
}

fn is_after_unicode_15(c: char) -> bool {
    let code = u32::from(c);
    let index = AFTER_UNICODE_15.partition_point(|&(_, last)| last < code);
    AFTER_UNICODE_15
        .get(index)
        .is_some_and(|&(first, _)| first <= code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_newer_code_points_fits_the_tables() {
        assert_eq!(
            unicode_general_category::UNICODE_VERSION,
            (16, 0, 0),
            "extend AFTER_UNICODE_15 with what the newer tables add"
        );
        assert!(AFTER_UNICODE_15.is_sorted_by(|a, b| a.0 <= a.1 && a.1 < b.0));
    }

    #[test]
    fn letters_are_letters_and_marks_are_not() {
        for c in ['a', 'Z', 'é', 'ß', '世', 'ñ', 'ʰ', 'ǅ', 'א'] {
            assert!(is_letter(c), "{c}");
        }
        for c in [
            '0',
            '²',
            '\u{301}',
            '😀',
            'Ⅷ',
            '\u{FFFD}',
            '\u{A7CB}',
            '\u{2EBF0}',
            '\0',
        ] {
            assert!(!is_letter(c), "{c:?}");
        }
    }

    #[test]
    fn only_the_ascii_space_prints() {
        for c in [' ', '~', '\u{301}', '😀', '\u{FFFD}', '²'] {
            assert!(is_print(c), "{c:?}");
        }
        for c in [
            '\u{A0}', '\u{3000}', '\u{FEFF}', '\u{7F}', '\0', '\t', '\u{E000}',
        ] {
            assert!(!is_print(c), "{c:?}");
        }
    }
}
