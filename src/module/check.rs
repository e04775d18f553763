//! The rules that module paths, revision words and file names share, element by element.

use super::unicode;

/// Why a path, or a word that must be one path element, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// A leading, trailing or doubled slash.
    #[error("a slash at the start, at the end or next to another slash")]
    EmptyElement,
    /// An element such as `.` or `..`.
    #[error("the element {0:?} is only dots")]
    OnlyDots(String),
    /// An element of a module path that begins with a dot.
    #[error("the element {0:?} begins with a dot")]
    LeadingDot(String),
    /// An element that ends in a dot, which Windows drops.
    #[error("the element {0:?} ends in a dot")]
    TrailingDot(String),
    /// A module path that a command line would take for a flag.
    #[error("it begins with a dash")]
    LeadingDash,
    /// A character outside the allowed set.
    #[error("the character {0:?} is not allowed")]
    Character(char),
    /// A name that Windows keeps for devices, such as `con` or `LPT1.txt`.
    #[error("the element {0:?} is a device name on Windows")]
    WindowsDevice(String),
    /// An element like `progra~1`, which Windows may take for the short form of another.
    #[error("the element {0:?} ends in a tilde and digits, like a short file name of Windows")]
    WindowsShortName(String),
    /// The first element has no dot, so it is no host name.
    #[error("the first element has no dot")]
    NoDotInFirst,
    /// The first element holds something else than small letters, digits, dots and dashes.
    #[error("the character {0:?} is not allowed in the first element")]
    FirstElement(char),
    /// The end of the path looks like a major version suffix and is not a valid one.
    #[error("it does not end in a valid major version suffix")]
    MajorSuffix,
}

/// What an element is part of: the allowed characters and a few rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementKind {
    /// An element of a module path.
    Module,
    /// An element of a file path in a module zip, or a revision word (which becomes a file name).
    File,
}

/// Device names of Windows, without the numbered ones.
const WINDOWS_DEVICES: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];

/// Checks every element of a slash-separated path.
pub(super) fn check_elements(path: &str, kind: ElementKind) -> Result<(), PathFault> {
    if path.is_empty() {
        return Err(PathFault::Empty);
    }
    path.split('/')
        .try_for_each(|element| check_element(element, kind))
}

/// Checks one element: `golang.org/x/mod/module`, `CheckPath` and `CheckFilePath`.
pub(super) fn check_element(element: &str, kind: ElementKind) -> Result<(), PathFault> {
    if element.is_empty() {
        return Err(PathFault::EmptyElement);
    }
    if element.bytes().all(|b| b == b'.') {
        return Err(PathFault::OnlyDots(element.to_owned()));
    }
    if kind == ElementKind::Module && element.starts_with('.') {
        return Err(PathFault::LeadingDot(element.to_owned()));
    }
    if element.ends_with('.') {
        return Err(PathFault::TrailingDot(element.to_owned()));
    }
    let allowed = match kind {
        ElementKind::Module => module_char,
        ElementKind::File => file_char,
    };
    if let Some(bad) = element.chars().find(|&c| !allowed(c)) {
        return Err(PathFault::Character(bad));
    }
    let stem = element.split_once('.').map_or(element, |(stem, _)| stem);
    if is_windows_device(stem) {
        return Err(PathFault::WindowsDevice(element.to_owned()));
    }
    // Short names are only dangerous where a path names a module; as file names they are common and harmless.
    if kind == ElementKind::Module && is_windows_short_name(stem) {
        return Err(PathFault::WindowsShortName(element.to_owned()));
    }
    Ok(())
}

fn module_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

/// ASCII punctuation that neither a shell nor Windows gives a meaning to, a space, and letters of any script. Marks
/// stay out because a letter with a mark may be the same name as one composed letter.
fn file_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&()+,-.=@[]^_{}~ ".contains(c)
    } else {
        unicode::is_letter(c)
    }
}

fn is_windows_device(stem: &str) -> bool {
    if WINDOWS_DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
    {
        return true;
    }
    // COM0 and LPT0 are ordinary names.
    let Some((name, number)) = stem.split_at_checked(3) else {
        return false;
    };
    (name.eq_ignore_ascii_case("com") || name.eq_ignore_ascii_case("lpt"))
        && matches!(number.as_bytes(), [b'1'..=b'9'])
}

fn is_windows_short_name(stem: &str) -> bool {
    stem.rsplit_once('~')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_names_in_any_case_and_with_any_extension() {
        for bad in [
            "con",
            "CON",
            "aux.go",
            "Nul",
            "prn.tar.gz",
            "com1",
            "LPT9.x",
        ] {
            assert!(
                matches!(
                    check_element(bad, ElementKind::File),
                    Err(PathFault::WindowsDevice(_))
                ),
                "{bad}"
            );
        }
        for good in ["com", "com0", "com10", "lpt", "console", "aux-1", "cоm1"] {
            assert_eq!(check_element(good, ElementKind::File), Ok(()), "{good}");
        }
    }

    #[test]
    fn short_names_matter_only_before_the_first_dot_of_a_module_path() {
        let check = |element| check_element(element, ElementKind::Module);
        assert!(matches!(
            check("progra~1"),
            Err(PathFault::WindowsShortName(_))
        ));
        assert!(matches!(
            check("a~b~12.x"),
            Err(PathFault::WindowsShortName(_))
        ));
        assert_eq!(check("progra~"), Ok(()));
        assert_eq!(check("x.progra~1"), Ok(()));
        assert_eq!(check("a~1b"), Ok(()));
        assert_eq!(check_element("progra~1", ElementKind::File), Ok(()));
    }
}
