//! A secret from the terminal, without it being shown.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};

/// The terminal as it was, which it is again when this is dropped.
struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    fn new(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut quiet = before.clone();
        // Without signals, Ctrl-C is a character that we read: nothing can end us with the echo off.
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nobody to tell if the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        let _ = self.terminal.write_all(b"\n");
    }
}

/// A line that a person types or pastes when he is asked; `None` if he gives up (Ctrl-C, Ctrl-D). It is not shown, and the terminal is as it
/// was afterwards.
///
/// # Errors
///
/// If there is no terminal, or more than `most` bytes come.
pub(super) fn read_secret(
    most: u64,
    ask: impl FnOnce() -> io::Result<()>,
) -> io::Result<Option<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let mut quiet = Quiet::new(terminal)?;
    // Whoever answers the moment he is asked is not to see it either.
    ask()?;
    let mut line = Line::default();
    let mut byte = [0];
    loop {
        if quiet.terminal.read(&mut byte)? == 0 {
            return Ok(None);
        }
        match line.take(byte[0]) {
            Some(Typed::Line) => return Ok(Some(line.text())),
            Some(Typed::GaveUp) => return Ok(None),
            None if line.0.len() as u64 > most => {
                return Err(io::Error::other("what was typed is too long"));
            }
            None => {}
        }
    }
}

/// What was typed so far.
#[derive(Default)]
struct Line(Vec<u8>);

#[derive(Debug, PartialEq, Eq)]
enum Typed {
    Line,
    GaveUp,
}

impl Line {
    /// Takes a byte; says when the line has come to an end.
    fn take(&mut self, byte: u8) -> Option<Typed> {
        match byte {
            b'\r' | b'\n' => return Some(Typed::Line),
            // Ctrl-C, Ctrl-\.
            3 | 28 => return Some(Typed::GaveUp),
            // Ctrl-D.
            4 => {
                return Some(if self.0.is_empty() {
                    Typed::GaveUp
                } else {
                    Typed::Line
                });
            }
            // Backspace, as both kinds of terminals send it.
            8 | 127 => {
                self.0.pop();
            }
            // Ctrl-U.
            21 => self.0.clear(),
            byte => self.0.push(byte),
        }
        None
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing() {
        for (keys, text) in [
            (&b"abc\r"[..], Some("abc")),
            (b"abx\x7fc\n", Some("abc")),
            (b"xyz\x15abc\n", Some("abc")),
            (b"abc\x04", Some("abc")),
            (b"\x04", None),
            (b"abc\x03", None),
            (b"\x7f\n", Some("")),
        ] {
            let mut line = Line::default();
            let end = keys.iter().find_map(|key| line.take(*key)).unwrap();
            let typed = (end == Typed::Line).then(|| line.text());
            assert_eq!(typed.as_deref(), text, "{keys:?}");
        }
    }
}
