//! Puts a token into the text of a `.netrc` and takes it out again. Pure.
//!
//! What belongs to other machines stays byte for byte as it is: entries, comments, macros, order. The file may hold what no
//! parser of ours knows.

use std::ops::Range;

use crate::auth::PlainToken;
use crate::transport::go_netrc_entries;

/// The user name of a new entry. The server does not look at it, and the go command takes no entry without one.
const LOGIN: &str = "athens";

/// Why a `.netrc` is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetrcRefusal {
    /// The machine has a password there that is no token of athens.
    #[error("it holds another password for this machine")]
    OtherPassword,
    /// The go command would not see the new entry: an open macro, or words in an order that it does not read.
    #[error(
        "the go command would not see an entry in it, for what stands before it is written in a way that it does not read"
    )]
    Unreadable,
}

/// The text with the token as password of a machine. An entry that is there is changed, one that is not is added.
///
/// # Errors
///
/// If another password is there, unless `is_forced`; or if the go command could not read the outcome.
pub(super) fn with_token(
    text: &str,
    machine: &str,
    token: &PlainToken,
    is_forced: bool,
) -> Result<String, NetrcRefusal> {
    let entry = entries(text)
        .into_iter()
        .find(|entry| entry.machine == machine);
    let edited = match entry {
        None => with_line(text, machine, token),
        Some(entry) => {
            let password = entry.password.clone().map(|span| &text[span]);
            if password.is_some_and(|password| !is_ours(password)) && !is_forced {
                return Err(NetrcRefusal::OtherPassword);
            }
            changed(text, &entry, token)
        }
    };
    let is_seen = go_netrc_entries(&edited)
        .iter()
        .find(|entry| entry.machine == machine)
        .is_some_and(|entry| entry.password == token.reveal());
    if is_seen {
        Ok(edited)
    } else {
        Err(NetrcRefusal::Unreadable)
    }
}

/// The text without the tokens of a machine, and how many these were. Other passwords of the machine stay.
pub(super) fn without_tokens(text: &str, machine: &str) -> (String, usize) {
    let mut kept = text.to_owned();
    let mut removed = 0;
    // From the end, so that the spans of those before stay right.
    for entry in entries(text).iter().rev() {
        let is_token = entry
            .password
            .clone()
            .is_some_and(|span| is_ours(&text[span]));
        if entry.machine == machine && is_token {
            for field in entry.fields.iter().rev() {
                cut(&mut kept, field.clone());
            }
            removed += 1;
        }
    }
    (kept, removed)
}

/// Whether a machine has a password that is no token of athens.
pub(super) fn has_other_password(text: &str, machine: &str) -> bool {
    entries(text).iter().any(|entry| {
        let password = entry.password.clone().map(|span| &text[span]);
        entry.machine == machine && password.is_some_and(|password| !is_ours(password))
    })
}

fn is_ours(password: &str) -> bool {
    password.parse::<PlainToken>().is_ok()
}

/// An entry and where its words are.
#[derive(Default)]
struct Entry<'a> {
    machine: &'a str,
    /// `machine NAME`, `login NAME`, `password WORD`, `account WORD`: from the keyword to the end of the value.
    fields: Vec<Range<usize>>,
    login: Option<Range<usize>>,
    password: Option<Range<usize>>,
}

/// The entries of machines, as [`crate::transport::Netrc`] reads them.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    // What follows `default`, or nothing at all, belongs to no machine.
    let mut is_open = false;
    let mut in_macro = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let line_start = start;
        start += line.len();
        if in_macro {
            in_macro = !line.trim().is_empty();
            continue;
        }
        let mut words = words(line).map(|span| line_start + span.start..line_start + span.end);
        while let Some(keyword) = words.next() {
            match &text[keyword.clone()] {
                "machine" => {
                    is_open = true;
                    let name = words.next().unwrap_or(keyword.end..keyword.end);
                    let mut entry = Entry {
                        machine: &text[name.clone()],
                        ..Entry::default()
                    };
                    entry.fields.push(keyword.start..name.end);
                    entries.push(entry);
                }
                "default" => is_open = false,
                word @ ("login" | "password" | "account") => {
                    let Some(value) = words.next() else { break };
                    let Some(entry) = entries.last_mut().filter(|_| is_open) else {
                        continue;
                    };
                    entry.fields.push(keyword.start..value.end);
                    match word {
                        "login" => entry.login = Some(value),
                        "password" => entry.password = Some(value),
                        _ => {}
                    }
                }
                "macdef" => {
                    in_macro = true;
                    break;
                }
                word if word.starts_with('#') => break,
                _ => {}
            }
        }
    }
    entries
}

/// The words of a line, by their places.
fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    line.split_whitespace().map(move |word| {
        let start = word.as_ptr().addr() - line.as_ptr().addr();
        start..start + word.len()
    })
}

fn with_line(text: &str, machine: &str, token: &PlainToken) -> String {
    let line = format!(
        "machine {machine} login {LOGIN} password {}\n",
        token.reveal()
    );
    let has = |keyword| text.split_whitespace().any(|word| word == keyword);
    if has("default") || has("macdef") {
        // What comes behind these is not always read.
        return format!("{line}{text}");
    }
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{text}{end}{line}")
}

fn changed(text: &str, entry: &Entry<'_>, token: &PlainToken) -> String {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let after_name = entry.fields.first().map_or(0, |field| field.end);
    match &entry.password {
        Some(password) => edits.push((password.clone(), token.reveal().to_owned())),
        None => edits.push((
            after_name..after_name,
            format!(" password {}", token.reveal()),
        )),
    }
    if entry.login.is_none() {
        edits.push((after_name..after_name, format!(" login {LOGIN}")));
    }
    // From the end; of two at one place, the last is put before the other.
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut changed = text.to_owned();
    for (span, with) in edits {
        changed.replace_range(span, &with);
    }
    changed
}

/// Removes a field, the blanks before it, and the line if nothing else is on it.
fn cut(text: &mut String, field: Range<usize>) {
    let before = &text[..field.start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[field.end..]
        .find('\n')
        .map_or(text.len(), |at| field.end + at + 1);
    let is_first = before[line_start..].trim().is_empty();
    let is_last = text[field.end..line_end].trim().is_empty();
    let span = match (is_first, is_last) {
        (true, true) => line_start..line_end,
        // What follows moves to where the field began.
        (true, false) => {
            let rest = &text[field.end..line_end];
            field.start..field.end + (rest.len() - rest.trim_start().len())
        }
        (false, _) => before.trim_end().len()..field.end,
    };
    text.replace_range(span, "");
}

#[cfg(test)]
mod tests;
