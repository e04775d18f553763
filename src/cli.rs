//! The command line: types and help text, nothing else.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{ServeSettings, environment};

/// A Go module proxy and a registry for private modules: one binary, one folder.
#[derive(Parser, Debug)]
#[command(name = "athens", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  athens serve                                    serve ./storage-root at http://127.0.0.1:3000
  GOPROXY=http://127.0.0.1:3000 go get example.com/module@v1.2.0
  athens list 'example.com/*'                     what the folder holds
  athens reindex --root /srv/modules              make the folder ready for a static server or file://

Every flag of a command can also be given as a variable: --max-watches as ATHENS_MAX_WATCHES.
Exit status: 0 done; 1 findings, or input was refused; 2 wrong usage, or it failed.";

const SERVE_EXAMPLES: &str = "\
Examples:
  athens serve --root /srv/modules --listen 0.0.0.0:3000    for the whole network
  athens serve --listen '[::]:3000'                         the same, IPv4 and IPv6
  athens serve --listen 127.0.0.1:3000 --listen '[::1]:3000' --read-only
  athens serve --config athens.toml --log-format json
  ATHENS_ROOT=/srv/modules ATHENS_LISTEN=127.0.0.1:0 athens serve

Every flag is also a variable (--max-watches: ATHENS_MAX_WATCHES) and a key of the file that --config names:
  root = \"/srv/modules\"
  listen = [\"127.0.0.1:3000\", \"[::1]:3000\"]
  max-watches = 1024
  idle-timeout = \"5m\"
A flag is stronger than a variable, a variable than the file. An empty variable counts as not set.
Times are numbers with a unit: 500ms, 10s, 2m, 1h. Sizes are bytes, or have a unit: 64KiB, 16MiB, 500MB.

SIGTERM or SIGINT: no new connections, running answers finish, exit status 0. A second signal ends at once.";

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve a folder of modules as a GOPROXY
    Serve(Box<ServeArgs>),
    /// Print the modules and versions of a folder
    List(ListArgs),
    /// Write what a static server or file:// needs: list, @latest and missing .mod and .info files
    Reindex(ReindexArgs),
}

/// `athens serve`.
#[derive(Args, Debug)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct ServeArgs {
    /// TOML file with the same names as the flags, without the dashes before them [default: none]
    #[arg(long, env = "ATHENS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Everything that may also stand in the file.
    #[command(flatten)]
    pub settings: ServeSettings,
}

/// `athens list`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens list
  athens list 'example.com/corp,*.example.org' --root /srv/modules
  athens list --json

Exit status: 0 something matched; 1 nothing did; 2 wrong usage, or it failed.")]
pub struct ListArgs {
    /// Only modules that match: comma-separated glob patterns of path prefixes, as in GOPRIVATE [default: all]
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<String>,

    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// Print JSON instead of a table [default: false]
    #[arg(long)]
    pub json: bool,
}

/// `athens reindex`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens reindex --root /srv/modules --dry-run
  athens reindex --root /srv/modules

Exit status: 0 done; 1 some versions cannot be served, and were said; 2 wrong usage, or it failed.")]
pub struct ReindexArgs {
    /// Folder that holds the modules
    #[arg(
        long,
        env = "ATHENS_ROOT",
        value_name = "DIR",
        default_value = "storage-root"
    )]
    pub root: PathBuf,

    /// Say what would be written, and write nothing [default: false]
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

impl Cli {
    /// Parses arguments, the program's name first, and the `ATHENS_…` variables behind them.
    ///
    /// # Errors
    ///
    /// Wrong usage; also `--help` and `--version`, which the error prints and gives exit code 0.
    pub fn parse_arguments(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches)
    }
}

/// The parser's definition, with blank variables taken as not set.
fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| {
        command.mut_args(|argument| match argument.get_env() {
            Some(variable) if environment::is_blank(variable) => argument.env(None::<&str>),
            _ => argument,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_argument_is_documented() {
        for command in Cli::command().get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string);
                let name = (command.get_name(), argument.get_id());
                let help = help.unwrap_or_else(|| panic!("no help: {name:?}"));
                let default =
                    help.contains("[default: ") || !argument.get_default_values().is_empty();
                assert!(default, "no default: {name:?}: {help}");
            }
        }
    }
}
