//! Takes secrets out of what other programs say.

/// The text without tokens of athens, and without what stands before the `@` of a URL.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("//") {
        let (before, after) = rest.split_at(at + 2);
        shown.push_str(before);
        let authority = after
            .find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace())
            .unwrap_or(after.len());
        rest = match after[..authority].rfind('@') {
            Some(end) => {
                shown.push_str("***");
                &after[end..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    without_tokens(&shown)
}

fn without_tokens(text: &str) -> String {
    let mut pieces = text.split("athens_");
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(piece.len());
        shown.push_str("athens_");
        // A shorter word is none, but a name such as `athens_1`.
        if end < 20 {
            shown.push_str(piece);
        } else {
            shown.push_str("***");
            shown.push_str(&piece[end..]);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go() {
        let token = format!("athens_{}", "a1".repeat(24));
        for (text, shown) in [
            (
                "https://u:p@a.example/x".to_owned(),
                "https://***@a.example/x",
            ),
            (
                "https://u:p@w@a.example,http://b.example/@v".to_owned(),
                "https://***@a.example,http://b.example/@v",
            ),
            (
                "\"https://a.example/m@v1\"".to_owned(),
                "\"https://a.example/m@v1\"",
            ),
            (format!("no {token}: go"), "no athens_***: go"),
            ("athens_1 // x@y".to_owned(), "athens_1 // x@y"),
        ] {
            assert_eq!(redact(&text), shown);
        }
    }
}
