//! Which files of a tree make a module: the one place that decides it, for directories and for revisions.

use std::collections::{BTreeSet, HashSet};

use super::candidate::{Candidate, Candidates, Kind};
use super::collisions::Collisions;
use super::error::CreateError;
use super::outcome::{Omission, Omitted, Refusal, Refusals, Refused, shown};
use super::vendor::VendorRule;
use crate::module::check_file_path;
use crate::modzip::MAX_ENTRIES;

/// What becomes of the candidates; all three in the order of the paths' bytes.
#[derive(Debug, Default)]
pub(super) struct Selection {
    pub(super) taken: Vec<Taken>,
    pub(super) omitted: BTreeSet<Omitted>,
    pub(super) refused: Vec<Refused>,
}

/// A file that goes into the zip.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) path: String,
    pub(super) is_root_license: bool,
}

impl Selection {
    /// Notes something that is left out.
    pub(super) fn omit(&mut self, path: &[u8], why: Omission) {
        self.omitted.insert(Omitted {
            path: shown(path),
            why,
        });
    }

    /// The selection, if nothing is refused.
    ///
    /// # Errors
    ///
    /// [`CreateError::Refused`] and [`CreateError::TooManyFiles`].
    pub(super) fn accepted(self) -> Result<Self, CreateError> {
        if !self.refused.is_empty() {
            return Err(CreateError::Refused(Refusals(self.refused)));
        }
        if self.taken.len() > MAX_ENTRIES {
            return Err(CreateError::TooManyFiles);
        }
        Ok(self)
    }

    fn refuse(&mut self, path: &[u8], why: Refusal) {
        self.refused.push(Refused {
            path: shown(path),
            why,
        });
    }
}

/// Judges every candidate. Of several reasons against a file, one counts: the first that the go command would see, or
/// the one that stands against most others, too.
///
/// `prefix_len` is the length of what stands before every name in the zip.
///
/// Source: `golang.org/x/mod/zip`, `checkFiles`.
pub(super) fn select(candidates: Candidates, vendor: VendorRule, prefix_len: usize) -> Selection {
    let candidates = candidates.into_sorted();
    let modules = nested_modules(&candidates);
    let mut collisions = Collisions::default();
    let mut selection = Selection::default();
    for Candidate { path, kind } in candidates {
        if let Some((whole, why)) = left_out_with_others(&path, vendor, &modules) {
            selection.omit(whole, why);
        } else if kind == Kind::Submodule {
            selection.omit(&path, Omission::Submodule);
        } else if kind == Kind::Litter {
            selection.omit(&path, Omission::Litter);
        } else if path == b".hg_archival.txt" {
            selection.omit(&path, Omission::HgArchival);
        } else {
            match admit(path, prefix_len, &mut collisions) {
                Err((path, why)) => selection.refuse(&path, why),
                Ok(path) if kind == Kind::SymbolicLink => {
                    selection.omit(path.as_bytes(), Omission::SymbolicLink);
                }
                Ok(path) => selection.taken.push(Taken {
                    path,
                    is_root_license: kind == Kind::RootLicense,
                }),
            }
        }
    }
    selection
}

/// The name, when it may stand in a zip beside those before it.
fn admit(
    path: Vec<u8>,
    prefix_len: usize,
    collisions: &mut Collisions,
) -> Result<String, (Vec<u8>, Refusal)> {
    let path = String::from_utf8(path).map_err(|error| (error.into_bytes(), Refusal::NotUtf8))?;
    let why = if let Err(error) = check_file_path(&path) {
        Some(Refusal::Name(error.kind))
    } else if path.eq_ignore_ascii_case("go.mod") && path != "go.mod" {
        Some(Refusal::GoModCase)
    } else if prefix_len + path.len() > usize::from(u16::MAX) {
        Some(Refusal::NameTooLong)
    } else {
        collisions.add(&path).map(Refusal::Collision)
    };
    match why {
        Some(why) => Err((path.into_bytes(), why)),
        None => Ok(path),
    }
}

/// The directories below the root that hold a regular `go.mod`, in any case; each with the slash at its end.
fn nested_modules(candidates: &[Candidate]) -> HashSet<Vec<u8>> {
    candidates
        .iter()
        .filter(|candidate| candidate.kind == Kind::File)
        .filter_map(|candidate| {
            let slash = candidate.path.iter().rposition(|&byte| byte == b'/')?;
            let (directory, name) = candidate.path.split_at(slash + 1);
            name.eq_ignore_ascii_case(b"go.mod")
                .then(|| directory.to_vec())
        })
        .collect()
}

/// The outermost directory that is left out with `path` in it, or `path` itself; and why.
fn left_out_with_others<'a>(
    path: &'a [u8],
    vendor: VendorRule,
    modules: &HashSet<Vec<u8>>,
) -> Option<(&'a [u8], Omission)> {
    let vendored = vendor.omits(path).then(|| {
        let whole = top_directory(path, |directory| vendor.omits(directory));
        (whole, Omission::Vendored)
    });
    let nested = module_above(modules, path).map(|whole| (whole, Omission::NestedModule));
    [vendored, nested]
        .into_iter()
        .flatten()
        .min_by_key(|(whole, _)| whole.len())
}

/// The outermost directory above `path` that is another module.
fn module_above<'a>(modules: &HashSet<Vec<u8>>, path: &'a [u8]) -> Option<&'a [u8]> {
    directories(path).find(|directory| modules.contains(*directory))
}

/// The outermost directory above `path`, with its slash, that is left out whole; `path` itself if there is none.
fn top_directory(path: &[u8], is_left_out: impl Fn(&[u8]) -> bool) -> &[u8] {
    directories(path)
        .find(|directory| is_left_out(&directory[..directory.len() - 1]))
        .unwrap_or(path)
}

/// The directories above `path`, outermost first, each with its slash.
fn directories(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'/')
        .map(|(at, _)| &path[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(paths: &[(&[u8], Kind)]) -> Candidates {
        let mut candidates = Candidates::default();
        for &(path, kind) in paths {
            candidates.push(path.to_vec(), kind).unwrap();
        }
        candidates
    }

    fn taken(selection: &Selection) -> Vec<&str> {
        selection
            .taken
            .iter()
            .map(|taken| taken.path.as_str())
            .collect()
    }

    fn omitted(selection: &Selection) -> Vec<(&str, Omission)> {
        selection
            .omitted
            .iter()
            .map(|omitted| (omitted.path.as_str(), omitted.why))
            .collect()
    }

    #[test]
    fn takes_in_byte_order_and_says_what_is_left() {
        let selection = select(
            tree(&[
                (b"m.go", Kind::File),
                (b"go.mod", Kind::File),
                (b"a/x.go", Kind::File),
                (b"a/m:go~", Kind::Litter),
                (b"a.go", Kind::File),
                (b"a-b/x.go", Kind::File),
                (b"sub/go.mod", Kind::File),
                (b"sub/deep/go.mod", Kind::File),
                (b"sub/deep/x.go", Kind::File),
                (b"sub/ext", Kind::Submodule),
                (b"sub/m.go~", Kind::Litter),
                (b"other/GO.mod", Kind::File),
                (b"other/x.go", Kind::File),
                (b"vendor/modules.txt", Kind::File),
                (b"vendor/a.b/c/d/e.go", Kind::File),
                (b"vendor/a.b/c.go", Kind::File),
                (b".hg_archival.txt", Kind::File),
                (b"a/.hg_archival.txt", Kind::File),
                (b".git", Kind::File),
                (b"ext", Kind::Submodule),
                (b"link", Kind::SymbolicLink),
                (b"linked/go.mod", Kind::SymbolicLink),
                (b"linked/x.go", Kind::File),
                (b"LICENSE", Kind::RootLicense),
            ]),
            VendorRule::Since124,
            0,
        );
        assert_eq!(
            taken(&selection),
            [
                ".git",
                "LICENSE",
                "a-b/x.go",
                "a.go",
                "a/.hg_archival.txt",
                "a/x.go",
                "go.mod",
                "linked/x.go",
                "m.go"
            ]
        );
        assert!(selection.taken[1].is_root_license);
        assert_eq!(
            omitted(&selection),
            [
                (".hg_archival.txt", Omission::HgArchival),
                ("a/m:go~", Omission::Litter),
                ("ext", Omission::Submodule),
                ("link", Omission::SymbolicLink),
                ("linked/go.mod", Omission::SymbolicLink),
                ("other/", Omission::NestedModule),
                ("sub/", Omission::NestedModule),
                ("vendor/a.b/c.go", Omission::Vendored),
                ("vendor/a.b/c/", Omission::Vendored),
                ("vendor/modules.txt", Omission::Vendored),
            ]
        );
        assert!(selection.accepted().is_ok());
    }

    #[test]
    fn refuses_every_bad_name() {
        let selection = select(
            tree(&[
                (b"GO.MOD", Kind::File),
                (b"a:b", Kind::File),
                (b"x/con.go", Kind::File),
                (b"x.go", Kind::File),
                (b"X.go", Kind::File),
                (b"l*nk", Kind::SymbolicLink),
                (b"\xff", Kind::File),
                (b"l".repeat(65_526).as_slice(), Kind::File),
                // Left out before its name is looked at.
                (b"vendor/a.b/c:d/e", Kind::File),
            ]),
            VendorRule::UpTo123,
            10,
        );
        let refused: Vec<_> = selection
            .refused
            .iter()
            .map(|refused| &refused.path[..refused.path.len().min(8)])
            .collect();
        assert_eq!(
            refused,
            [
                "GO.MOD", "a:b", "l*nk", "llllllll", "x.go", "x/con.go", "\\xff"
            ]
        );
        assert_eq!(selection.refused[3].why, Refusal::NameTooLong);
        assert_eq!(
            selection.refused[4].why,
            Refusal::Collision("X.go".to_owned())
        );
        assert_eq!(taken(&selection), ["X.go"]);
        assert!(matches!(
            selection.accepted(),
            Err(CreateError::Refused(all)) if all.0.len() == 7
        ));
    }
}
