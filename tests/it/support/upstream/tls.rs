//! A scripted upstream over TLS.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::Shared;
use super::wire;
use crate::support::certificate::Certificate;

/// How a server shows a certificate.
pub(super) fn server_config(certificate: &Certificate) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(certificate.path()).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificate.key_path()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
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
