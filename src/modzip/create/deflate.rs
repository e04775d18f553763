//! Compresses the files of a module zip, one after the other with the same memory.

use std::io::{self, Write};

use flate2::{Compress, Compression, FlushCompress, Status};

/// Part of the format: another level would give other bytes.
const LEVEL: u32 = 6;

const BUFFER: usize = 32 * 1024;

/// A compressor without headers of its own, as zip archives have it.
pub(super) struct Deflater {
    state: Compress,
    buffer: Vec<u8>,
}

impl Deflater {
    pub(super) fn new() -> Self {
        Self {
            state: Compress::new(Compression::new(LEVEL), false),
            buffer: vec![0; BUFFER],
        }
    }

    /// Forgets the file before.
    pub(super) fn start(&mut self) {
        self.state.reset();
    }

    /// Compresses a piece of the file, and writes what is ready; all of it if this is the last piece.
    pub(super) fn write(
        &mut self,
        mut piece: &[u8],
        is_last: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let flush = match is_last {
            true => FlushCompress::Finish,
            false => FlushCompress::None,
        };
        loop {
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .compress(piece, &mut self.buffer, flush)
                .map_err(io::Error::other)?;
            let taken = usize::try_from(self.state.total_in() - taken).unwrap_or(piece.len());
            let given = usize::try_from(self.state.total_out() - given).unwrap_or(BUFFER);
            piece = piece.get(taken..).unwrap_or_default();
            out.write_all(self.buffer.get(..given).unwrap_or_default())?;
            let done = match is_last {
                true => status == Status::StreamEnd,
                false => piece.is_empty(),
            };
            if done {
                return Ok(());
            }
            if taken == 0 && given == 0 {
                return Err(io::Error::other("the compressor does not go on"));
            }
        }
    }
}
