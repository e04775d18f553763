//! What upstreams were made of, to tell whether others would be the same: then their connections are worth keeping.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::settings::UpstreamSettings;

/// The longest file that is looked at: no `.netrc` and no bundle of certificates is longer.
const LONGEST_FILE: u64 = 16 << 20;

/// The settings, and what the files that they name said.
#[derive(Debug)]
pub(super) struct Origin {
    /// Without whoever fetches from version control, which has settings of its own.
    settings: UpstreamSettings,
    ca_file: Content,
    netrc: Content,
}

impl Origin {
    /// Of these settings, as the files are now. Waits for the disk.
    pub(super) fn of(settings: &UpstreamSettings) -> Self {
        Self {
            ca_file: Content::of(settings.ca_file.as_deref()),
            netrc: Content::of(settings.netrc.as_deref()),
            settings: UpstreamSettings {
                direct: None,
                ..settings.clone()
            },
        }
    }

    /// Whether these settings, and the files as they are now, are the same. Waits for the disk.
    pub(super) fn is(&self, settings: &UpstreamSettings) -> bool {
        self.settings.is_as(settings)
            && self.ca_file == Content::of(settings.ca_file.as_deref())
            && self.netrc == Content::of(settings.netrc.as_deref())
    }
}

/// What a file says, by its sum: passwords are not kept once more.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    None,
    /// Whoever needs it says why.
    Unreadable,
    Sum([u8; 32]),
}

impl Content {
    fn of(path: Option<&Path>) -> Self {
        let Some(path) = path else {
            return Self::None;
        };
        let mut content = Vec::new();
        let read =
            File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut content));
        match read {
            Ok(_) => Self::Sum(Sha256::digest(&content).into()),
            Err(_) => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn write(path: &Path, text: &str) {
        let mut file = File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn what_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let netrc = folder.path().join("netrc");
        let mut settings = UpstreamSettings::new("https://a.example".parse().unwrap());
        settings.netrc = Some(netrc.clone());
        let origin = Origin::of(&settings);
        assert!(origin.is(&settings));

        write(&netrc, "machine a.example login me password s3cret-1");
        assert!(!origin.is(&settings));
        let origin = Origin::of(&settings);
        assert!(origin.is(&settings));
        write(&netrc, "machine a.example login me password s3cret-2");
        assert!(!origin.is(&settings));
        assert!(!format!("{origin:?}").contains("s3cret"));

        let origin = Origin::of(&settings);
        settings.max_concurrent += 1;
        assert!(!origin.is(&settings));
    }
}
