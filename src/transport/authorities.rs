//! Certificate authorities of one's own: what a company signs the certificates of its servers with.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The longest file, in bytes: all authorities that a browser knows are a fifth of it.
const LONGEST: u64 = 1 << 20;

/// Certificate authorities that are trusted beside the platform's. By default none.
#[derive(Clone, Default)]
pub struct Authorities(Vec<Certificate>);

/// A file that is not one of certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAuthorities {
    /// It can not be read.
    #[error("cannot read the certificates in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds no certificate.
    #[error(
        "there is no certificate in {path}: it must be PEM, text with -----BEGIN CERTIFICATE----- in it"
    )]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// A certificate can not be used.
    #[error("certificate {number} in {path} can not be used: {why}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it, as a clause.
        why: String,
    },
}

impl Authorities {
    /// Reads a file of certificates in PEM; what else is in it is passed over. At most 1 MiB. Waits for the disk.
    ///
    /// # Errors
    /// If it can not be read, holds no certificate, or one that can not be used.
    pub fn read(path: &Path) -> Result<Self, InvalidAuthorities> {
        let path = || path.to_owned();
        let bytes = read(&path()).map_err(|source| InvalidAuthorities::Read {
            path: path(),
            source,
        })?;
        let mut store = RootCertStore::empty();
        let mut authorities = Vec::new();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&bytes)) {
            let unusable = |why: String| InvalidAuthorities::Unusable {
                path: path(),
                number,
                why,
            };
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            authorities.push(
                Certificate::from_der(&certificate).map_err(|error| unusable(error.to_string()))?,
            );
            // Said here, with its number, and not when the first connection is made.
            store
                .add(certificate)
                .map_err(|error| unusable(error.to_string()))?;
        }
        if authorities.is_empty() {
            return Err(InvalidAuthorities::Absent { path: path() });
        }
        Ok(Self(authorities))
    }

    /// The certificates.
    pub(super) fn certificates(&self) -> impl Iterator<Item = Certificate> {
        self.0.iter().cloned()
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} certificates)", self.0.len())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!(
            "it is larger than {LONGEST} bytes"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_certificates() {
        let scratch = tempfile::tempdir().unwrap();
        let said = |content: &[u8]| {
            let path = scratch.path().join("ca.pem");
            std::fs::write(&path, content).unwrap();
            let error = Authorities::read(&path).unwrap_err().to_string();
            assert!(error.contains("ca.pem"), "{error}");
            error
        };
        assert!(said(b"").contains("there is no certificate"));
        assert!(said(&[0x30, 0x82, 1, 1]).contains("there is no certificate"));
        let key = "-----BEGIN PRIVATE KEY-----\naGk=\n-----END PRIVATE KEY-----\n";
        assert!(said(key.as_bytes()).contains("there is no certificate"));
        let nonsense = "-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n";
        assert!(said(format!("{key}{nonsense}").as_bytes()).contains("certificate 1 in "));
        let cut = "-----BEGIN CERTIFICATE-----\naGk=\n";
        assert!(said(cut.as_bytes()).contains("certificate 1 in "));
        assert!(said(&vec![b'x'; (1 << 20) + 1]).contains("larger than"));
        let error = Authorities::read(&scratch.path().join("none")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read"), "{error}");
    }
}
