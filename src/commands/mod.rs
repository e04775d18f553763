//! One file per command. The only folder that prints.

mod check_config;
mod crawl;
mod doctor;
mod export;
mod fetch;
mod gc;
mod health;
mod import;
mod list;
mod listen;
mod log;
mod login;
mod printer;
mod progress;
mod publish;
mod reindex;
mod reload;
mod serve;
mod service_manager;
mod shell;
mod signals;
mod token;
mod verify;

use std::process::ExitCode;

pub use printer::Printer;

use crate::cli::Command;

/// How a command ended, for the process's exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitStatus {
    /// Done: 0.
    Success,
    /// Done, and there is something to look at, or what was given is refused: 1.
    Findings,
    /// Wrong usage, or it failed: 2.
    Failure,
    /// Ended at once by a second signal of this number: 128 and the number, as a shell would report it.
    Signal(u8),
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => Self::SUCCESS,
            ExitStatus::Findings => Self::from(1),
            ExitStatus::Failure => Self::from(2),
            ExitStatus::Signal(number) => Self::from(128_u8.saturating_add(number)),
        }
    }
}

/// Runs a command. An error is printed here, once, with its causes.
pub fn run(command: Command, printer: &mut Printer) -> ExitStatus {
    let result = match command {
        Command::Serve(arguments) => serve::run(*arguments, printer),
        Command::Publish(arguments) => publish::run(&arguments, printer),
        Command::List(arguments) => list::run(&arguments, printer),
        Command::Reindex(arguments) => reindex::run(&arguments, printer),
        Command::Verify(arguments) => verify::run(&arguments, printer),
        Command::Import(arguments) => import::run(&arguments, printer),
        Command::Fetch(arguments) => fetch::run(*arguments, printer),
        Command::Export(arguments) => export::run(&arguments, printer),
        Command::Gc(arguments) => gc::run(&arguments, printer),
        Command::Log(arguments) => log::run(&arguments, printer),
        Command::Token(arguments) => token::run(arguments, printer),
        Command::Health(arguments) => health::run(&arguments, printer),
        Command::Completions(arguments) => shell::completions(&arguments, printer),
        Command::Man(arguments) => shell::man(&arguments, printer),
        Command::Login(arguments) => login::run(&arguments, printer),
        Command::Logout(arguments) => login::logout(&arguments, printer),
        Command::Credentials(arguments) => login::credentials(&arguments, printer),
        Command::Doctor(arguments) => doctor::run(&arguments, printer),
    };
    result.unwrap_or_else(|error| {
        // Standard error is closed: nothing left to say it to.
        let _ = printer.error_line(&format!("athens: {error:#}"));
        ExitStatus::Failure
    })
}

/// A number and what is counted, in the right form.
fn count(number: u64, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
