use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;

use super::Site;
use crate::support::http::Request;
use crate::support::tools::{require_tool, until};
use crate::support::tree::Tree;

const LIST: &str = "/corp.example/m/@v/list";

/// A server that may fetch what is private from version control, with a go command that starts and waits.
struct Lab {
    site: Site,
    programs: TempDir,
}

impl Lab {
    /// `None`, loudly, where git is missing.
    fn new(more: &str) -> Option<Self> {
        let git = require_tool("git")?;
        let programs = TempDir::new().unwrap();
        let go = programs.path().join("go");
        let (pid, end) = (programs.path().join("pid"), programs.path().join("end"));
        let script = format!(
            "#!/bin/sh\n\
             [ \"$1\" = version ] && echo go version go1.99.0 linux/amd64 && exit\n\
             echo $$ >'{pid}.new' && mv '{pid}.new' '{pid}'\n\
             while ! [ -e '{end}' ]; do sleep 0.05; done\n\
             echo '{{\"Versions\":[\"v1.2.3\"]}}'\n",
            pid = pid.display(),
            end = end.display()
        );
        fs::write(&go, script).unwrap();
        fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
        let path = [programs.path(), git.parent().unwrap(), Path::new("/bin")];
        let path = std::env::join_paths(path).unwrap();
        let site = Site::start_with(Tree::new(), &file(more), |command| {
            command.env("PATH", path);
        });
        Some(Self { site, programs })
    }

    /// Asks for a list, and waits until the go command runs.
    fn ask(&self) -> (thread::JoinHandle<Option<u16>>, PathBuf) {
        let url = self.site.url();
        let asking = thread::spawn(move || {
            let answer = Request::new("GET", LIST).try_send(&url);
            answer.ok().map(|answer| answer.status)
        });
        let pid = self.programs.path().join("pid");
        until("the go command runs", || pid.exists());
        let pid = fs::read_to_string(pid).unwrap();
        (asking, Path::new("/proc").join(pid.trim()))
    }

    fn scratch(&self) -> PathBuf {
        self.site.tree.root().join(".athens/direct")
    }
}

fn file(more: &str) -> String {
    format!("upstream = \"direct\"\nprivate = \"corp.example\"\ndirect = \"corp.example\"\n{more}")
}

#[test]
fn a_running_fetch_ends_by_itself() {
    let Some(lab) = Lab::new("") else { return };
    let (asking, process) = lab.ask();
    lab.site.reload("upstream = \"off\"\n");
    assert_eq!(lab.site.status(LIST), 404);
    assert!(process.exists());
    fs::write(lab.programs.path().join("end"), "").unwrap();
    assert_eq!(asking.join().unwrap(), Some(200));
    until("its directory is gone", || {
        fs::read_dir(lab.scratch()).unwrap().next().is_none()
    });
}

#[test]
fn a_running_fetch_ends_with_the_server() {
    let Some(lab) = Lab::new("shutdown-timeout = \"100ms\"\n") else {
        return;
    };
    let (asking, process) = lab.ask();
    lab.site
        .reload(&file("shutdown-timeout = \"100ms\"\ndirect-jobs = 1\n"));
    assert!(process.exists());
    let (scratch, Site { server, tree, .. }) = (lab.scratch(), lab.site);
    let ended = server.stop_and_collect();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(!process.exists());
    assert!(fs::read_dir(scratch).unwrap().next().is_none());
    assert_eq!(asking.join().unwrap(), None);
    drop(tree);
}
