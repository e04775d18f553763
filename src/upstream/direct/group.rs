//! The processes of a job: one process group, which ends as a whole.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::Instant;

/// How long the processes of a killed group may take to be gone. The kernel needs some milliseconds; only one that hangs in
/// a broken file system needs longer, and is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sets the limits that every process of the job inherits, ties the group to our life, and becomes the program.
///
/// A process that is killed cannot kill what it started; so one more process of the group reads from a pipe whose other
/// end is ours alone, and kills the group when that is closed, however we ended. It also keeps the number of the group
/// taken until we kill it. `ulimit` comes before the program is there, where setting limits from outside would come after;
/// where the limits are lower already, they stay. The units are seconds, 512 bytes, and 1024 bytes (POSIX, and the `-d` of
/// every shell).
///
/// The number of processes is not limited here: the kernel counts all of the user's, ours and other servers' too.
const LIFE_LINE: &str = r#"ulimit -c 0 2>/dev/null
ulimit -t "$1" 2>/dev/null
ulimit -f "$2" 2>/dev/null
ulimit -d "$3" 2>/dev/null
shift 3
exec 3<&0
(exec >/dev/null 2>&1; read -r _ <&3; kill -s KILL 0) &
exec "$@" </dev/null 3<&-"#;

/// What each process of a job may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Time on processors: a net for a process that got out of the group.
    pub(super) processor_time: Duration,
    /// The size of a file, in bytes.
    pub(super) file_size: u64,
    /// Memory for data, in bytes.
    pub(super) memory: u64,
}

/// A command in a process group of its own. Dropped, all of the group is killed.
#[derive(Debug)]
pub(super) struct Group {
    id: Option<Pid>,
    /// Closed, it ends the group.
    _life_line: Option<ChildStdin>,
}

impl Group {
    /// Starts a program with arguments in a group of its own. `command` is what [`Group::command`] gave, with an
    /// environment and a directory.
    ///
    /// # Errors
    ///
    /// If no process can be made. That there is no such program shows as the status 127 or 126 of the child.
    pub(super) fn start(mut command: Command) -> std::io::Result<(Self, Child)> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Self {
            id: id.and_then(Pid::from_raw),
            _life_line: child.stdin.take(),
        };
        Ok((group, child))
    }

    /// The command that keeps the limits and becomes the program whose path and arguments are added to it.
    pub(super) fn command(limits: Limits) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", LIFE_LINE, "sh"])
            .arg(limits.processor_time.as_secs().max(1).to_string())
            .arg((limits.file_size / 512).max(1).to_string())
            .arg((limits.memory / 1024).max(1).to_string())
            .env_clear();
        command
    }

    /// Kills every process of the group; once is enough.
    pub(super) fn kill(&self) {
        if let Some(id) = self.id {
            // An error says that there is none.
            let _ = rustix::process::kill_process_group(id, Signal::KILL);
        }
    }

    /// Kills every process of the group and waits until they are gone. The child itself must have been waited for.
    pub(super) async fn end(mut self) {
        self.kill();
        let Some(id) = self.id.take() else {
            return;
        };
        let deadline = Instant::now() + PATIENCE;
        while !is_gone(id).await && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How many processes the group has; none where that cannot be seen.
    pub(super) async fn size(&self) -> usize {
        match self.id {
            Some(id) => count(id).await.unwrap_or_default(),
            None => 0,
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether no process of a killed group runs any more.
async fn is_gone(group: Pid) -> bool {
    // Where the server is the first process of a container, it inherits what the job left, and nobody else buries it.
    while let Ok(Some(_)) = rustix::process::waitpgid(group, WaitOptions::NOHANG) {}
    rustix::process::test_kill_process_group(group).is_err() || count(group).await == Some(0)
}

/// [`members`], off the async threads: a machine may have many processes.
async fn count(group: Pid) -> Option<usize> {
    let count = tokio::task::spawn_blocking(move || members(group));
    count.await.ok().flatten()
}

/// How many processes of a group run, the dead that nobody has buried left out.
fn members(group: Pid) -> Option<usize> {
    let group = group.as_raw_nonzero().get();
    let processes = std::fs::read_dir("/proc").ok()?;
    let mut found = 0;
    for process in processes.flatten() {
        let name = process.file_name();
        if !name.as_encoded_bytes().first()?.is_ascii_digit() {
            continue;
        }
        // Those that ended meanwhile do not count.
        let Ok(stat) = std::fs::read(process.path().join("stat")) else {
            continue;
        };
        if is_member(&String::from_utf8_lossy(&stat), group) {
            found += 1;
        }
    }
    Some(found)
}

/// Reads a line of `/proc/PID/stat`: number, name in parentheses, state, parent, group and more. The name may hold
/// anything, parentheses too.
fn is_member(stat: &str, group: i32) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return false;
    };
    let mut fields = rest.split_ascii_whitespace();
    let (state, _parent, of) = (fields.next(), fields.next(), fields.next());
    !matches!(state, None | Some("Z" | "X")) && of.and_then(|of| of.parse().ok()) == Some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            processor_time: Duration::from_secs(60),
            file_size: 1 << 20,
            memory: 1 << 30,
        }
    }

    fn start(script: &str) -> (Group, Child) {
        let mut command = Group::command(limits());
        command.args(["/bin/sh", "-c", script]);
        Group::start(command).unwrap()
    }

    async fn output(mut child: Child) -> String {
        use tokio::io::AsyncReadExt as _;
        let mut text = String::new();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_to_string(&mut text).await.unwrap();
        child.wait().await.unwrap();
        text
    }

    #[tokio::test]
    async fn limits_are_set_and_nothing_is_inherited() {
        let (group, child) = start("ulimit -c; ulimit -t; ulimit -f; ulimit -d; /usr/bin/env; cat");
        let text = output(child).await;
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..4], ["0", "60", "2048", "1048576"], "{text}");
        // What shells set themselves.
        let own = ["PWD=", "SHLVL=", "_="];
        let others = lines[4..]
            .iter()
            .filter(|line| !own.iter().any(|own| line.starts_with(own)));
        assert_eq!(others.count(), 0, "{text}");
        group.end().await;
    }

    #[tokio::test]
    async fn the_whole_group_ends() {
        let (group, mut child) = start("sleep 1000 & sleep 1000 & wait");
        let id = group.id.unwrap();
        while group.size().await < 4 {
            tokio::task::yield_now().await;
        }
        group.kill();
        child.wait().await.unwrap();
        group.end().await;
        assert!(is_gone(id).await);
    }

    #[tokio::test]
    async fn a_group_does_not_outlive_its_server() {
        // Closing the pipe is what the end of our process does, however it comes.
        let (mut group, mut child) = start("sleep 1000 & sleep 1000");
        let id = group.id.take().unwrap();
        drop(group);
        child.wait().await.unwrap();
        while !is_gone(id).await {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn lines_of_the_process_table() {
        for (line, member) in [
            ("12 (git) S 1 7 7 0 -1", true),
            ("12 (a) b) R 1 7 7 0", true),
            ("12 (git) S 7 8 7 0", false),
            ("12 (git) Z 1 7 7 0", false),
            ("12 (x) S 1 7 (y) S 1 9", false),
            ("12 (git)", false),
            ("", false),
        ] {
            assert_eq!(is_member(line, 7), member, "{line}");
        }
    }
}
