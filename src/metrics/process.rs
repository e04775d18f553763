//! Figures of the process, from `/proc`. Where there is none, or it says something else, they are not written.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Metrics;

/// Ticks of the clock in which Linux counts time of processors, in milliseconds: 100 a second for all programs, whatever the
/// kernel itself uses.
const TICK: u64 = 10;

/// When we began to count. Asked for first when the server starts.
static STARTED: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);

impl Metrics {
    /// Takes the time of now as that of the start, unless that was done.
    pub fn starts(&self) {
        let since_epoch = STARTED.duration_since(UNIX_EPOCH).ok();
        let milliseconds = since_epoch.and_then(|time| u64::try_from(time.as_millis()).ok());
        self.process.started.set_milliseconds(milliseconds);
    }

    /// Looks at the process.
    pub(super) fn look_at_process(&self) {
        self.starts();
        let process = &self.process;
        let own = Path::new("/proc/self");
        let text = |name: &str| fs::read_to_string(own.join(name)).ok();
        let status = text("status").unwrap_or_default();
        process
            .resident
            .set(status_of(&status, "VmRSS:").map(|kib| kib << 10));
        process
            .virtual_memory
            .set(status_of(&status, "VmSize:").map(|kib| kib << 10));
        process.threads.set(status_of(&status, "Threads:"));
        process
            .max_fds
            .set(text("limits").as_deref().and_then(max_fds));
        process
            .cpu
            .set_milliseconds(text("stat").as_deref().and_then(cpu_milliseconds));
        process.open_fds.set(open_fds(own));
    }
}

/// A number in `status`.
fn status_of(status: &str, field: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(field))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// The soft limit in `limits`; none if there is none.
fn max_fds(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// User and system time in `stat`: the 14th and 15th field. The second is the program's name in parentheses and may hold
/// anything.
fn cpu_milliseconds(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some((next()? + next()?) * TICK)
}

/// How many files are open, without the directory that is read for it.
fn open_fds(own: &Path) -> Option<u64> {
    let entries = fs::read_dir(own.join("fd")).ok()?;
    Some(entries.count().saturating_sub(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let stat = "17 (a) b) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 5 0 100 1000 10";
        assert_eq!(cpu_milliseconds(stat), Some(3000));
        let status = "Name:\tathens\nVmSize:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t5\n";
        assert_eq!(status_of(status, "VmRSS:"), Some(1024));
        assert_eq!(status_of(status, "Threads:"), Some(5));
        let limits = "Max open files            1024                 524288               files\n";
        assert_eq!(max_fds(limits), Some(1024));
        for text in [
            "",
            "Max open files unlimited unlimited files",
            "VmRSS: x",
            ")",
        ] {
            assert_eq!(max_fds(text), None, "{text}");
            assert_eq!(status_of(text, "VmRSS:"), None, "{text}");
            assert_eq!(cpu_milliseconds(text), None, "{text}");
        }
    }
}
