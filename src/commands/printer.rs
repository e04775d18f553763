//! The only place that writes to standard output, and the commands' door to standard error.

use std::io::{self, Write};

/// What a command prints with.
///
/// A reader that goes away (`athens list | head`) is no error: the rest is dropped, and [`Printer::is_closed`] tells a
/// command that has much more to say that it may stop.
pub struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    closed: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer")
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Printer {
    /// Prints to the process's standard output and error.
    #[must_use]
    pub fn stdio() -> Self {
        Self::new(Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Prints to any two writers; for tests.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            err,
            closed: false,
        }
    }

    /// Prints text as it is to standard output.
    ///
    /// # Errors
    ///
    /// If it cannot be written, for another reason than that the reader is gone.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        match self.out.write_all(text.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Prints one line to standard output, at once: whoever waits for it on a pipe sees it.
    ///
    /// # Errors
    ///
    /// As [`Printer::text`].
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        self.text(line)?;
        self.text("\n")?;
        match self.out.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            flushed => flushed,
        }
    }

    /// Standard output for what is no text; here, a reader that goes away is an error.
    pub fn bytes(&mut self) -> impl Write + '_ {
        &mut self.out
    }

    /// Prints one line to standard error.
    ///
    /// # Errors
    ///
    /// If it cannot be written, for another reason than that the reader is gone.
    pub fn error_line(&mut self, line: &str) -> io::Result<()> {
        match writeln!(self.err, "{line}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Whether the reader of standard output is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone(io::ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error() {
        let gone = || Box::new(Gone(io::ErrorKind::BrokenPipe));
        let mut printer = Printer::new(gone(), gone());
        printer.line("one").unwrap();
        printer.line("two").unwrap();
        printer.error_line("three").unwrap();
        assert!(printer.is_closed());
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = || Box::new(Gone(io::ErrorKind::StorageFull));
        let mut printer = Printer::new(full(), full());
        assert!(printer.line("one").is_err());
        assert!(printer.error_line("two").is_err());
        assert!(!printer.is_closed());
    }
}
