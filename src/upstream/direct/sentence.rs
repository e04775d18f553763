//! What programs say, made fit for an answer.

use std::path::Path;

/// How much of it is passed on, in bytes.
const MAX_LEN: usize = 400;

/// One line of what a program said, short, with nothing of the job's directory, no credentials, and no control
/// characters, which a terminal might obey.
pub(super) fn sentence(said: &str, directory: &Path) -> String {
    let mut sentence = String::new();
    for word in without_directory(said, directory).split_whitespace() {
        let word = without_user(word);
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        for c in word.chars() {
            match c.is_control() {
                true => sentence.extend(c.escape_default()),
                false => sentence.push(c),
            }
        }
        if sentence.len() > MAX_LEN {
            sentence.truncate(sentence.floor_char_boundary(MAX_LEN));
            sentence.push_str(" …");
            break;
        }
    }
    sentence
}

/// The go command names the directory that it ran a program in: ` in /scratch/job-x/mod/cache/vcs/3f2e…`.
fn without_directory(said: &str, directory: &Path) -> String {
    let directory = directory.to_string_lossy();
    let mut clean = String::new();
    let mut rest = said;
    while let Some(at) = rest.find(&*directory) {
        let before = &rest[..at];
        clean.push_str(before.strip_suffix(" in ").unwrap_or(before));
        rest = &rest[at + directory.len()..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ':' | '\'' | '"' | ',' | ')'))
            .unwrap_or(rest.len());
        rest = &rest[end..];
    }
    clean.push_str(rest);
    clean
}

/// SECURITY: a URL in a setting of git, or one that a host gave, may hold a name and a password; the sentence goes to
/// whoever asked.
pub(super) fn without_user(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let end = rest.find(['/', '?', '#', '\'', '"']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{}", without_user(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_say() {
        for (said, expected) in [
            ("  unknown\r\n\trevision   x\n", "unknown revision x"),
            (
                "git ls-remote -q https://a.b/m in /s/job-1/mod/cache/vcs/3f2e: exit status 128:\n\tfatal: no",
                "git ls-remote -q https://a.b/m: exit status 128: fatal: no",
            ),
            ("open '/s/job-1/mod/x y': bad, /s/job-1", "open ' y': bad,"),
            (
                "fatal: 'https://me:s3cret@a.b/m' and ssh://git@a.b:22/x, http://a.b/@v/1",
                "fatal: 'https://a.b/m' and ssh://a.b:22/x, http://a.b/@v/1",
            ),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            (
                "x https://u:p@h/?u=https://u:p@h",
                "x https://h/?u=https://h",
            ),
        ] {
            assert_eq!(sentence(said, Path::new("/s/job-1")), expected);
        }
    }

    #[test]
    fn is_short() {
        let long = sentence(&"wörd ".repeat(10_000), Path::new("/s"));
        assert!(long.len() <= MAX_LEN + 8, "{}", long.len());
        let one_word = sentence(&"ö".repeat(10_000), Path::new("/s"));
        assert!(one_word.len() <= MAX_LEN + 8);
    }
}
