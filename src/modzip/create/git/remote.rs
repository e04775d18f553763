//! Where a repository comes from.

use std::path::Path;

use super::command::Git;
use super::error::GitError;

/// The URL of the remote `origin`, or of the only remote; without names and passwords.
pub(super) fn url(dir: &Path) -> Result<Option<String>, GitError> {
    let answer = Git::new(dir, "ask git for its remotes")
        .arguments(["config", "-z", "--get-regexp", r"^remote\..*\.url$"])
        .answer_if_any()?
        .unwrap_or_default();
    Ok(choose(&String::from_utf8_lossy(&answer)).map(without_user))
}

/// Reads records `remote.<name>.url\n<url>\0`.
fn choose(answer: &str) -> Option<&str> {
    let remotes: Vec<_> = answer
        .split_terminator('\0')
        .filter_map(|record| record.split_once('\n'))
        .collect();
    let origin = remotes.iter().find(|(key, _)| *key == "remote.origin.url");
    match (origin, remotes.as_slice()) {
        (Some((_, url)), _) | (None, [(_, url)]) => Some(url),
        _ => None,
    }
}

/// SECURITY: the URL may be published, and clones of build machines often have a token in it.
fn without_user(url: &str) -> String {
    if let Some((scheme, rest)) = url.split_once("://") {
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        format!("{scheme}://{host}{path}")
    } else {
        // The short form of ssh, where the name is mostly `git` and never a secret.
        url.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_or_the_only_one() {
        let record = |name: &str| format!("remote.{name}.url\nu:{name}\0");
        assert_eq!(choose(""), None);
        assert_eq!(choose(&record("fork")), Some("u:fork"));
        assert_eq!(
            choose(&(record("fork") + &record("origin"))),
            Some("u:origin")
        );
        assert_eq!(choose(&(record("a") + &record("b"))), None);
    }

    #[test]
    fn secrets_are_taken_out() {
        for (url, clean) in [
            ("https://example.com/a/b", "https://example.com/a/b"),
            (
                "https://me:s3cret@example.com/a@b",
                "https://example.com/a@b",
            ),
            ("https://tok@en@example.com", "https://example.com"),
            ("ssh://git@example.com:22/a", "ssh://example.com:22/a"),
            ("git@example.com:a/b", "git@example.com:a/b"),
            ("/srv/git/a", "/srv/git/a"),
        ] {
            assert_eq!(without_user(url), clean);
        }
    }
}
