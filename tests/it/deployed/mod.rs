//! The files in `deploy/` and the `Dockerfile`, by the programs that they are for.

/// The root file system of the container image, with the program in it.
mod container;
/// What the files name, against the program.
mod named;
/// Real reverse proxies, as the files configure them.
mod proxies;
/// The service of systemd, and what the program asks of the kernel.
mod systemd;

use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn deployed(name: &str) -> PathBuf {
    repository().join("deploy").join(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).unwrap()
}
