//! What is imported: what was named, or the go command's module cache.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::super::Printer;
use super::go_env::go_mod_cache;
use crate::carry::{Source, SourceKind};
use crate::cli::{ImportArgs, ImportKind};
use crate::http::escape_control;
use crate::store::DirStore;

/// How a bundle on standard input is called.
const STDIN: &str = "standard input";

/// What is said of a folder that may be another proxy's.
const OWN_BY_DEFAULT: &str = "has no journal, so all its modules count as one's own, and no upstream is asked about them; \
     if another proxy gathered them, say --from proxy-cache, else --from root";

/// Longest line that is printed, in characters.
const LONGEST: usize = 2000;

/// Opens all sources, before anything is taken from one of them.
pub(super) fn open(
    arguments: &ImportArgs,
    store: &DirStore,
    printer: &mut Printer,
) -> anyhow::Result<Vec<Source>> {
    if arguments.sources.is_empty() {
        let cache = go_mod_cache()?;
        return Ok(vec![source(&cache, None, store)?]);
    }
    let kind = arguments.from.map(kind);
    let mut sources = Vec::with_capacity(arguments.sources.len());
    for path in &arguments.sources {
        let source = source(path, kind, store)?;
        if source.is_own_by_default() {
            printer.error_line(&escape_control(
                &format!("athens: {} {OWN_BY_DEFAULT}", path.display()),
                LONGEST,
            ))?;
        }
        sources.push(source);
    }
    Ok(sources)
}

fn source(path: &Path, kind: Option<SourceKind>, store: &DirStore) -> anyhow::Result<Source> {
    if path == Path::new("-") {
        return match kind {
            None | Some(SourceKind::Bundle) => from_stdin(),
            Some(_) => bail!("- is a bundle on standard input; --from says something else"),
        };
    }
    let is_root = |path: PathBuf| path == store.path();
    if path.canonicalize().is_ok_and(is_root) {
        bail!(
            "{} is the root itself: name where modules are to be taken from",
            path.display()
        );
    }
    Ok(match kind {
        None => Source::open(path)?,
        Some(kind) => Source::open_as(path, kind)?,
    })
}

fn kind(named: ImportKind) -> SourceKind {
    match named {
        ImportKind::ModuleCache => SourceKind::ModuleCache,
        ImportKind::Gopath => SourceKind::GoPath,
        ImportKind::Root => SourceKind::Root,
        ImportKind::Bundle => SourceKind::Bundle,
        ImportKind::ProxyCache => SourceKind::ProxyCache,
        ImportKind::AthensDisk => SourceKind::AthensDisk,
    }
}

/// A bundle is looked at before it is read, so one that comes through a pipe goes to a temporary file first. That has no
/// name: it is gone when this process is, however that ends.
fn from_stdin() -> anyhow::Result<Source> {
    let mut file = tempfile::tempfile().context("cannot make a temporary file for the bundle")?;
    io::copy(&mut io::stdin().lock(), &mut file)
        .context("cannot copy the bundle from standard input to a temporary file")?;
    Ok(Source::of_bundle(file, STDIN)?)
}
