//! Names that are one name where capital and small letters are not told apart.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The names seen so far, each with its directories, by their folded form.
///
/// Source: `golang.org/x/mod/zip`, `collisionChecker`.
#[derive(Debug, Default)]
pub(super) struct Collisions(HashMap<String, Seen>);

#[derive(Debug)]
struct Seen {
    path: String,
    is_directory: bool,
}

impl Collisions {
    /// Adds a file and the directories above it. `Some` is the name that it cannot stand beside: another spelling, or
    /// the same name as a directory or a file.
    pub(super) fn add(&mut self, path: &str) -> Option<String> {
        if let Some(other) = self.add_one(path, false) {
            return Some(other);
        }
        let mut rest = path;
        while let Some((parent, _)) = rest.rsplit_once('/') {
            if let Some(other) = self.add_one(parent, true) {
                return Some(other);
            }
            rest = parent;
        }
        None
    }

    fn add_one(&mut self, path: &str, is_directory: bool) -> Option<String> {
        match self.0.entry(folded(path)) {
            Entry::Vacant(place) => {
                place.insert(Seen {
                    path: path.to_owned(),
                    is_directory,
                });
                None
            }
            Entry::Occupied(seen) => {
                let seen = seen.get();
                let same = seen.path == path && seen.is_directory && is_directory;
                (!same).then(|| seen.path.clone())
            }
        }
    }
}

/// A text that two names share exactly when Go's `strings.EqualFold` takes them for equal.
///
/// Right for the letters that file names in a module zip may hold; a test compares all of them with Go.
pub(super) fn folded(name: &str) -> String {
    name.chars().map(folded_char).collect()
}

fn folded_char(c: char) -> char {
    // The dotless i is a letter of its own: its capital is I, whose small letter is another one.
    if c == 'ı' {
        return c;
    }
    // Through the capital: the letters that share it, such as σ and ς, are one.
    let capital = only(c.to_uppercase()).unwrap_or(c);
    only(capital.to_lowercase()).unwrap_or(capital)
}

/// The character, when there is exactly one: simple folding keeps the length of a name, so ß is not ss.
fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_collision(paths: &[&str]) -> Option<String> {
        let mut seen = Collisions::default();
        paths.iter().find_map(|path| seen.add(path))
    }

    #[test]
    fn files_and_their_directories_take_part() {
        assert_eq!(first_collision(&["a/x.go", "a/y.go", "b"]), None);
        assert_eq!(first_collision(&["a/x", "A/y"]).as_deref(), Some("a"));
        assert_eq!(first_collision(&["a/x", "a/X"]).as_deref(), Some("a/x"));
        assert_eq!(first_collision(&["a", "a/b"]).as_deref(), Some("a"));
        assert_eq!(first_collision(&["a/b", "a"]).as_deref(), Some("a"));
        assert_eq!(first_collision(&["a", "a"]).as_deref(), Some("a"));
    }

    #[test]
    fn folds_as_go_does() {
        for (a, b, same) in [
            ("K", "\u{212a}", true),
            ("s", "ſ", true),
            ("σ", "ς", true),
            ("ß", "ẞ", true),
            ("ß", "ss", false),
            ("ı", "i", false),
            ("İ", "i", false),
            ("Å", "\u{212b}", true),
            ("ᾳ", "ᾼ", true),
            ("ﬅ", "ﬆ", false),
            ("ǅ", "ǆ", true),
            ("é", "É", true),
        ] {
            assert_eq!(folded(a) == folded(b), same, "{a} {b}");
        }
    }
}
