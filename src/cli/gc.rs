//! `athens gc`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Age, ByteSize};

const GC_EXAMPLES: &str = "\
Examples:
  athens gc --max-size 200GB --dry-run          what would go, and when each was last used
  athens gc --max-size 200GB                    until the folder takes nine tenths of that
  athens gc --max-age 90d                       what nobody asked for in 90 days
  athens gc --max-size 50GiB --max-age 4w --json
  athens gc                                     only unfinished files and empty directories; says what could go

Only versions that were fetched because a client asked for them may go: they can be fetched again. What was published, put
into the folder by hand, imported, or fetched with `athens fetch` stays, and everything of modules that are one's own. A
server may run on the folder meanwhile. When versions were last used, only a server with --max-size or --max-age notes;
else a version counts as used when it was fetched.

With --json, one object a line for each version: path, version, size, last_use; last of all summary.
Exit status: 0 done; 1 what is left may not go and is still too large, or the journal can not be read in full; 2 wrong
usage, or it failed.";

/// `athens gc`.
#[derive(Args, Debug)]
#[command(after_help = GC_EXAMPLES)]
pub struct GcArgs {
    /// What the folder may take on the disk: the least recently used go until it takes nine tenths of that [default: none]
    #[arg(long, env = "ATHENS_MAX_SIZE", value_name = "SIZE")]
    pub max_size: Option<ByteSize>,

    /// How long a fetched version may go unused: 12h, 90d, 8w [default: none]
    #[arg(long, env = "ATHENS_MAX_AGE", value_name = "TIME")]
    pub max_age: Option<Age>,

    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// Say what would go, and remove nothing [default: false]
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}
