//! What a program says, up to a limit.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The start of what a program said.
#[derive(Debug, Default)]
pub(super) struct Captured {
    pub(super) bytes: Vec<u8>,
    /// Whether it said more than is kept.
    pub(super) is_cut: bool,
}

/// Reads to the end and keeps no more than `most` bytes: a program that is not listened to would stop.
pub(super) async fn capture(
    source: Option<impl AsyncRead + Unpin>,
    most: usize,
) -> io::Result<Captured> {
    let mut captured = Captured::default();
    let Some(mut source) = source else {
        return Ok(captured);
    };
    let mut buffer = [0; 8 * 1024];
    loop {
        let read = source.read(&mut buffer).await?;
        if read == 0 {
            return Ok(captured);
        }
        let room = (most - captured.bytes.len()).min(read);
        captured.bytes.extend_from_slice(&buffer[..room]);
        captured.is_cut |= room < read;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_start() {
        let said = [7_u8; 20_000];
        for (most, kept, is_cut) in [
            (0, 0, true),
            (10_000, 10_000, true),
            (20_000, 20_000, false),
        ] {
            let captured = capture(Some(&said[..]), most).await.unwrap();
            assert_eq!((captured.bytes.len(), captured.is_cut), (kept, is_cut));
        }
        let nothing = capture(None::<&[u8]>, 5).await.unwrap();
        assert!(nothing.bytes.is_empty() && !nothing.is_cut);
    }
}
