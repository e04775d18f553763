//! `athens login`, `logout` and `credentials`, and real go commands that use what they keep.

mod go_story;
mod netrc;
mod refusals;
mod terminal;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// The permissions of a file.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
