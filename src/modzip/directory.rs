//! A cheap look at a module zip: its central directory and its go.mod, no other content.
//!
//! This is what a dropped version must pass before it is listed: an archive that was cut off, is full of NULs or holds
//! another module is found without reading its files. It costs a few positioned reads for a small module. Whatever
//! [`check`](super::check()) accepts passes here too.

use std::ops::ControlFlow;

use super::archive::{Archive, Place, Reader, allowance};
use super::error::ZipError;
use super::hash::{about, too_large};
use super::limits::{MAX_GO_MOD_SIZE, MAX_ZIP_SIZE};
use super::names::{Name, prefix};
use super::read_at::ReadAt;
use super::sizes::check_size;
use crate::module::ModuleVersion;

/// What the central directory of a module zip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// How many entries it has.
    pub entries: u64,
    /// The content of the go.mod file at the module's root, if it has one.
    pub go_mod: Option<Vec<u8>>,
}

/// Reads the central directory of the module zip in the first `len` bytes of `zip`, and the go.mod in it.
///
/// Checked are: the archive is complete; every entry is named `<path>@<version>/<file>` with a file path that the go
/// command takes; the declared sizes add up to no more than 500 MiB; nothing but the root has a `go.mod` in its place;
/// go.mod is no larger than 16 MiB and is what its header says. Memory is a buffer and the go.mod. Waits for the disk.
///
/// # Errors
/// [`ZipError::Unsound`] with the first thing that is wrong, [`ZipError::Io`] if the file can not be read.
pub fn read_directory<R: ReadAt + ?Sized>(
    zip: &R,
    len: u64,
    version: &ModuleVersion,
) -> Result<Directory, ZipError> {
    let archive = Archive::open(zip, len)?;
    let prefix = prefix(version);
    let mut entries = 0;
    let mut sizes: u64 = 0;
    let mut go_mod = None;
    let mut wrong = None;
    let walked = archive.walk(|header| {
        entries += 1;
        let look = || {
            let name = Name::parse(header.name, &prefix)?;
            name.check_go_mod_place()?;
            check_size(name, header.size)?;
            Ok(name)
        };
        match look() {
            Ok(name) => {
                if name.is_go_mod() {
                    let place = Place::new(header, archive.end().base);
                    go_mod = Some((header.name.to_vec(), place));
                }
                if !name.is_directory {
                    sizes = sizes.saturating_add(header.size);
                }
                if sizes > MAX_ZIP_SIZE {
                    wrong = Some(too_large().sentence);
                }
            }
            Err(fault) => wrong = Some(about(header.name, &fault)),
        }
        if wrong.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    if let Some(sentence) = wrong.or_else(|| walked.fault.map(|fault| fault.sentence)) {
        return Err(ZipError::Unsound(sentence));
    }
    let go_mod = match go_mod {
        Some((name, place)) => Some(read_go_mod(&archive, &name, &place)?),
        None => None,
    };
    Ok(Directory { entries, go_mod })
}

fn read_go_mod<R: ReadAt + ?Sized>(
    archive: &Archive<'_, R>,
    name: &[u8],
    place: &Place,
) -> Result<Vec<u8>, ZipError> {
    debug_assert!(place.size <= MAX_GO_MOD_SIZE, "{}", place.size);
    let allowance = allowance(archive.source().len());
    let mut content = Vec::new();
    let outcome = Reader::new(archive.source(), &allowance, false)
        .read(name, place, |piece| content.extend_from_slice(piece))?;
    match outcome.faults.first() {
        Some(fault) => Err(ZipError::Unsound(about(name, fault))),
        None => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};

    use zip::write::SimpleFileOptions;

    use super::*;

    fn version() -> ModuleVersion {
        ModuleVersion::new("example.com/m".parse().unwrap(), "v1.0.0".parse().unwrap()).unwrap()
    }

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: &[u8]) -> Result<Directory, String> {
        read_directory(bytes, bytes.len() as u64, &version()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_what_a_sound_zip_says() {
        let go_mod = b"module example.com/m\n".repeat(100);
        let with = archive(&[
            ("example.com/m@v1.0.0/go.mod", &go_mod),
            ("example.com/m@v1.0.0/m.go", b"package m"),
        ]);
        assert_eq!(
            read(&with),
            Ok(Directory {
                entries: 2,
                go_mod: Some(go_mod)
            })
        );
        let without = archive(&[("example.com/m@v1.0.0/m.go", b"package m")]);
        assert_eq!(
            read(&without),
            Ok(Directory {
                entries: 1,
                go_mod: None
            })
        );
        assert_eq!(
            read(&archive(&[])),
            Ok(Directory {
                entries: 0,
                go_mod: None
            })
        );
    }

    #[test]
    fn says_what_is_wrong_with_others() {
        let sound = archive(&[("example.com/m@v1.0.0/go.mod", b"module example.com/m\n")]);
        let mut damaged = sound.clone();
        damaged[60] ^= 0xff;
        let cases: [(&str, Vec<u8>, &str); 9] = [
            ("empty", vec![], "it is empty"),
            (
                "NULs",
                vec![0; 4096],
                "end of central directory record is missing",
            ),
            (
                "cut off",
                sound[..sound.len() - 30].to_vec(),
                "end of central directory record is missing",
            ),
            (
                "no zip",
                b"<html>not found</html>".to_vec(),
                "end of central directory record is missing",
            ),
            (
                "front lost",
                [&[0; 20], &sound[sound.len() - 70..]].concat(),
                "damaged",
            ),
            (
                "other module",
                archive(&[("example.com/n@v1.0.0/go.mod", b"")]),
                "does not start with",
            ),
            (
                "litter",
                archive(&[("example.com/m@v1.0.0/m.go", b""), (".DS_Store", b"x")]),
                "\".DS_Store\": it does not start",
            ),
            (
                "leaves",
                archive(&[("example.com/m@v1.0.0/../x", b"")]),
                "no clean path",
            ),
            ("go.mod damaged", damaged, "go.mod"),
        ];
        for (name, bytes, want) in cases {
            let error = read(&bytes).expect_err(name);
            assert!(error.contains(want), "{name}: {error}");
        }
    }
}
