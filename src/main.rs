//! The `athens` program: parse, run, say once what went wrong.

use std::process::ExitCode;

use athens::cli::Cli;
use athens::commands::{self, Printer};

fn main() -> ExitCode {
    let mut printer = Printer::stdio();
    match Cli::parse_arguments(std::env::args_os()) {
        Ok(cli) => commands::run(cli.command, &mut printer).into(),
        Err(error) => {
            // Also `--help` and `--version`. If nobody reads them there is nobody to tell.
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
