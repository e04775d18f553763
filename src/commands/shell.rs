//! `athens completions` and `athens man`.

use std::fs;
use std::io::{self, Write as _};

use anyhow::Context as _;

use super::{ExitStatus, Printer, count};
use crate::cli::{Cli, CompletionsArgs, ManArgs};

/// Prints a completion script.
pub(super) fn completions(
    arguments: &CompletionsArgs,
    printer: &mut Printer,
) -> anyhow::Result<ExitStatus> {
    print(&Cli::completions(arguments.shell), printer).context("cannot print the completions")?;
    Ok(ExitStatus::Success)
}

/// Prints the page of the program, or writes those of all commands.
pub(super) fn man(arguments: &ManArgs, printer: &mut Printer) -> anyhow::Result<ExitStatus> {
    let pages = Cli::manual().context("cannot make the manual pages")?;
    let Some(directory) = &arguments.output else {
        if let Some(page) = pages.first() {
            print(&page.text, printer).context("cannot print the manual page")?;
        }
        return Ok(ExitStatus::Success);
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the operator's own directory, not a root"
    )]
    for page in &pages {
        let path = directory.join(&page.file_name);
        fs::write(&path, &page.text).with_context(|| {
            format!(
                "cannot write {}; the directory must exist and be writable",
                path.display()
            )
        })?;
    }
    printer.line(&format!(
        "wrote {} to {}",
        count(pages.len() as u64, "manual page"),
        directory.display()
    ))?;
    Ok(ExitStatus::Success)
}

/// All at once: a reader that stops reading, as `head` does, is no error.
fn print(bytes: &[u8], printer: &mut Printer) -> io::Result<()> {
    let mut out = printer.bytes();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
