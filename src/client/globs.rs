//! Lists of glob patterns, as the go command reads `GOPRIVATE`, `GONOPROXY` and `GONOSUMDB`.

/// The patterns of a list. The go command takes no blanks off them; `none` is one that matches nothing.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(|glob| glob.trim_end_matches('/'))
        .filter(|glob| !glob.is_empty() && *glob != "none")
}

/// Whether two patterns may match one module: both match a path by its first elements, so that the shorter one decides.
///
/// Wildcards within an element are taken to match everything, so it may say yes where nothing fits both.
pub fn overlap(one: &str, other: &str) -> bool {
    let is_glob = |element: &str| element.contains(['*', '?', '[']);
    one.split('/')
        .zip(other.split('/'))
        .all(|(a, b)| a == b || similar(a, b, is_glob(a), is_glob(b)))
}

/// Whether a pattern matches every module that another one does. It may say no where it does.
pub fn covers(wide: &str, narrow: &str) -> bool {
    wide.split('/').count() <= narrow.split('/').count()
        && wide
            .split('/')
            .zip(narrow.split('/'))
            // What is a wildcard in the narrow one is a character like others here.
            .all(|(wide, narrow)| {
                let fits = !wide.contains(['[', '?']) && matches(wide, narrow);
                wide == narrow || fits
            })
}

fn similar(a: &str, b: &str, a_is_glob: bool, b_is_glob: bool) -> bool {
    match (a_is_glob, b_is_glob) {
        (false, false) => false,
        (true, true) => true,
        (true, false) => matches(a, b),
        (false, true) => matches(b, a),
    }
}

/// Whether an element fits a pattern of `*` and `?`. A class in brackets is taken to fit everything.
fn matches(glob: &str, text: &str) -> bool {
    if glob.contains('[') {
        return true;
    }
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    // Row by row: whether the glob so far fits the text so far.
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for symbol in glob {
        let mut next = vec![false; text.len() + 1];
        if symbol == '*' {
            let mut any = false;
            for (place, before) in next.iter_mut().zip(&fits) {
                any |= before;
                *place = any;
            }
        } else {
            for (at, found) in text.iter().enumerate() {
                next[at + 1] = fits[at] && (symbol == '?' || symbol == *found);
            }
        }
        fits = next;
    }
    fits[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps() {
        for (one, other, both) in [
            ("corp.example", "corp.example/*", true),
            ("corp.example/*", "corp.example/a/b", true),
            ("*.example", "corp.example/a", true),
            ("*.corp.example", "corp.example", false),
            ("*corp.example", "corp.example", true),
            ("corp.example/a", "corp.example/b", false),
            ("corp.example/a?", "corp.example/ab/c", true),
            ("corp.example/[ab]", "corp.example/c", true),
            ("*", "anything/at/all", true),
            ("github.com/corp", "github.com/corporation", false),
        ] {
            assert_eq!(overlap(one, other), both, "{one} {other}");
            assert_eq!(overlap(other, one), both, "{other} {one}");
        }
        for (wide, narrow, all) in [
            ("corp.example", "corp.example/*", true),
            ("corp.example/*", "corp.example", false),
            ("corp.example/a", "corp.example/*", false),
            ("*.example", "*.corp.example/x", true),
            ("*", "corp.example/*", true),
            ("corp.example/?", "corp.example/*", false),
            ("corp.example/[ab]", "corp.example/a", false),
        ] {
            assert_eq!(covers(wide, narrow), all, "{wide} {narrow}");
        }
        assert_eq!(list("a/,none,,b").collect::<Vec<_>>(), ["a", "b"]);
    }
}
