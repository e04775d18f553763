//! The commands for people who use a server: `login`, `logout`, `credentials`, `doctor`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Concealed, TimeSpan};
use crate::module::ModuleQuery;

/// `athens login`.
#[derive(Args, Debug)]
#[command(after_help = super::help::LOGIN_EXAMPLES)]
pub struct LoginArgs {
    /// URL of the server, as in GOPROXY
    #[arg(
        value_name = "URL",
        env = "ATHENS_SERVER",
        default_value = "http://127.0.0.1:3000",
        hide_env_values = true
    )]
    pub server: Concealed,

    /// File that holds the token [default: none, see below]
    #[arg(
        long,
        env = "ATHENS_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "token_stdin"
    )]
    pub token_file: Option<PathBuf>,

    /// Read the token from standard input, also if that is a terminal [default: false]
    #[arg(long)]
    pub token_stdin: bool,

    /// Keep the token in a file of athens, and let the go command (1.24 and later) ask `athens credentials` for it, instead
    /// of writing it to .netrc [default: false]
    #[arg(long)]
    pub goauth: bool,

    /// Run the `go env -w` lines, too, instead of only printing them [default: false]
    #[arg(long)]
    pub write: bool,

    /// Replace another password of the server that .netrc holds [default: false]
    #[arg(long)]
    pub force: bool,

    /// Try the token over plain HTTP on another machine, for everybody on the way to read [default: false]
    #[arg(long)]
    pub insecure: bool,

    /// File with the certificates (PEM) of authorities to trust beside the platform's [default: none]
    #[arg(long, env = "ATHENS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// `athens logout`.
#[derive(Args, Debug)]
#[command(after_help = super::help::LOGOUT_EXAMPLES)]
pub struct LogoutArgs {
    /// URL of the server, as it was given to `athens login`
    #[arg(
        value_name = "URL",
        env = "ATHENS_SERVER",
        default_value = "http://127.0.0.1:3000",
        hide_env_values = true
    )]
    pub server: Concealed,

    /// Run the `go env` lines that undo those of `athens login`, too, instead of only printing them [default: false]
    #[arg(long)]
    pub write: bool,
}

/// `athens credentials`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  go env -w GOAUTH='athens credentials; netrc'    what `athens login --goauth` says

The answer is in the form that `go help goauth` describes. It holds the tokens: it is for the go command, not for a log.
Exit status: 0 done, also if there is no token; 2 wrong usage, or it failed.")]
pub struct CredentialsArgs {
    /// Only what is for this URL; the go command gives it when a server has refused [default: all]
    #[arg(value_name = "URL")]
    pub url: Option<Concealed>,
}

/// `athens doctor`.
#[derive(Args, Debug)]
#[command(after_help = super::help::DOCTOR_EXAMPLES)]
pub struct DoctorArgs {
    /// URL of the server that is meant [default: those that GOPROXY names]
    #[arg(value_name = "URL", env = "ATHENS_SERVER", hide_env_values = true)]
    pub server: Option<Concealed>,

    /// Module to fetch, as a try: PATH or PATH@VERSION [default: none]
    #[arg(long, value_name = "MODULE")]
    pub module: Option<ModuleQuery>,

    /// Folder of a server on this machine to look at, too [default: none]
    #[arg(long, env = "ATHENS_ROOT", value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// State directory of the server whose root is looked at [default: the platform's, as `athens help token` says]
    #[arg(long, env = "ATHENS_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// File with the certificates (PEM) of authorities to trust beside the platform's [default: none]
    #[arg(long, env = "ATHENS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// How long one question may take, and four times as long the fetch of a module
    #[arg(long, value_name = "TIME", default_value = "15s")]
    pub timeout: TimeSpan,

    /// Print JSON instead of text: one object a line [default: false]
    #[arg(long)]
    pub json: bool,
}
