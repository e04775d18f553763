//! A writer that never makes its caller wait.
//!
//! Threat: whoever reads our standard error may stop reading (a stuck log collector, a terminal with its output held).
//! A direct write would then block, one worker thread after the other, until the server stands still. So lines go
//! through a bounded channel to one thread; when that is full, lines are dropped and counted, and the count is
//! written as soon as there is room.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait. At most a few hundred bytes each in practice: some hundred KiB.
const WAITING_LINES: usize = 1024;
/// How long the end of the process waits for a reader that does not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes one [`Line`] per event.
#[derive(Clone, Debug)]
pub(super) struct LogWriter {
    channel: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// One event on its way.
#[derive(Debug)]
pub(super) struct Line<'a>(&'a LogWriter);

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Write what came before; then answer.
    Flush(SyncSender<()>),
}

/// Writes the lines that still wait when it is dropped, unless nobody takes them for a second.
#[derive(Debug)]
#[must_use = "lines are lost if this is dropped before the last event"]
pub struct Flush(LogWriter);

/// A writer to standard error.
pub(super) fn stderr() -> (LogWriter, Flush) {
    to(io::stderr())
}

fn to(sink: impl Write + Send + 'static) -> (LogWriter, Flush) {
    let (channel, messages) = mpsc::sync_channel(WAITING_LINES);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = LogWriter {
        channel,
        dropped: Arc::clone(&dropped),
    };
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_all(sink, &messages, &dropped))
        .map_or_else(drop, drop);
    let flush = Flush(writer.clone());
    (writer, flush)
}

fn write_all(mut sink: impl Write, messages: &Receiver<Message>, dropped: &AtomicU64) {
    for message in messages {
        // A closed standard error is nobody's fault and cannot be reported anywhere.
        let _ = match message {
            Message::Line(line) => sink.write_all(&line),
            Message::Flush(done) => {
                let flushed = sink.flush();
                let _ = done.try_send(());
                flushed
            }
        };
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(
                sink,
                "{lost} log lines were dropped: standard error is not read fast enough"
            );
        }
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self)
    }
}

impl Write for Line<'_> {
    /// The formatter writes each event with one call, so a call is a line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let sent = self.0.channel.try_send(Message::Line(line.to_vec()));
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sent {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let (done, wait) = mpsc::sync_channel(1);
        // If the channel is full, the reader is stuck: the lines are lost, the process is not.
        if self.0.channel.try_send(Message::Flush(done)).is_ok() {
            match wait.recv_timeout(PATIENCE) {
                Ok(()) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A sink that takes nothing until it is told to.
    struct Stuck(Receiver<()>, Shared);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_arrive_in_order_and_before_the_end() {
        let sink = Shared::default();
        let (writer, flush) = to(sink.clone());
        for number in 0..100 {
            writeln!(writer.make_writer(), "{number}").unwrap();
        }
        drop(flush);
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        // `writeln!` may write in pieces; the order is what counts.
        let expected: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn a_stuck_reader_costs_lines_and_not_time() {
        let (release, stuck) = mpsc::channel();
        let sink = Shared::default();
        let (writer, flush) = to(Stuck(stuck, sink.clone()));
        for _ in 0..3 * WAITING_LINES {
            writer.make_writer().write_all(b"line\n").unwrap();
        }
        drop(release);
        // The queue is still full of lines, or not: either way this returns, and the loss is told.
        while writer.channel.try_send(Message::Line(Vec::new())).is_err() {
            std::thread::yield_now();
        }
        // A busy machine may take longer over it than the end of a process waits.
        drop(flush);
        let told = || {
            let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
            text.contains("log lines were dropped")
        };
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while !told() {
            assert!(std::time::Instant::now() < deadline, "the loss is not told");
            std::thread::yield_now();
        }
    }
}
