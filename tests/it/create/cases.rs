//! The table of repositories: what is in each, and which module of it is made.

use crate::support::repo::Repo;

/// The start of every module path. The go command finds such modules without a network when git is told where they are.
pub(super) const HOST: &str = "github.com/athens-test";

/// What should come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// A zip with the sum that the go command computes.
    SameSum,
    /// The go command makes no zip of it, nor do we.
    Refused,
}

use Expected::{Refused, SameSum};

pub(super) struct Case {
    /// What is special, and with dashes for spaces the name of the repository.
    pub(super) name: &'static str,
    /// What follows the repository in the module path.
    pub(super) path: &'static str,
    pub(super) version: &'static str,
    /// What we are told: the tag and the directory.
    pub(super) tag: &'static str,
    pub(super) subdirectory: &'static str,
    pub(super) expected: Expected,
    /// Fills the repository and tags it. It is given the path of the module at its root.
    pub(super) make: fn(&Repo, &str),
}

impl Case {
    pub(super) fn repository(&self) -> String {
        self.name.replace(' ', "-")
    }

    /// The module path of the root of its repository.
    pub(super) fn root_module(&self) -> String {
        format!("{HOST}/{}", self.repository())
    }

    pub(super) fn module(&self) -> String {
        format!("{}{}", self.root_module(), self.path)
    }
}

/// A module at the root, `v1.0.0`.
const fn at_root(name: &'static str, expected: Expected, make: fn(&Repo, &str)) -> Case {
    Case {
        name,
        path: "",
        version: "v1.0.0",
        tag: "v1.0.0",
        subdirectory: "",
        expected,
        make,
    }
}

/// A module in `sub`, `v1.0.0`.
const fn in_sub(name: &'static str, expected: Expected, make: fn(&Repo, &str)) -> Case {
    Case {
        path: "/sub",
        tag: "sub/v1.0.0",
        subdirectory: "sub",
        ..at_root(name, expected, make)
    }
}

/// A module `/v2`, `v2.0.0`, that is said to be in a directory.
const fn second(
    name: &'static str,
    subdirectory: &'static str,
    expected: Expected,
    make: fn(&Repo, &str),
) -> Case {
    Case {
        path: "/v2",
        version: "v2.0.0",
        tag: "v2.0.0",
        subdirectory,
        ..at_root(name, expected, make)
    }
}

/// A module at the root with these files, tagged `v1.0.0`.
fn plain(repo: &Repo, module: &str, files: &[&str]) {
    repo.go_mod("go.mod", module, "go 1.21\n").files(files);
    repo.commit().tag("v1.0.0");
}

/// The files that the rules about `vendor` are about.
fn vendor(repo: &Repo, module: &str, go: &str) {
    repo.go_mod("go.mod", module, go);
    repo.files(&[
        "m.go",
        "vendor/modules.txt",
        "vendor/x.go",
        "vendor/a.b/x.go",
        "vendor/a.b/c/x.go",
        "pkg/vendor/x.go",
        "pkg/vendor/modules.txt",
        "pkg/vendor/a/x.go",
        "longer/name/vendor/x.go",
        "vendored/a/x.go",
    ]);
    repo.commit().tag("v1.0.0");
}

fn sub(repo: &Repo, module: &str, files: &[&str]) {
    repo.go_mod("sub/go.mod", &format!("{module}/sub"), "go 1.21\n");
    repo.files(files).commit().tag("sub/v1.0.0");
}

mod attributes;
mod layout;
mod names;
mod surroundings;

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Case> {
    [
        layout::CASES,
        attributes::CASES,
        names::CASES,
        surroundings::CASES,
    ]
    .into_iter()
    .flatten()
}
