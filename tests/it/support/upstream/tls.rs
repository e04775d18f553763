//! A scripted upstream over TLS, and a certificate for this machine, made by the openssl command.

use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::Shared;
use super::wire;
use crate::support::tools::require_tool;

/// An authority, and a certificate for `127.0.0.1` and `localhost` that it signed.
pub(crate) struct Certificate {
    dir: TempDir,
}

impl Certificate {
    /// Makes one; `None`, after [`crate::support::tools::skip`], where openssl is not installed.
    pub(crate) fn make() -> Option<Self> {
        let openssl = require_tool("openssl")?;
        let dir = TempDir::new().unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256";
        let name = "-addext subjectAltName=IP:127.0.0.1,DNS:localhost";
        for (arguments, subject) in [
            (
                format!("req -x509 {key} -days 2 -keyout ca-key.pem -out ca.pem"),
                "/CN=test authority",
            ),
            (
                format!("req -new {key} {name} -keyout key.pem -out request.pem"),
                "/CN=localhost",
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

    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(self.path()).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.key_path()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}

pub(super) fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    shared: &Shared,
) -> io::Result<()> {
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    wire::serve(&mut stream, shared)?;
    stream.conn.send_close_notify();
    io::Write::flush(&mut stream)
}
