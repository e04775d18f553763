//! `athens import` and `athens export`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::module::{InvalidTime, PathPatterns, Time, VersionPattern};

const IMPORT_EXAMPLES: &str = "\
Examples:
  athens import                                    the go command's module cache, into ./storage-root
  athens import ~/go                               a GOPATH: its module cache, and the git checkouts in src
  athens import /mnt/old-root --root /srv/modules  another root; what was published there stays published
  athens import /media/disk/bundle.tar             a bundle of athens export
  ssh there athens export 'corp.example/*' -o - | athens import -
  athens import --only 'corp.example/*' --dry-run
  athens import --from athens-disk /var/lib/athens --owned 'corp.example/*'
  athens import --from proxy-cache /var/cache/goproxy   what another proxy gathered, in the layout of the protocol

Every version is checked whole, as one that is published. What is there already is passed quickly, so an import that was
interrupted is run again. A server may run on the root meanwhile.

A line for each version that is refused, and the counts of all. With --json, one object a line: path, version, outcome
(imported, already-there, incomplete, conflict, deleted, refused), why; last of all summary.
Exit status: 0 done; 1 something is refused or in conflict; 2 wrong usage, or something could not be read or written.";

/// `athens import`.
#[derive(Args, Debug)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// Module caches, GOPATHs, roots, folders of other proxies or bundles; - is a bundle on standard input [default: what `go env GOMODCACHE` says]
    #[arg(value_name = "DIR|BUNDLE")]
    pub sources: Vec<PathBuf>,

    /// What all of them are, where finding out is not wanted [default: it is found out]
    #[arg(long, value_name = "KIND")]
    pub from: Option<ImportKind>,

    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// How many versions to check at once [default: the number of cores]
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,

    /// Only modules that match: comma-separated glob patterns of path prefixes, as in GOPRIVATE [default: all]
    #[arg(long, value_name = "PATTERNS")]
    pub only: Option<PathPatterns>,

    /// Modules that are one's own, whatever the source: no upstream is asked about them, nor about what is below them.
    /// Patterns as in GOPRIVATE [default: those that the source knows to be]
    #[arg(long, value_name = "PATTERNS")]
    pub owned: Option<PathPatterns>,

    /// Check everything, say what would come of it, and write nothing [default: false]
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

/// What a source of an import is.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKind {
    /// The go command's module cache, or its cache/download
    ModuleCache,
    /// Module cache, and git checkouts in src
    Gopath,
    /// Another root, or a folder of one's own in that layout: without a journal, all of it is one's own
    Root,
    /// What athens export wrote
    Bundle,
    /// What another proxy gathered in the layout of the protocol: goproxy, an export of Artifactory, a bucket of Athens
    ProxyCache,
    /// The disk storage of Athens
    AthensDisk,
}

const EXPORT_EXAMPLES: &str = "\
Examples:
  athens export --from go.sum -o bundle.tar            what a project builds with
  athens export --from a/go.sum b/go.sum -o bundle.tar
  athens export --since 2026-03-01 -o march.tar        what came since
  athens export 'corp.example/*' -o corp.tar           all there is of some modules
  athens export golang.org/toolchain@v0.0.1-go1.26.0.linux-amd64 -o toolchain.tar
  athens export '*' -o - | ssh there athens import -

A bundle holds versions and the lookups and tiles of checksum databases that were cached with them. The same tree gives
the same bytes. With --from, sums must be those of the go.sum files.

Exit status: 0 done; 1 something is missing or has another sum, and nothing was written unless --allow-missing; 2 wrong
usage, or it failed.";

/// `athens export`.
#[derive(Args, Debug)]
#[command(after_help = EXPORT_EXAMPLES)]
#[command(group = clap::ArgGroup::new("selection").required(true).multiple(false))]
pub struct ExportArgs {
    /// What to take: glob patterns of path prefixes, as in GOPRIVATE, with @VERSION behind them for one version [default: none]
    #[arg(value_name = "PATTERN[@VERSION]", group = "selection")]
    pub patterns: Vec<VersionPattern>,

    /// Take what these go.sum files name [default: none]
    #[arg(long, value_name = "GO.SUM", num_args = 1.., group = "selection")]
    pub from: Vec<PathBuf>,

    /// Take what came at this time or later: 2026-03-01, in UTC, or 2026-03-01T12:00:00+01:00 [default: none]
    #[arg(long, value_name = "TIME", value_parser = parse_time, group = "selection")]
    pub since: Option<Time>,

    /// File to write; - is standard output
    #[arg(short, long, value_name = "BUNDLE", required = true)]
    pub output: PathBuf,

    /// Write the bundle without what is missing or has another sum [default: false]
    #[arg(long)]
    pub allow_missing: bool,

    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

/// A date, or a time.
fn parse_time(text: &str) -> Result<Time, InvalidTime> {
    let is_date = text.len() == "2026-03-01".len();
    match is_date {
        true => format!("{text}T00:00:00Z").parse(),
        false => text.parse(),
    }
}
