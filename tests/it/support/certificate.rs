//! Certificates for servers on this machine, made by the openssl command.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::tools::require_tool;

/// An authority, and a certificate for `127.0.0.1` that it signed.
pub(crate) struct Certificate {
    dir: TempDir,
}

impl Certificate {
    /// Makes one; `None`, after [`super::tools::skip`], where openssl is not installed.
    pub(crate) fn make() -> Option<Self> {
        let openssl = require_tool("openssl")?;
        let dir = TempDir::new().unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256";
        let name = "-addext subjectAltName=IP:127.0.0.1";
        for (arguments, subject) in [
            (
                format!("req -x509 {key} -days 2 -keyout ca-key.pem -out ca.pem"),
                "/CN=test authority",
            ),
            (
                format!("req -new {key} {name} -keyout key.pem -out request.pem"),
                "/CN=127.0.0.1",
            ),
            (
                "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \
                 -copy_extensions copy -out cert.pem"
                    .to_owned(),
                "",
            ),
        ] {
            let mut command = Command::new(&openssl);
            command.args(arguments.split_whitespace());
            if !subject.is_empty() {
                command.args(["-subj", subject]);
            }
            let output = command
                .current_dir(dir.path())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        Some(Self { dir })
    }

    /// The authority's certificate, in PEM: what a client has to trust.
    pub(crate) fn authority(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// The certificate, in PEM.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    /// Its key, in PEM.
    pub(crate) fn key_path(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }
}
