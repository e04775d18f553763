//! `athens health`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Concealed, TimeSpan};

/// `athens health`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens health                                    the server on this machine, at its usual port
  athens health --ready https://goproxy.corp.example
  athens health unix:/run/athens/athens.sock

For container health checks, which have no curl. Alive means that the process answers; ready, that it can read its folder \
and write to it. A health check that restarts what is not ready makes an outage out of a full disk: let it ask whether \
the server is alive.

Exit status: 0 it is; 1 it says no, and why; 2 wrong usage, or it did not answer.")]
pub struct HealthArgs {
    /// URL of the server, as in GOPROXY, or unix: and the path of its socket
    #[arg(
        value_name = "URL",
        env = "ATHENS_SERVER",
        default_value = "http://127.0.0.1:3000",
        hide_env_values = true
    )]
    pub server: Concealed,

    /// Ask whether it can answer requests, not only whether it is alive [default: false]
    #[arg(long)]
    pub ready: bool,

    /// How long to wait for the answer
    #[arg(long, value_name = "TIME", default_value = "5s")]
    pub timeout: TimeSpan,

    /// File with the certificates (PEM) of authorities to trust beside the platform's [default: none]
    #[arg(long, env = "ATHENS_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}
