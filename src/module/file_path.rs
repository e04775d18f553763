//! Names of files inside a module zip.

use super::check::{ElementKind, PathFault, check_elements};

/// A file name that cannot stand in a module zip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed file path {path:?}: {kind}")]
pub struct InvalidFilePath {
    /// The name as given.
    pub path: String,
    /// What is wrong with it.
    pub kind: PathFault,
}

/// Checks a slash-separated file name as it stands in a module zip after the `<path>@<version>/` prefix.
///
/// Allowed are letters of all scripts (as of Unicode 15.0, the tables of Go 1.21 to 1.26), ASCII digits, a space and
/// ``!#$%&()+,-.=@[]^_{}~``. No element may be empty, only dots, end in a dot or be a device name of Windows. Marks
/// and digits beyond ASCII are refused, so a decomposed `é` fails where the composed one passes. The caller must have
/// the name as UTF-8; length is not limited here.
///
/// Source: `golang.org/x/mod/module`, `CheckFilePath`.
///
/// # Errors
///
/// The name and the first rule it breaks.
///
/// ```
/// use athens::module::check_file_path;
///
/// assert!(check_file_path("docs/Überblick (1).md").is_ok());
/// assert!(check_file_path("../evil.go").is_err());
/// assert!(check_file_path("a\\b.go").is_err());
/// assert!(check_file_path("aux.go").is_err());
/// ```
pub fn check_file_path(path: &str) -> Result<(), InvalidFilePath> {
    check_elements(path, ElementKind::File).map_err(|kind| InvalidFilePath {
        path: path.to_owned(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts() {
        for good in [
            "go.mod",
            "a/b/c.go",
            ".github/x",
            "-dash",
            "a b.txt",
            "x~1",
            "世界.txt",
            "é",
            "!#$%&()+,-.=@[]^_{}~ x",
            "...x",
            "com0",
        ] {
            assert_eq!(check_file_path(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn refuses() {
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "a/../b",
            "a.",
            "a./b",
            "a\\b",
            "a:b",
            "a*b",
            "a<b",
            "a>b",
            "a?b",
            "a|b",
            "a\"b",
            "a'b",
            "a`b",
            "a\0b",
            "a\nb",
            "a\u{7f}b",
            "e\u{301}",
            "x²",
            "😀",
            "con",
            "d/NUL.txt",
            "a;b",
        ] {
            assert!(check_file_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn says_what_and_why() {
        let error = check_file_path("a\nb").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"malformed file path "a\nb": the character '\n' is not allowed"#
        );
    }
}
