//! Where `athens login` gets the token.

use std::io::{self, IsTerminal as _, Read};

use anyhow::{Context as _, anyhow, bail};

use super::terminal;
use crate::auth::PlainToken;
use crate::cli::LoginArgs;
use crate::client::{ServerUrl, quoted};
use crate::commands::Printer;
use crate::config::token_variable;

/// The longest input that is read: a token, and room for blanks.
const LONGEST: u64 = 4096;

/// The token, and where it is from: a file, `ATHENS_TOKEN`, standard input, or a person.
pub(super) fn obtain(
    arguments: &LoginArgs,
    server: &ServerUrl,
    printer: &mut Printer,
) -> anyhow::Result<(PlainToken, String)> {
    if let Some(path) = &arguments.token_file {
        let place = format!("the file {}", path.display());
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {place}"))?;
        return parse(&read(file, &place)?, &place);
    }
    let stdin = io::stdin();
    // A job's standard input may be a pipe that nobody writes to and nobody closes, so the variable comes before it.
    if let Some(token) = token_variable().filter(|_| !arguments.token_stdin) {
        return parse(token.reveal(), "ATHENS_TOKEN");
    }
    if arguments.token_stdin || !stdin.is_terminal() {
        let place = "standard input";
        return parse(&read(stdin, place)?, place);
    }
    let question = format!("athens: the token for {server} (it is not shown):");
    match terminal::read_secret(LONGEST, || printer.error_line(&question)) {
        Ok(Some(text)) => parse(&text, "what was typed"),
        Ok(None) => bail!("nothing was typed, and nothing was kept"),
        Err(error) => Err(anyhow!(
            "there is no terminal to ask for the token ({error}); give it in a file: athens login {} --token-file FILE",
            quoted(&server.to_string())
        )),
    }
}

fn read(from: impl Read, place: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    from.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {place}"))?;
    if bytes.len() as u64 > LONGEST {
        bail!("{place} is larger than {LONGEST} bytes, so it is no token");
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn parse(text: &str, place: &str) -> anyhow::Result<(PlainToken, String)> {
    let token = text
        .trim()
        .parse()
        .map_err(|error| anyhow!("there is no token in {place}: {error}"))?;
    Ok((token, place.to_owned()))
}
