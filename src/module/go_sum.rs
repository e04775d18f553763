//! go.sum files: which sums a build was made with.

use super::module_version::ModuleVersion;
use super::sum::Sum;

/// What go commands of 2018 wrote as the sum of a missing go.mod; the go command drops such lines when it reads them.
const EMPTY_GO_MOD: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// The end of a version that stands for the go.mod alone.
const GO_MOD: &str = "/go.mod";

/// The lines of a go.sum file.
///
/// A line is a module path, a version with or without `/go.mod` after it, and a sum, with blanks between them. Empty
/// lines are skipped, and so are sums in algorithms other than `h1:`, which future go commands may write beside those
/// that we know. Unlike the go command, which looks at a path or version only when it needs it, lines whose path and
/// version are none are refused: nobody could have the module.
///
/// Source: Go Modules Reference, "go.sum files"; the go command, `modfetch.readGoSum`.
///
/// ```
/// use athens::module::GoSum;
///
/// let text = "\
/// example.com/m v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
/// example.com/m v1.0.0/go.mod h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=
/// ";
/// let file = GoSum::parse(text.as_bytes())?;
/// assert_eq!(file.lines().len(), 2);
/// assert!(file.lines()[1].is_go_mod);
/// # Ok::<(), athens::module::InvalidGoSum>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoSum(Vec<GoSumLine>);

/// A line of a go.sum file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoSumLine {
    /// The module and its version.
    pub version: ModuleVersion,
    /// Whether the sum is that of the go.mod; else it is that of the zip.
    pub is_go_mod: bool,
    /// The sum.
    pub sum: Sum,
}

/// A file that is no go.sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed go.sum, line {line}: {kind}")]
pub struct InvalidGoSum {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub kind: GoSumFault,
}

/// Why a go.sum is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoSumFault {
    /// More than [`GoSum::MAX_LEN`] bytes; the number is in the variant.
    #[error("the file has {0} bytes, more than {max}", max = GoSum::MAX_LEN)]
    TooLong(usize),
    /// A line that is no UTF-8.
    #[error("it is not UTF-8 text")]
    NotUtf8,
    /// A line with fewer or more than three words; the number is in the variant.
    #[error("it should be a module path, a version and a sum, and has {0} words")]
    Words(usize),
    /// A path, a version or a sum that is none; the sentence is in the variant.
    #[error("{0}")]
    Word(String),
}

impl GoSum {
    /// The most bytes that [`GoSum::parse`] looks at: 16 MiB. The largest projects have some hundred KiB.
    pub const MAX_LEN: usize = 16 << 20;

    /// Reads the bytes of a file.
    ///
    /// # Errors
    ///
    /// The first line that is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidGoSum> {
        if bytes.len() > Self::MAX_LEN {
            return Err(InvalidGoSum {
                line: 1,
                kind: GoSumFault::TooLong(bytes.len()),
            });
        }
        let mut lines = Vec::new();
        for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = read_line(bytes).map_err(|kind| InvalidGoSum {
                line: index + 1,
                kind,
            })?;
            lines.extend(line);
        }
        Ok(Self(lines))
    }

    /// The lines with `h1:` sums, in their order; a line may occur twice.
    pub fn lines(&self) -> &[GoSumLine] {
        &self.0
    }
}

fn read_line(bytes: &[u8]) -> Result<Option<GoSumLine>, GoSumFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| GoSumFault::NotUtf8)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let [path, version, sum] = words.as_slice() else {
        return match words.len() {
            0 => Ok(None),
            number => Err(GoSumFault::Words(number)),
        };
    };
    if *sum == EMPTY_GO_MOD || is_of_another_algorithm(sum) {
        return Ok(None);
    }
    let (version, is_go_mod) = match version.strip_suffix(GO_MOD) {
        Some(version) => (version, true),
        None => (*version, false),
    };
    let wrong = |error: &dyn std::fmt::Display| GoSumFault::Word(error.to_string());
    let path = path
        .parse()
        .map_err(|error: super::InvalidModulePath| wrong(&error))?;
    let version = version
        .parse()
        .map_err(|error: super::InvalidVersion| wrong(&error))?;
    Ok(Some(GoSumLine {
        version: ModuleVersion::new(path, version).map_err(|error| wrong(&error))?,
        is_go_mod,
        sum: sum
            .parse()
            .map_err(|error: super::InvalidSum| wrong(&error))?,
    }))
}

/// `h2:…`: a letter, a number that is not ours, a colon.
fn is_of_another_algorithm(sum: &str) -> bool {
    sum.split_once(':').is_some_and(|(name, _)| {
        name != "h1"
            && name.strip_prefix('h').is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "h1:ICeL3t2L30ljSPHHxDnR4fqVcBt/zR2zJAb9juavmQg=";

    fn parse(text: &str) -> Result<Vec<String>, String> {
        let file = GoSum::parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let show = |line: &GoSumLine| {
            let end = if line.is_go_mod { GO_MOD } else { "" };
            assert_eq!(line.sum.to_string(), SUM);
            format!("{}{end}", line.version)
        };
        Ok(file.lines().iter().map(show).collect())
    }

    #[test]
    fn reads_what_the_go_command_writes() {
        let text = format!(
            "example.com/M v1.0.0 {SUM}\nexample.com/M v1.0.0/go.mod {SUM}\n\n  \r\n\
             a.b/c  v2.0.0+incompatible\t{SUM}\r\n"
        );
        assert_eq!(
            parse(&text).unwrap(),
            [
                "example.com/M@v1.0.0",
                "example.com/M@v1.0.0/go.mod",
                "a.b/c@v2.0.0+incompatible"
            ]
        );
        assert_eq!(parse("").unwrap(), [""; 0]);
        assert_eq!(
            parse(&format!("a.b/c v1.0.0 {SUM}")).unwrap(),
            ["a.b/c@v1.0.0"]
        );
    }

    #[test]
    fn skips_what_says_nothing() {
        let text = format!("a.b/c v1.0.0/go.mod {EMPTY_GO_MOD}\na.b/c v1.0.0 h2:abc\n");
        assert_eq!(parse(&text).unwrap(), [""; 0]);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        for (line, problem) in [
            ("a.b/c v1.0.0".to_owned(), "has 2 words"),
            (format!("a.b/c v1.0.0 {SUM} x"), "has 4 words"),
            (format!("a.b/c v1.0 {SUM}"), "v1.0"),
            (format!("a.b/c v2.0.0 {SUM}"), "does not fit"),
            (format!("../c v1.0.0 {SUM}"), "../c"),
            ("a.b/c v1.0.0 h1:short=".to_owned(), "malformed sum"),
            ("a.b/c v1.0.0 sha256:x".to_owned(), "malformed sum"),
            ("a.b/c v1.0.0 \0".to_owned(), "malformed sum"),
        ] {
            let error = parse(&format!("a.b/c v1.0.0 {SUM}\n{line}\n")).unwrap_err();
            assert!(error.starts_with("malformed go.sum, line 2: "), "{error}");
            assert!(error.contains(problem), "{error}");
        }
        let error = GoSum::parse(b"\xff").unwrap_err();
        assert_eq!((error.line, error.kind), (1, GoSumFault::NotUtf8));
        let long = vec![b' '; GoSum::MAX_LEN + 1];
        assert!(matches!(
            GoSum::parse(&long).unwrap_err().kind,
            GoSumFault::TooLong(_)
        ));
    }
}
