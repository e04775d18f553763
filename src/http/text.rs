//! Text from outside, made fit to be shown: in a log line, in an error message, in a page.

use std::fmt::Write as _;

/// The text with every control character written as an escape, and cut to a number of bytes.
///
/// Threat: a line break or a terminal's escape sequence in a path that is logged forges lines, or colours and moves
/// the cursor of whoever reads the log.
#[must_use]
pub fn escape_control(text: &str, most: usize) -> String {
    escape(text, most, |c| !c.is_control() && !is_direction(c))
}

/// The text with everything but printable ASCII written as an escape, and cut to a number of bytes.
///
/// For error bodies: the go command shows one only if all of it is graphic characters and spaces.
pub(super) fn escape_to_ascii(text: &str, most: usize) -> String {
    escape(text, most, |c| c == ' ' || c.is_ascii_graphic())
}

/// The marker of a cut text.
const CUT: &str = "...";

fn escape(text: &str, most: usize, is_shown: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len().min(most));
    for c in text.chars() {
        let before = escaped.len();
        if is_shown(c) {
            escaped.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "{}", c.escape_default());
        }
        if escaped.len() > most {
            escaped.truncate(before);
            while escaped.len() + CUT.len() > most && escaped.pop().is_some() {}
            escaped.push_str(CUT);
            break;
        }
    }
    escaped
}

/// Characters that change the direction of the text after them: `moc.elpmaxe` shown as `example.com`.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Escapes text for HTML, as content or as an attribute in double quotes.
pub(super) fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters() {
        for (text, shown) in [
            ("/plain/@v/list", "/plain/@v/list"),
            ("a\nb\x1b[31m\0\x7f", r"a\nb\u{1b}[31m\u{0}\u{7f}"),
            ("é \u{202e}x", r"é \u{202e}x"),
        ] {
            assert_eq!(escape_control(text, 100), shown);
        }
        assert_eq!(escape_to_ascii("é\u{85}x", 100), r"\u{e9}\u{85}x");
        assert_eq!(escape_control("abcdefghij", 10), "abcdefghij");
        assert_eq!(escape_control("abcdefghijk", 10), "abcdefg...");
        assert_eq!(
            escape_html("<a href=\"x\">'&'"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;"
        );
    }

    proptest! {
        #[test]
        fn never_longer_never_dangerous(text in any::<String>(), most in 3_usize..200) {
            let shown = escape_control(&text, most);
            prop_assert!(shown.len() <= most);
            prop_assert!(!shown.contains(char::is_control));
            let shown = escape_to_ascii(&text, most);
            prop_assert!(shown.len() <= most);
            prop_assert!(shown.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        }
    }
}
