//! Manual pages and completions, written by the command line's own definition, so that they never lag behind it.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use roff::{Roff, roman};

use super::Cli;

/// A page of section 1, in roff.
#[derive(Debug)]
pub struct ManualPage {
    /// Of its file: `athens-serve.1`.
    pub file_name: String,
    /// What is in it.
    pub text: Vec<u8>,
}

impl Cli {
    /// The pages of the program, first, and of each command.
    ///
    /// # Errors
    /// Never, but for what writing to memory may say.
    pub fn manual() -> io::Result<Vec<ManualPage>> {
        let mut command = without_help(document());
        // Gives each command its full name, from which that of its page follows.
        command.build();
        let mut pages = Vec::new();
        collect(&command, &mut pages)?;
        Ok(pages)
    }

    /// The completion script for a shell.
    #[must_use]
    pub fn completions(shell: Shell) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut document(), "athens", &mut script);
        script
    }
}

/// Names, flags and their text, and nothing of what the variables of this process hold: a manual is the same on every
/// machine, and a variable may hold a password.
fn document() -> Command {
    without_values(Cli::command())
}

fn without_values(command: Command) -> Command {
    command
        .mut_args(|argument| argument.hide_env_values(true))
        .mut_subcommands(without_values)
}

/// `athens help serve` is what these pages are: it needs none itself.
fn without_help(command: Command) -> Command {
    command
        .disable_help_subcommand(true)
        .mut_subcommands(without_help)
}

fn collect(command: &Command, pages: &mut Vec<ManualPage>) -> io::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    pages.push(ManualPage {
        file_name: format!("{name}.1"),
        text: page(command)?,
    });
    let shown = |command: &&Command| !command.is_hide_set();
    for command in command.get_subcommands().filter(shown) {
        collect(command, pages)?;
    }
    Ok(())
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .source(concat!("athens ", env!("CARGO_PKG_VERSION")))
        .manual("athens");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command
        .get_subcommands()
        .any(|command| !command.is_hide_set())
    {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        below_the_flags(&text.to_string()).to_writer(&mut page)?;
    }
    Ok(page)
}

/// What stands below the flags in the help, in the sections that a manual page has for it. The help's own lines are kept
/// where it shows commands or keys, which are indented there.
fn below_the_flags(text: &str) -> Roff {
    let mut page = Roff::new();
    let mut notes_begun = false;
    for paragraph in text.split("\n\n") {
        let mut lines = paragraph.lines().peekable();
        if lines.next_if_eq(&"Examples:").is_some() {
            page.control("SH", ["EXAMPLES"]);
        } else if !notes_begun {
            page.control("SH", ["NOTES"]);
            notes_begun = true;
        }
        let mut is_indented = false;
        for line in lines {
            if let Some(status) = line.strip_prefix("Exit status: ") {
                if is_indented {
                    page.control("fi", []);
                }
                is_indented = false;
                page.control("SH", ["EXIT STATUS"]);
                page.text([roman(status)]);
                continue;
            }
            if line.starts_with("  ") != is_indented {
                is_indented = !is_indented;
                page.control(if is_indented { "nf" } else { "fi" }, []);
            }
            page.text([roman(line)]);
        }
        if is_indented {
            page.control("fi", []);
        }
        page.control("PP", []);
    }
    page
}
