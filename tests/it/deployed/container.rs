use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::{TempDir, tempdir};

use super::deployed;
use crate::support::tools::eventually;

/// What `deploy/container-root` makes.
fn image() -> TempDir {
    let root = tempdir().unwrap();
    let output = Command::new(deployed("container-root"))
        .arg(env!("CARGO_BIN_EXE_athens"))
        .arg(root.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    root
}

#[test]
fn the_image_has_what_the_program_needs_and_no_shell() {
    let image = image();
    let has = |path: &str| image.path().join(path).exists();
    assert!(has("usr/local/bin/athens") && has("etc/ssl/certs/ca-certificates.crt"));
    for program in ["bin/sh", "usr/bin/env", "bin/busybox"] {
        assert!(!has(program), "{program}");
    }
}

/// A container as the files start it: this root, read only, user 65532, no right beyond an ordinary user's.
struct Container {
    child: Child,
    root: TempDir,
}

impl Container {
    /// `None` where this process may not change its root: for anybody but root.
    fn run(image: TempDir, arguments: &[&str]) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("SKIPPED: only root may run a program in another root");
            return None;
        }
        let child = Self::command(image.path(), arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Some(Self { child, root: image })
    }

    /// A command in it: in name spaces of its own, where the root can be made read-only but for its volume.
    fn command(root: &Path, arguments: &[&str]) -> Command {
        let script = "mount --make-rprivate / && mount --bind \"$0\" \"$0\" \
            && mount --bind \"$0/var/lib/athens\" \"$0/var/lib/athens\" \
            && mount -o remount,bind,ro \"$0\" \
            && exec chroot --userspec=65532:65532 \"$0\" /usr/local/bin/athens \"$@\"";
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", script])
            .arg(root)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("ATHENS_ROOT", "/var/lib/athens/storage")
            .env("ATHENS_STATE", "/var/lib/athens/state");
        command
    }

    fn ask(&self, arguments: &[&str]) -> (bool, String) {
        let output = Self::command(self.root.path(), arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_with_a_read_only_root_and_tells_how_it_is() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("127.0.0.1:{port}");
    let Some(container) = Container::run(image(), &["serve", "--listen", &address]) else {
        return;
    };
    let url = format!("http://{address}");
    eventually("the container is ready", || {
        container.ask(&["health", "--ready", &url]).0.then_some(())
    });
    assert_eq!(container.ask(&["health", &url]), (true, "ok\n".to_owned()));
    // The volume is written, and nothing else is.
    let state = container.root.path().join("var/lib/athens/state");
    eventually("the token is made", || {
        state.join("local-token").exists().then_some(())
    });
    let (made, token) = container.ask(&["token", "create", "--name", "ci"]);
    assert!(made && token.starts_with("ath"), "{token}");
    let top: Vec<_> = fs::read_dir(container.root.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(!top.iter().any(|name| name == "storage-root"), "{top:?}");
}

#[test]
fn health_says_why_not() {
    let nobody = crate::support::server::athens()
        .args(["health", "http://127.0.0.1:1", "--timeout", "5s"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(
        said.contains("cannot connect to http://127.0.0.1:1"),
        "{said}"
    );
    let nothing = crate::support::server::athens()
        .args(["health", "unix:/nowhere/athens.sock"])
        .output()
        .unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    let said = String::from_utf8(nothing.stderr).unwrap();
    assert!(said.contains("unix:/nowhere/athens.sock"), "{said}");
}
