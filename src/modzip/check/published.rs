//! What holds only for zips that are published here: the go command would take them, or some of its versions would.

use std::ops;

use super::super::archive::Header;
use super::super::contents::Range;
use super::super::found::Found;
use super::super::names::Name;
use super::super::rule::{Fault, Rule, shown};
use crate::module::{GoMod, ModuleVersion};

/// Checks what a central header says besides name and size.
pub(super) fn check_header(header: &Header<'_>, mut fault: impl FnMut(Fault)) {
    if header.name.ends_with(b"/") {
        fault(Fault::new(
            Rule::DirectoryEntry,
            "it is a directory, which makes `go mod verify` fail for whoever downloads the module; leave out directories \
             (zip -D)",
        ));
    } else if let Some(what) = header.irregular() {
        fault(Fault::new(
            Rule::IrregularFile,
            format!(
                "it is marked as {what}, and only regular files can be in a module; leave it out"
            ),
        ));
    }
    if header.is_encrypted() {
        fault(Fault::new(
            Rule::Encrypted,
            "it is marked as encrypted; make the archive without a password",
        ));
    }
    if header.is_ambiguous {
        fault(clients_differ(
            "its size or its place is not the same for all go commands, because of its zip64 field",
        ));
    }
}

/// Checks that the root has no directory in the place of its go.mod.
pub(super) fn check_name(name: Name<'_>) -> Result<(), Fault> {
    let (first, is_directory) = match name.path.split_once('/') {
        Some((first, _)) => (first, true),
        None => (name.path, name.is_directory),
    };
    if is_directory && first.eq_ignore_ascii_case("go.mod") {
        return Err(Fault::new(
            Rule::GoModDirectory,
            "it makes go.mod a directory, and the go command cannot download such a module; rename the directory",
        ));
    }
    Ok(())
}

/// Said when versions of the go command read an archive in different ways.
pub(super) fn clients_differ(how: &str) -> Fault {
    Fault::new(
        Rule::ClientsDiffer,
        format!("{how}; make the archive anew with an ordinary tool"),
    )
}

/// Finds entries that overlap each other or the central directory.
pub(super) fn find_overlaps(
    mut ranges: Vec<Range>,
    directory: &ops::Range<u64>,
    name: impl Fn(u32) -> String,
    found: &mut Found,
) {
    ranges.sort_unstable();
    // The entry that reaches farthest of those before.
    let mut farthest: Option<Range> = None;
    for range in ranges {
        if let Some(other) = farthest.filter(|before| range.start < before.end) {
            found.push(
                Some(range.entry),
                Fault::new(
                    Rule::Overlap,
                    format!(
                        "it overlaps the entry \"{}\"; make the archive anew",
                        name(other.entry)
                    ),
                ),
            );
        } else if u64::from(range.start) < directory.end && directory.start < u64::from(range.end) {
            found.push(
                Some(range.entry),
                Fault::new(
                    Rule::Overlap,
                    "it overlaps the central directory; make the archive anew",
                ),
            );
        }
        if farthest.is_none_or(|before| before.end < range.end) {
            farthest = Some(range);
        }
    }
}

/// Checks that a go.mod is one, and names the module.
pub(super) fn check_go_mod(go_mod: &[u8], version: &ModuleVersion) -> Result<(), Fault> {
    let file = GoMod::parse(go_mod).map_err(|error| {
        Fault::new(
            Rule::GoModSyntax,
            format!("the go command cannot read it: {error}"),
        )
    })?;
    match file.module_path() {
        Some(path) if path == version.path().as_str() => Ok(()),
        Some(path) => Err(Fault::new(
            Rule::GoModModule,
            format!(
                "it says that this is module \"{}\", and it is published as \"{}\"; nobody could require it: change the \
                 module line or the path to publish to",
                shown(path.as_bytes()),
                version.path()
            ),
        )),
        None => Err(Fault::new(
            Rule::GoModModule,
            format!("it has no module line; add: module {}", version.path()),
        )),
    }
}
