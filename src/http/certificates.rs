//! `--tls-cert` and `--tls-key`: read, checked against each other, and read again when they change.

mod pair;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use pair::{CertificateError, CertificateFiles};

use pair::Identity;

/// How often the files are looked at: two questions to the file system, and nobody waits for a new certificate.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// HTTP/2, by its name in ALPN (RFC 7301). What is preferred comes first.
pub(super) const H2: &[u8] = b"h2";
const PROTOCOLS: [&[u8]; 2] = [H2, b"http/1.1"];

/// The certificate that the server shows, and its key. A cheap handle: clones are the same certificate.
#[derive(Clone)]
pub struct Certificates(Arc<Parts>);

struct Parts {
    files: CertificateFiles,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    seen: Mutex<Seen>,
}

/// What TLS asks at each handshake.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// How the files were when they were last read, and what was said about it.
struct Seen {
    identity: Identity,
    complaint: Option<String>,
}

impl Certificates {
    /// Reads the files and prepares TLS 1.2 and 1.3 with HTTP/1.1 and HTTP/2. Waits for the disk.
    ///
    /// # Errors
    /// If a file can not be read, holds nothing of its kind, or if the key is not that of the certificate.
    pub fn load(files: CertificateFiles) -> Result<Self, CertificateError> {
        let identity = files.identity();
        let current = Arc::new(Current(ArcSwap::new(Arc::new(files.read()?))));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| CertificateError::Setup(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self(Arc::new(Parts {
            files,
            current,
            config: Arc::new(config),
            seen: Mutex::new(Seen {
                identity,
                complaint: None,
            }),
        })))
    }

    /// Reads the files again; new connections get what is in them now. Waits for the disk.
    ///
    /// # Errors
    /// As [`Self::load`]; then the certificate stays that was there before.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let parts = &*self.0;
        // Held over the reading: of two who reload, the one who reads last has the last word.
        let mut seen = parts.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked before: what is written meanwhile is another identity, and is read at the next look.
        seen.identity = parts.files.identity();
        let pair = parts.files.read()?;
        seen.complaint = None;
        parts.current.0.store(Arc::new(pair));
        Ok(())
    }

    /// Reads the files again whenever they change, until the task is aborted. Needs a tokio runtime.
    pub fn watch(&self) -> JoinHandle<()> {
        let certificates = self.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(LOOK_INTERVAL);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                let certificates = certificates.clone();
                let look = tokio::task::spawn_blocking(move || certificates.look());
                if look.await.is_err() {
                    // Only while the runtime ends.
                    return;
                }
            }
        })
    }

    /// One look at the files. Two new files appear one after the other: what does not fit together yet is said once.
    fn look(&self) {
        let parts = &*self.0;
        let is_as_seen = {
            let seen = parts.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.identity == parts.files.identity()
        };
        if is_as_seen {
            return;
        }
        match self.reload() {
            Ok(()) => tracing::info!(
                certificate = %parts.files.certificate.display(),
                "took the new certificate"
            ),
            Err(error) => {
                let complaint = error.to_string();
                let mut seen = parts.seen.lock().unwrap_or_else(PoisonError::into_inner);
                if seen.complaint.as_ref() != Some(&complaint) {
                    tracing::warn!("the certificate stays as it was: {complaint}");
                    seen.complaint = Some(complaint);
                }
            }
        }
    }

    /// What makes TLS of a connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.config))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").field(&self.0.files).finish()
    }
}
