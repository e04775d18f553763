//! What an upstream says about its refusal.

use std::time::Duration;

/// How long is waited for it.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How much of a body is read for it.
pub(super) const LONGEST_READ: usize = 4096;
/// The most lines of it.
const LINES: usize = 8;
/// The most bytes of it.
const BYTES: usize = LINES * 81;

/// Whether the words in a body of this type are shown at all: plain text, of UTF-8 or ASCII.
pub(super) fn is_shown(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("text/plain"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                let value = value.trim().trim_matches('"');
                value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii")
            }
            _ => true,
        })
}

/// The first lines of a body, up to the first blank one: at most 8 lines and 648 bytes, control characters and the like
/// escaped. `None` if nothing is left, or it is not UTF-8.
///
/// Source: the go command's `web.HTTPError`, which shows the same or, where there are control characters, nothing.
pub(super) fn of_body(body: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        // The body was cut somewhere in a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(body.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let lines: Vec<String> = text
        .lines()
        .map(str::trim_end)
        .take_while(|line| !line.is_empty())
        .take(LINES)
        .map(escape)
        .collect();
    let mut detail = lines.join("\n");
    let end = detail.floor_char_boundary(BYTES);
    detail.truncate(end);
    (!detail.is_empty()).then_some(detail)
}

fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        // THREAT: terminals and logs obey control characters; the invisible ones turn text around.
        let is_invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        match c {
            '\t' => escaped.push(' '),
            c if c.is_control() || is_invisible => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        for (content_type, shown) in [
            ("text/plain", true),
            ("Text/Plain; charset=\"UTF-8\"", true),
            ("text/plain; charset=us-ascii; x", true),
            ("text/plain; charset=utf-16", false),
            ("text/html", false),
            ("application/json", false),
            ("", false),
        ] {
            assert_eq!(is_shown(content_type), shown, "{content_type}");
        }
    }

    #[test]
    fn words() {
        let long = "x".repeat(BYTES * 2);
        let many = "a\n".repeat(20);
        for (body, detail) in [
            (
                "not found: a.b/c@v1: no such\n",
                Some("not found: a.b/c@v1: no such"),
            ),
            ("one\r\ntwo\n\nthree", Some("one\ntwo")),
            ("\nhidden", None),
            ("", None),
            (
                "a\u{1b}[31mb\u{0}\u{202e}",
                Some("a\\u{1b}[31mb\\u{0}\\u{202e}"),
            ),
            ("a\tb", Some("a b")),
            (&long, Some(&long[..BYTES])),
            (&many, Some("a\na\na\na\na\na\na\na")),
        ] {
            assert_eq!(of_body(body.as_bytes()).as_deref(), detail, "{body:?}");
        }
        assert_eq!(of_body(b"a\xffb"), None);
        assert_eq!(of_body(b"ab\xc3").as_deref(), Some("ab"));
    }
}
