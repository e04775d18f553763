//! The directives that we read.

use super::super::module_version::fits_path;
use super::super::semver::Semver;
use super::syntax::{Line, Statement};
use super::{GoMod, GoModFault, InvalidGoMod, Requirement, Retraction, quote};

/// Directives that may be written as a block; in others a block is skipped.
const BLOCKS: [&str; 4] = ["module", "require", "retract", "ignore"];

/// Reads the directives of a whole file.
pub(super) fn read(statements: &[Statement<'_>]) -> Result<GoMod, InvalidGoMod> {
    let mut file = Reader::default();
    for Statement { head, block } in statements {
        match (block, head.words.as_slice()) {
            (None, [verb, arguments @ ..]) => file.directive(verb, arguments, head, None)?,
            (Some(lines), [verb]) if BLOCKS.contains(verb) => {
                for line in lines {
                    file.directive(verb, &line.words, line, Some(head))?;
                }
            }
            _ => {}
        }
    }
    Ok(file.0)
}

#[derive(Default)]
struct Reader(GoMod);

impl Reader {
    fn directive(
        &mut self,
        verb: &str,
        arguments: &[&str],
        line: &Line<'_>,
        block: Option<&Line<'_>>,
    ) -> Result<(), InvalidGoMod> {
        let done = match verb {
            "module" => self.module(arguments, line, block),
            "go" => self.go(arguments),
            "require" => require(arguments, is_indirect(line)).map(|requirement| {
                self.0.requirements.push(requirement);
            }),
            "retract" => {
                self.retract(arguments, line, block);
                Ok(())
            }
            "ignore" => ignore(arguments),
            _ => Ok(()),
        };
        done.map_err(|kind| InvalidGoMod {
            line: line.number,
            kind,
        })
    }

    fn module(
        &mut self,
        arguments: &[&str],
        line: &Line<'_>,
        block: Option<&Line<'_>>,
    ) -> Result<(), GoModFault> {
        if self.0.module.is_some() {
            return Err(GoModFault::Repeated("module"));
        }
        let [path] = arguments else {
            return Err(GoModFault::Arguments("module", "one path"));
        };
        self.0.module = Some(string(path)?);
        self.0.deprecation = deprecation(&comment(line, block)).map(str::to_owned);
        Ok(())
    }

    fn go(&mut self, arguments: &[&str]) -> Result<(), GoModFault> {
        if self.0.go.is_some() {
            return Err(GoModFault::Repeated("go"));
        }
        let [version] = arguments else {
            return Err(GoModFault::Arguments("go", "one version"));
        };
        match go_version(version) {
            Some(version) => self.0.go = Some(version.to_owned()),
            None => return Err(GoModFault::GoVersion((*version).to_owned())),
        }
        Ok(())
    }

    /// A form that we do not know is one that a newer Go may know: skip it.
    fn retract(&mut self, arguments: &[&str], line: &Line<'_>, block: Option<&Line<'_>>) {
        if let Some((low, high)) = interval(arguments) {
            self.0.retractions.push(Retraction {
                low,
                high,
                rationale: comment(line, block),
            });
        }
    }
}

/// A version, or `[` version `,` version `]`; words after it are ignored.
fn interval(words: &[&str]) -> Option<(String, String)> {
    match words {
        ["[", low, ",", high, "]", ..] => Some((string(low).ok()?, string(high).ok()?)),
        ["[" | "(", ..] | [] => None,
        [version, ..] => {
            let version = string(version).ok()?;
            Some((version.clone(), version))
        }
    }
}

fn require(arguments: &[&str], is_indirect: bool) -> Result<Requirement, GoModFault> {
    let [path, version] = arguments else {
        return Err(GoModFault::Arguments("require", "a path and a version"));
    };
    let path = string(path)?;
    let version = string(version)?;
    let canonical = match Semver::parse(&version) {
        Some(parts) => parts.canonical(),
        None => return Err(GoModFault::Version(version)),
    };
    match fits_path(&path, &canonical) {
        Some(true) => Ok(Requirement {
            path,
            version: canonical,
            is_indirect,
        }),
        Some(false) => Err(GoModFault::Misfit(path, canonical)),
        None => Err(GoModFault::Path(path)),
    }
}

/// Whether the comment after a line begins with the word `indirect`, alone or with a semicolon and more words after it.
fn is_indirect(line: &Line<'_>) -> bool {
    let comment = line.trailing.first().and_then(|c| c.strip_prefix("//"));
    let mut words = comment.unwrap_or_default().split_whitespace();
    match (words.next(), words.next()) {
        (Some("indirect"), None) => true,
        (first, Some(_)) => first == Some("indirect;"),
        _ => false,
    }
}

fn ignore(arguments: &[&str]) -> Result<(), GoModFault> {
    match arguments {
        [path] => string(path).map(drop),
        _ => Err(GoModFault::Arguments("ignore", "one path")),
    }
}

/// The text of a word, quoted or not.
pub(super) fn string(word: &str) -> Result<String, GoModFault> {
    let text = match word.starts_with('"') {
        true => quote::unquote(word),
        // Other quotes are reserved, also in the middle of a word.
        false => (!word.contains(['"', '\'', '`'])).then(|| word.to_owned()),
    };
    text.ok_or_else(|| GoModFault::Quoting(word.to_owned()))
}

/// The version that a `go` line means: `1.21`, `1.21.3`, `1.21rc2`. Of other spellings (`v1.21`, `1.21.x`) only the
/// first two numbers count, so that the future may add to them.
fn go_version(word: &str) -> Option<&str> {
    let (major, rest) = number(word.strip_prefix('v').unwrap_or(word))?;
    let (_, after) = number(rest.strip_prefix('.')?)?;
    if major == "0" {
        return None;
    }
    if !word.starts_with('v') && (after.is_empty() || is_release_tail(after)) {
        return Some(word);
    }
    // What follows may be anything but nothing, and must stay on the line.
    let language = &word[word.len() - rest.len() - major.len()..word.len() - after.len()];
    (!after.is_empty() && !after.contains('\n')).then_some(language)
}

/// `.3`, `rc1` or `.3rc1` after the first two numbers.
fn is_release_tail(tail: &str) -> bool {
    let tail = match tail.strip_prefix('.') {
        Some(patch) => match number(patch) {
            Some((_, tail)) => tail,
            None => return false,
        },
        None => tail,
    };
    let digits = tail.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let has_name = digits.len() < tail.len();
    let has_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    tail.is_empty() || (has_name && has_number)
}

/// Cuts a number without leading zeros off the front; what follows is no digit.
fn number(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    (digits == "0" || !(digits.is_empty() || digits.starts_with('0'))).then_some((digits, rest))
}

/// The comment of a line, or of its block when the line has none: lines without slashes and outer blanks, joined by
/// newlines.
fn comment(line: &Line<'_>, block: Option<&Line<'_>>) -> String {
    let bare = line.above.is_empty() && line.trailing.is_empty();
    let owner = block.filter(|_| bare).unwrap_or(line);
    let lines: Vec<_> = owner
        .above
        .iter()
        .chain(&owner.trailing)
        .filter_map(|comment| comment.strip_prefix("//"))
        .map(str::trim)
        .collect();
    lines.join("\n")
}

/// The first paragraph that begins with `Deprecated:`, up to the next empty line.
fn deprecation(comment: &str) -> Option<&str> {
    const MARK: &str = "Deprecated:";
    let message = comment.strip_prefix(MARK).or_else(|| {
        let (_, message) = comment.split_once("\n\nDeprecated:")?;
        Some(message)
    })?;
    let message = message.trim_start_matches(' ');
    let message = message
        .split_once("\n\n")
        .map_or(message, |(first, _)| first);
    (!message.is_empty()).then_some(message)
}
