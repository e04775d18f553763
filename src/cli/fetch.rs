//! `athens fetch`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::config::FetchSettings;
use crate::module::{InvalidPlatform, ModuleQuery, Platform};

const FETCH_EXAMPLES: &str = "\
Examples:
  athens fetch --from go.mod                       the build list of a project, into ./storage-root
  athens fetch --from go.sum                       exactly what a go.sum names; sums must be those of its lines
  athens fetch --from go.mod --toolchain           and the Go toolchain that it asks for, for this platform
  athens fetch --from go.mod --toolchain linux-amd64,darwin-arm64
  athens fetch rsc.io/quote                        the latest version of a module
  athens fetch rsc.io/quote@v1.5.2 golang.org/x/text@master
  athens fetch --from list.txt                     a list: MODULE[@VERSION], or MODULE VERSION, a line; - is standard input
  athens fetch --from go.sum && athens export --from go.sum -o bundle.tar

Everything is asked for as a client of the server would: by the same upstreams, verified in the same way, noted in the \
same journal; a server may run on the folder meanwhile. The records of the checksum database are kept too, also for what \
was there before, so that go commands verify when nobody else can be reached.

With --from go.mod, the build list is what `go list -m all` says, plus what the go.sum beside it names. Directories that \
stand in the place of modules are passed over.

A line for each version that could not be fetched, and the counts of all. With --json, one object a line: path, version, \
outcome (fetched, already-there, passed, failed), why; last of all summary.
Exit status: 0 all is there; 1 something does not exist, is refused or has another sum; 2 wrong usage, or something \
could not be reached, read or written.";

/// `athens fetch`.
#[derive(Args, Debug)]
#[command(after_help = FETCH_EXAMPLES)]
#[command(group = clap::ArgGroup::new("selection").required(true).multiple(false))]
pub struct FetchArgs {
    /// Modules, each with a version, a branch or a commit behind an @ [default: none; without a version, the latest]
    #[arg(value_name = "MODULE[@VERSION]", group = "selection")]
    pub modules: Vec<ModuleQuery>,

    /// Fetch what these go.mod and go.sum files name, and lists of modules, whose names end in .txt [default: none]
    #[arg(long, value_name = "GO.MOD|GO.SUM|LIST.TXT", num_args = 1.., group = "selection")]
    pub from: Vec<PathBuf>,

    /// Fetch the toolchains that the go.mod files ask for, too, for these platforms: GOOS-GOARCH, with commas between them,
    /// or this [default: none; without a value, this one]
    #[arg(
        long,
        value_name = "PLATFORM",
        value_delimiter = ',',
        num_args = 0..=1,
        default_missing_value = "this",
        requires = "from"
    )]
    pub toolchain: Vec<ToolchainPlatform>,

    /// How many versions to fetch at once [default: 8]
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,

    /// TOML file of the server, whose rules and upstreams then hold here, too [default: none]
    #[arg(long, env = "ATHENS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Whom to ask.
    #[command(flatten)]
    pub settings: FetchSettings,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

/// For which platform a toolchain is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolchainPlatform {
    /// That of this machine.
    This,
    /// One that was named.
    Named(Platform),
}

impl std::str::FromStr for ToolchainPlatform {
    type Err = InvalidPlatform;

    fn from_str(word: &str) -> Result<Self, InvalidPlatform> {
        match word {
            "this" => Ok(Self::This),
            word => word.parse().map(Self::Named),
        }
    }
}
