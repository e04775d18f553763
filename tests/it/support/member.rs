//! Somebody who uses a server: a home of his own, the real binary, a real go command.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::certificate::Certificate;
use super::go::Client;
use super::nginx::Nginx;
use super::publisher::{Ended, Publisher};
use super::server::{TestServer, athens};

/// The module that the server has.
pub(crate) const MODULE: &str = "corp.example/lib";

/// A server with a private module behind TLS, that wants a token for reading, and somebody's home.
pub(crate) struct Member {
    pub(crate) publisher: Publisher,
    pub(crate) certificate: Certificate,
    #[expect(dead_code, reason = "it ends when this is dropped")]
    pub(crate) server: TestServer,
    pub(crate) nginx: Nginx,
}

impl Member {
    /// `None`, after [`super::tools::skip`], where nginx or openssl is not installed.
    pub(crate) fn new(flags: &[&str]) -> Option<Self> {
        let publisher = Publisher::new();
        let certificate = Certificate::make()?;
        let state = publisher.path("state");
        let flags = [&["--state", state.to_str().unwrap()], flags].concat();
        let server = TestServer::start(&publisher.path("root"), &flags);
        let nginx = Nginx::start_tls(&server.url(), &certificate.path(), &certificate.key_path())?;
        publisher.write("lib/go.mod", format!("module {MODULE}\n"));
        publisher.write("lib/lib.go", "package lib\n");
        let ended = publisher.run(&["lib", "--version", "v1.0.0", "--server", &server.url()]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        Some(Self {
            publisher,
            certificate,
            server,
            nginx,
        })
    }

    /// The server's URL, as everybody but itself knows it.
    pub(crate) fn url(&self) -> String {
        self.nginx.url()
    }

    /// A token that may do this on modules of this pattern.
    pub(crate) fn token(&self, name: &str, allow: &str, modules: &str) -> String {
        let made = athens()
            .args(["token", "create", "--name", name, "--allow", allow])
            .args(["--modules", modules, "--state"])
            .arg(self.publisher.path("state"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        String::from_utf8(made.stdout).unwrap().trim().to_owned()
    }

    /// A path in his home.
    pub(crate) fn home(&self, name: &str) -> PathBuf {
        self.publisher.path("home").join(name)
    }

    /// Gives a command his environment, and nothing of the caller's; `go` is the go command that it finds.
    pub(crate) fn settle(&self, command: &mut Command, go: Option<&Client>) {
        let bin = |path: &Path| path.parent().unwrap().display().to_string();
        let mut path = vec![bin(Path::new(env!("CARGO_BIN_EXE_athens")))];
        path.extend(go.map(|go| bin(&go.program())));
        path.push("/usr/bin:/bin".to_owned());
        command
            .env_clear()
            .env("PATH", path.join(":"))
            .env("HOME", self.publisher.path("home"))
            .env("ATHENS_STATE", self.publisher.path("nothing"))
            .env("ATHENS_CA_FILE", self.certificate.authority())
            .env("SSL_CERT_FILE", self.certificate.authority())
            .env("GOTOOLCHAIN", "local")
            .env("GOTELEMETRY", "off")
            .current_dir(self.publisher.path("home"));
    }

    /// Runs the binary with something on standard input.
    pub(crate) fn athens(&self, go: Option<&Client>, arguments: &[&str], stdin: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_athens"));
        command.args(arguments);
        self.settle(&mut command, go);
        feed(command, stdin)
    }

    /// Downloads the module with the real go command, as it is set, into an empty cache.
    pub(crate) fn download(&self, go: &Client, version: &str) -> Ended {
        let cache = tempfile::TempDir::new().unwrap();
        let mut command = Command::new(go.program());
        command.args(["mod", "download", "-json"]);
        command.arg(format!("{MODULE}@{version}"));
        self.settle(&mut command, Some(go));
        command
            .env("GOMODCACHE", cache.path().join("mod"))
            .env("GOPATH", cache.path())
            .env("GOCACHE", go.build_cache())
            .env("GO111MODULE", "on")
            .env("GOFLAGS", if go.minor >= 14 { "-modcacherw" } else { "" });
        command.output().unwrap().into()
    }
}

/// Runs a command with a text on its standard input.
pub(crate) fn feed(mut command: Command, stdin: &str) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may not want it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap().into()
}
