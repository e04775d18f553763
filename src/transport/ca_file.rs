//! Certificates of authorities that the platform does not know.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use reqwest::Certificate;

/// The largest file: all roots that a platform brings have a quarter of it.
const LONGEST: u64 = 1 << 20;

/// A file that was to hold certificates and does not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaFileError {
    /// It can not be read, or has more than 1 MiB.
    #[error("cannot read the CA file {path}: {why}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// What is in it is no certificate.
    #[error("there is no certificate in the CA file {path}: {why}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, as a clause.
        why: String,
    },
}

/// Reads certificates in PEM, one or more, to be trusted beside the platform's roots: at most 1 MiB. Waits for the disk.
///
/// # Errors
///
/// When the file can not be read, or holds no certificate or a broken one.
pub fn load_ca_file(path: &Path) -> Result<Vec<Certificate>, CaFileError> {
    let invalid = |why: String| CaFileError::Invalid {
        path: path.to_owned(),
        why,
    };
    let bytes = read(path).map_err(|why| CaFileError::Read {
        path: path.to_owned(),
        why,
    })?;
    let certificates =
        Certificate::from_pem_bundle(&bytes).map_err(|error| invalid(error.to_string()))?;
    if certificates.is_empty() {
        return Err(invalid("it has no block `BEGIN CERTIFICATE`".to_owned()));
    }
    Ok(certificates)
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
    fn what_is_no_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let missing = load_ca_file(&dir.path().join("none")).unwrap_err();
        assert!(matches!(missing, CaFileError::Read { .. }), "{missing}");
        let file = dir.path().join("ca.pem");
        for text in [
            "",
            "hello",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            std::fs::write(&file, text).unwrap();
            let error = load_ca_file(&file).unwrap_err();
            assert!(matches!(error, CaFileError::Invalid { .. }), "{error}");
            assert!(error.to_string().contains("ca.pem"), "{error}");
        }
        std::fs::write(&file, vec![b'\n'; LONGEST as usize + 1]).unwrap();
        let large = load_ca_file(&file).unwrap_err();
        assert!(matches!(large, CaFileError::Read { .. }), "{large}");
    }
}
