//! A certificate and its key, in two files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// The longest file, in bytes: far more than the longest chain.
const LONGEST: u64 = 1 << 20;

/// The two files, in PEM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFiles {
    /// The server's certificate, and after it those of the authorities between it and the one that clients know.
    pub certificate: PathBuf,
    /// The certificate's key, not encrypted.
    pub key: PathBuf,
}

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file can not be read.
    #[error("cannot read {path} of --{flag}: {source}; check the path and its permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate, or one that is damaged.
    #[error(
        "no certificate can be read from {path} of --tls-cert: {why}; it must be PEM, the server's certificate first \
         and then those of the authorities between"
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is no key, or one that is damaged or encrypted.
    #[error(
        "no key can be read from {path} of --tls-key: {why}; it must be PEM, with BEGIN PRIVATE KEY or BEGIN EC or RSA \
         PRIVATE KEY, and not encrypted"
    )]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The two can not be used with each other, or not at all.
    #[error(
        "{certificate} and {key} can not be used together: {why}; give the key that belongs to the certificate"
    )]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// TLS itself can not be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(String),
}

/// What tells a file from the one that was there before: device, inode, length, and when it changed.
pub(super) type Identity = [Option<(u64, u64, u64, i64, i64)>; 2];

impl CertificateFiles {
    pub(super) fn identity(&self) -> Identity {
        [&self.certificate, &self.key].map(|path| {
            // Also through links: whole directories of secrets are switched by one.
            let metadata = fs::metadata(path).ok()?;
            Some((
                metadata.dev(),
                metadata.ino(),
                metadata.len(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ))
        })
    }

    pub(super) fn read(&self) -> Result<CertifiedKey, CertificateError> {
        let chain = self.chain()?;
        let key = self.private_key()?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| {
            let why = match error {
                rustls::Error::InconsistentKeys(_) => {
                    "the key is not that of the certificate".to_owned()
                }
                error => error.to_string(),
            };
            CertificateError::Pair {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                why,
            }
        })
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
        let path = &self.certificate;
        let bytes = read(path, "tls-cert")?;
        let no_certificate = |why: String| CertificateError::NoCertificate {
            path: path.clone(),
            why,
        };
        let chain = CertificateDer::pem_slice_iter(&bytes)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| no_certificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(no_certificate("there is none in it".to_owned()));
        }
        Ok(chain)
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, CertificateError> {
        let path = &self.key;
        let bytes = read(path, "tls-key")?;
        warn_if_others_read(path);
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| CertificateError::NoKey {
            path: path.clone(),
            why: match error {
                rustls::pki_types::pem::Error::NoItemsFound => "there is none in it".to_owned(),
                error => error.to_string(),
            },
        })
    }
}

fn read(path: &Path, flag: &'static str) -> Result<Vec<u8>, CertificateError> {
    let read = || {
        let mut bytes = Vec::new();
        let file = File::open(path)?;
        // A FIFO would be waited for, and has no end.
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a file",
            ));
        }
        file.take(LONGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it is larger than 1 MiB",
            ));
        }
        Ok(bytes)
    };
    read().map_err(|source| CertificateError::Read {
        path: path.to_owned(),
        flag,
        source,
    })
}

fn warn_if_others_read(key: &Path) {
    let is_open = fs::metadata(key).is_ok_and(|metadata| metadata.mode() & 0o004 != 0);
    if is_open {
        tracing::warn!(
            "everybody on this machine can read the key {}; take that away with `chmod o= {0}`",
            key.display()
        );
    }
}
