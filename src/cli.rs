//! The command line: types and help text, nothing else.

mod carry;
mod client;
mod fetch;
mod gc;
mod health;
mod help;
mod log;
mod manual;
mod shell;

pub use carry::{ExportArgs, ImportArgs, ImportKind};
pub use client::{CredentialsArgs, DoctorArgs, LoginArgs, LogoutArgs};
pub use fetch::{FetchArgs, ToolchainPlatform};
pub use gc::GcArgs;
pub use health::HealthArgs;
pub use log::{InvalidMoment, LogArgs, Moment};
pub use manual::ManualPage;
pub use shell::{CompletionsArgs, ManArgs};

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use self::help::{PUBLISH_EXAMPLES, TOKEN_CREATE_EXAMPLES, TOKEN_EXAMPLES, VERIFY_EXAMPLES};
use crate::auth::{Lifetime, Rights, TokenName, parse_modules};
use crate::config::{Concealed, ServeSettings, environment};
use crate::module::{ModulePath, PathPatterns, Version};

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
  athens publish ./testmodule --version v1.0.0    put a directory on that server as a module version
  athens list 'example.com/*'                     what the folder holds
  athens reindex --root /srv/modules              make the folder ready for a static server or file://
  athens verify --root /srv/modules               read everything in it, and say what is wrong
  athens import                                   take what is in the go command's module cache
  athens fetch --from go.mod                      have everything that a project builds with in the folder
  athens export --from go.sum -o bundle.tar       one file with all that a project builds with
  athens gc --max-size 200GB --dry-run            what would go to make room
  athens log --follow                             what comes and goes, as it happens
  athens token create --name ci --allow publish --modules 'corp.example/*' --expires 90d
  athens login https://goproxy.corp.example       keep a token for the go command and for publish
  athens doctor                                   what is wrong here, and what mends it

Every flag of a command can also be given as a variable: --max-watches as ATHENS_MAX_WATCHES.
Exit status: 0 done; 1 findings, or input was refused; 2 wrong usage, or it failed.";

const SERVE_EXAMPLES: &str = "\
Examples:
  athens serve --root /srv/modules --listen 0.0.0.0:3000    for the whole network
  athens serve --listen '[::]:3000'                         the same, IPv4 and IPv6
  athens serve --listen 127.0.0.1:3000 --listen '[::1]:3000' --read-only
  athens serve --config athens.toml --log-format json
  ATHENS_ROOT=/srv/modules ATHENS_LISTEN=127.0.0.1:0 athens serve
  athens serve --config athens.toml --check-config          before a start or a reload

Every flag is also a variable (--max-watches: ATHENS_MAX_WATCHES) and a key of the file that --config names:
  root = \"/srv/modules\"
  listen = [\"127.0.0.1:3000\", \"[::1]:3000\"]
  max-watches = 1024
  idle-timeout = \"5m\"
A flag is stronger than a variable, a variable than the file. An empty variable counts as not set.
Times are numbers with a unit: 500ms, 10s, 2m, 1h. Sizes are bytes, or have a unit: 64KiB, 16MiB, 500MB.

SIGHUP: the file, the tokens, logins and certificates are read again, without a request being disturbed. A file with a
mistake changes nothing.
SIGTERM or SIGINT: no new connections, running answers finish. A second signal ends at once.

Exit status: 0 stopped by a signal, or --check-config found nothing wrong; 2 wrong usage, or it failed; 130 or 143 ended \
at once by a second signal.";

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve a folder of modules as a GOPROXY
    Serve(Box<ServeArgs>),
    /// Put a module version on a server, from a directory, a git tag or a zip
    Publish(Box<PublishArgs>),
    /// Print the modules and versions of a folder
    List(ListArgs),
    /// Write what a static server or file:// needs: list, @latest and missing .mod and .info files
    Reindex(ReindexArgs),
    /// Read every file of a folder, say what is wrong with it, and mend that with --fix
    Verify(VerifyArgs),
    /// Take modules from a module cache, a GOPATH, another root or proxy, or a bundle
    Import(ImportArgs),
    /// Fetch modules before anybody asks for them: some, or all that a project builds with
    Fetch(Box<FetchArgs>),
    /// Put modules, and what proves them, into a bundle
    Export(ExportArgs),
    /// Remove fetched versions that nobody uses, and what was left lying about
    Gc(GcArgs),
    /// Print what came into a folder and went from it, when and by whom
    Log(LogArgs),
    /// Make, list and revoke the tokens with which clients publish, delete and read
    Token(TokenArgs),
    /// Ask a server whether it is alive, or ready
    Health(HealthArgs),
    /// Print what lets a shell complete commands and flags
    Completions(CompletionsArgs),
    /// Print the manual page, or write that of each command to a directory
    Man(ManArgs),
    /// Keep a server's token where the go command finds it
    Login(LoginArgs),
    /// Remove what `athens login` kept
    Logout(LogoutArgs),
    /// Print the kept tokens for the go command, which runs this by GOAUTH
    Credentials(CredentialsArgs),
    /// Say what is wrong with the settings of this machine and of a server, and what mends it
    Doctor(DoctorArgs),
}

/// `athens serve`.
#[derive(Args, Debug)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct ServeArgs {
    /// TOML file with the same names as the flags, without the dashes before them [default: none]
    #[arg(long, env = "ATHENS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Read everything as a start would, say what is wrong and which settings would hold, and serve nothing [default: false]
    #[arg(long)]
    pub check_config: bool,

    /// Print what the check finds as JSON [default: false]
    #[arg(long, requires = "check_config")]
    pub json: bool,

    /// The names of those settings that were given as flags.
    #[arg(skip)]
    pub flags: Vec<String>,

    /// Everything that may also stand in the file.
    #[command(flatten)]
    pub settings: ServeSettings,
}

/// `athens publish`.
#[derive(Args, Debug)]
#[command(after_help = PUBLISH_EXAMPLES)]
pub struct PublishArgs {
    /// Directory of the module, or a module zip
    #[arg(value_name = "DIR|ZIP", default_value = ".")]
    pub source: PathBuf,

    /// Version to publish [default: of the git tag at HEAD, or of the zip]
    #[arg(long, value_name = "VERSION")]
    pub version: Option<Version>,

    /// Path that the module must have [default: what go.mod, or the zip, says]
    #[arg(long, value_name = "PATH")]
    pub module: Option<ModulePath>,

    /// URL of the server, as in GOPROXY
    #[arg(
        long,
        env = "ATHENS_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:3000",
        hide_env_values = true
    )]
    pub server: Concealed,

    /// File that holds the token [default: none, see below]
    #[arg(long, env = "ATHENS_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// File with the certificates (PEM) of authorities to trust beside the platform's [default: none]
    #[arg(long, env = "ATHENS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// State directory of the server, for one on this machine [default: the platform's, as `athens help token` says]
    #[arg(long, env = "ATHENS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Publish although the work tree has changes, and publish these too: the files of the directory, not of the tag [default: false]
    #[arg(long)]
    pub allow_dirty: bool,

    /// Send module and token over plain HTTP to another machine, for everybody on the way to read [default: false]
    #[arg(long)]
    pub insecure: bool,

    /// Say what would go in, what is left out and why, and the sums; contact nobody [default: false]
    #[arg(long, conflicts_with = "output")]
    pub dry_run: bool,

    /// Write the zip to a file, and contact nobody [default: none]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Print JSON instead of text: what the server answers, or with --dry-run what would be sent [default: false]
    #[arg(long)]
    pub json: bool,
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

/// `athens verify`.
#[derive(Args, Debug)]
#[command(after_help = VERIFY_EXAMPLES)]
pub struct VerifyArgs {
    /// What to check: a directory, if there is one of this name or it starts with / or ./; else a module or a version
    /// within --root [default: all of --root]
    #[arg(value_name = "ROOT|MODULE[@VERSION]")]
    pub target: Option<String>,

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

    /// Mend what can be mended, and move what is broken to quarantine [default: false]
    #[arg(long)]
    pub fix: bool,

    /// Print JSON instead of text [default: false]
    #[arg(long)]
    pub json: bool,
}

/// `athens token`.
#[derive(Args, Debug)]
#[command(after_help = TOKEN_EXAMPLES)]
pub struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TokenCommand,

    /// Directory of the server's tokens, outside the root [default: the platform's, as `athens help token` says]
    #[arg(long, env = "ATHENS_STATE", value_name = "DIR", global = true)]
    pub state: Option<PathBuf>,
}

/// What `athens token` can do.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token and print it, this once
    Create(TokenCreateArgs),
    /// Print which tokens there are and what they may do; never the tokens themselves
    List(TokenListArgs),
    /// Make a token worthless
    Revoke(TokenRevokeArgs),
}

/// `athens token create`.
#[derive(Args, Debug)]
#[command(after_help = TOKEN_CREATE_EXAMPLES)]
pub struct TokenCreateArgs {
    /// What to call it in lists and logs: 1 to 64 of a-z, 0-9, dot, underscore and dash
    #[arg(long, value_name = "NAME")]
    pub name: TokenName,

    /// What it may do: read, publish, delete, or several of them with commas; none includes another
    #[arg(long, value_name = "RIGHTS", default_value = "read")]
    pub allow: Rights,

    /// On which modules: comma-separated glob patterns of path prefixes, as in GOPRIVATE; '*' is all of them. Must be
    /// given with publish and delete [default: * if it may only read]
    #[arg(long, value_name = "PATTERNS", value_parser = parse_modules)]
    pub modules: Option<PathPatterns>,

    /// How long it is good: a time such as 12h, 90d or 2w, or never
    #[arg(long, value_name = "TIME", default_value = "never")]
    pub expires: Lifetime,
}

/// `athens token list`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens token list
  athens token list --json --state /var/lib/athens

With --json, one object a line: name, rights, modules, created, expires (a time or null), expired.
Exit status: 0 done, also if there is none; 2 wrong usage, or it failed.")]
pub struct TokenListArgs {
    /// Print JSON instead of a table [default: false]
    #[arg(long)]
    pub json: bool,
}

/// `athens token revoke`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens token revoke ci

`local` is the token that the server makes for its own user; revoked, it is made anew when a server starts.
Exit status: 0 done; 1 there is no such token; 2 wrong usage, or it failed.")]
pub struct TokenRevokeArgs {
    /// Which one, as `athens token list` shows it
    #[arg(value_name = "NAME")]
    pub name: TokenName,
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
        let mut cli = Self::from_arg_matches(&matches)?;
        if let (Command::Serve(serve), Some((_, matches))) =
            (&mut cli.command, matches.subcommand())
        {
            serve.flags = flags_of(matches);
        }
        Ok(cli)
    }
}

/// The names of the arguments that stand on the command line.
fn flags_of(matches: &clap::ArgMatches) -> Vec<String> {
    let is_flag =
        |id: &&clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let ids = matches.ids().filter(is_flag);
    ids.map(|id| id.as_str().replace('_', "-")).collect()
}

/// The parser's definition, with blank variables taken as not set.
fn command() -> clap::Command {
    without_blank_variables(Cli::command())
}

fn without_blank_variables(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| match argument.get_env() {
            Some(variable) if environment::is_blank(variable) => argument.env(None::<&str>),
            _ => argument,
        })
        .mut_subcommands(without_blank_variables)
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
        check_arguments(&Cli::command());
    }

    fn check_arguments(command: &clap::Command) {
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string);
            let name = (command.get_name(), argument.get_id());
            let help = help.unwrap_or_else(|| panic!("no help: {name:?}"));
            let default = argument.is_required_set()
                || help.contains("[default: ")
                || !argument.get_default_values().is_empty();
            assert!(default, "no default: {name:?}: {help}");
        }
        command.get_subcommands().for_each(check_arguments);
    }
}
