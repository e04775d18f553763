use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::check::{is_listed, is_ready};
use super::load::Told;
use super::{Site, THEIRS};
use crate::support::server::TestServer;
use crate::support::tools::{eventually, require_tool};

/// System calls, what they answer, each how manieth of a thread does so, and whether only those that are about the journal.
const FAULTS: [(&str, &str, &str, bool); 13] = [
    ("fsync,fdatasync", "EIO", "1+3", false),
    ("fsync,fdatasync", "ENOSPC", "1+2", false),
    ("renameat2,renameat", "EIO", "1+3", false),
    // File systems that do not know the flag: a link does the same.
    ("renameat2", "EINVAL", "1+", false),
    ("openat,openat2", "EMFILE", "1+5", false),
    ("openat,openat2", "EIO", "3+7", false),
    ("unlinkat", "EIO", "1+2", false),
    ("mkdirat", "ENOSPC", "1+2", false),
    ("fallocate", "ENOSPC", "1+2", false),
    ("pread64", "EIO", "1+4", false),
    ("getdents64", "EIO", "1+3", false),
    ("flock", "EINTR", "1+2", false),
    ("write", "ENOSPC", "1+2", true),
];

/// What a server with a broken disk may answer: that it did what was asked, or that it failed. Never that something does not
/// exist: the go command would ask elsewhere.
const BROKEN: [u16; 6] = [200, 201, 500, 502, 503, 507];

/// How long the fault lasts.
const LASTS: Duration = Duration::from_millis(700);

#[test]
fn calls_that_fail_lose_nothing_that_was_acknowledged() {
    let Some(strace) = require_tool("strace") else {
        return;
    };
    for (calls, error, when, is_of_journal) in FAULTS {
        let (site, told) = (Site::new(), Told::default());
        site.lengthen_journal(site.root.path());
        let server = site.serve();
        site.begin(&server, &told);
        site.under_load(&server, &told, &BROKEN, || {
            let inject = format!("{calls}:error={error}:when={when}");
            let journal = site.root.path().join(".athens/journal.jsonl");
            let only = is_of_journal.then_some(journal.as_path());
            let log = site.state.path().join("strace");
            let injector = Injector::attach(&strace, &server, &inject, only, &log);
            eventually(&format!("{calls} fail"), || {
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                text.contains("(INJECTED)").then_some(())
            });
            std::thread::sleep(LASTS);
            drop(injector);
        });
        // The fault is over: the same process works again.
        is_ready(&server);
        let before = told.acknowledged();
        site.under_load(&server, &told, &BROKEN, || {
            eventually("something is published again", || {
                (told.acknowledged() > before).then_some(())
            });
        });
        is_listed(&server, &told.expected());
        server.signal("KILL");
        server.wait();
        println!(
            "| {calls} | {error} | {} | {} |",
            told.acknowledged(),
            told.answers()
        );
        site.check(site.root.path(), &told.expected(), THEIRS);
    }
}

/// A tracer that has system calls fail. Dropping it lets go of the server.
struct Injector(Child);

impl Injector {
    fn attach(
        strace: &Path,
        server: &TestServer,
        inject: &str,
        only: Option<&Path>,
        log: &Path,
    ) -> Self {
        let (calls, _) = inject.split_once(':').unwrap();
        let mut command = Command::new(strace);
        command
            .args(["-f", "-qq", "-e", "signal=none", "-e"])
            .arg(format!("trace={calls}"))
            .args(["-e", &format!("inject={inject}")]);
        if let Some(only) = only {
            command.arg("-P").arg(only);
        }
        let child = command
            .args(["-p", &server.pid().to_string(), "-o"])
            .arg(log)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        // It lets go of the server when it is asked to end.
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}
