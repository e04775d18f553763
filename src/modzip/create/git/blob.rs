//! The content of one object as a stream.

use std::io::{self, Read};

use super::command::{Git, Output};
use super::error::GitError;

/// The output of `git cat-file`, whose end is an error unless git ended well.
pub(in super::super) struct Blob(Option<Output>);

impl Blob {
    pub(super) fn start(command: Git) -> Result<Self, GitError> {
        command.start().map(|output| Self(Some(output)))
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(output) = &mut self.0 else {
            return Ok(0);
        };
        let read = output.read(buffer)?;
        if read == 0
            && !buffer.is_empty()
            && let Some(output) = self.0.take()
        {
            output.finish().map_err(io::Error::other)?;
        }
        Ok(read)
    }
}
