//! Quoted strings of the Go language, as far as `go.mod` uses them.

/// The text of a string in double quotes or in back quotes, `None` when it is malformed. Bytes that make no UTF-8 after
/// unescaping become U+FFFD.
///
/// Source: Go's `strconv.Unquote`.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    if let Some(raw) = quoted.strip_prefix('`') {
        let raw = raw.strip_suffix('`')?;
        return (!raw.contains('`')).then(|| raw.replace('\r', ""));
    }
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' | '\n' => return None,
            '\\' => escape(&mut rest, &mut bytes)?,
            c => push(c, &mut bytes),
        }
    }
    Some(super::lossy(&bytes))
}

/// Reads one escape after its backslash.
fn escape(rest: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let byte = match rest.next()? {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0C,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0B,
        '\\' => b'\\',
        '"' => b'"',
        'x' => u8::try_from(digits(rest, 2, 16)?).ok()?,
        'u' => {
            push(char::from_u32(digits(rest, 4, 16)?)?, bytes);
            return Some(());
        }
        'U' => {
            push(char::from_u32(digits(rest, 8, 16)?)?, bytes);
            return Some(());
        }
        first @ '0'..='7' => {
            let high = first.to_digit(8)?;
            u8::try_from(high * 64 + digits(rest, 2, 8)?).ok()?
        }
        _ => return None,
    };
    bytes.push(byte);
    Some(())
}

/// Reads exactly so many digits; eight of base 16 just fit.
fn digits(rest: &mut std::str::Chars<'_>, count: usize, base: u32) -> Option<u32> {
    (0..count).try_fold(0, |number, _| {
        Some(number * base + rest.next()?.to_digit(base)?)
    })
}

fn push(c: char, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        for (quoted, text) in [
            (r#""""#, Some("")),
            (r#""a.b/c""#, Some("a.b/c")),
            (
                r#""\a\b\f\n\r\t\v\\\"""#,
                Some("\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
            ),
            (r#""\x61\142\u0063\U00000064é""#, Some("abcdé")),
            (r#""\xc3\xa9""#, Some("é")),
            (r#""\xff\377""#, Some("\u{FFFD}\u{FFFD}")),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#""\U00110000""#, None),
            (r#""\Uffffffff""#, None),
            (r#""\x6""#, None),
            (r#""\'""#, None),
            (r#""\q""#, None),
            (r#""\8""#, None),
            (r#""\""#, None),
            (r#""a"b""#, None),
            (r#"""#, None),
            ("\"a\nb\"", None),
            ("\"a\tb\"", Some("a\tb")),
            ("`a\\n`", Some("a\\n")),
            ("`a\rb`", Some("ab")),
            ("``", Some("")),
            ("`a`b`", None),
            ("`", None),
            ("`a", None),
            ("a", None),
            ("'a'", None),
        ] {
            assert_eq!(unquote(quoted).as_deref(), text, "{quoted}");
        }
    }
}
