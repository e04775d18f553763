//! What makes the program at home in a shell: completions and manual pages.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `athens completions`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  source <(athens completions bash)                                       for this shell
  athens completions bash > /etc/bash_completion.d/athens                 for everybody
  athens completions zsh > \"${fpath[1]}/_athens\"
  athens completions fish > ~/.config/fish/completions/athens.fish

Exit status: 0 done; 2 wrong usage, or it failed.")]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// `athens man`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  athens man | man -l -                                       read it
  athens man --output /usr/local/share/man/man1               athens.1, athens-serve.1 and so on

Exit status: 0 done; 2 wrong usage, or it failed.")]
pub struct ManArgs {
    /// Directory to write a page for each command to; it must exist [default: none, the first page is printed]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
