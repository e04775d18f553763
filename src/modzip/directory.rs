//! A cheap look at a module zip: its central directory and its go.mod, no other content.
//!
//! This is what a dropped version must pass before it is listed: an archive that was cut off, is full of NULs or holds
//! another module is found without reading its files. It costs two or three positioned reads for a small module.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ErrorKind, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder};

use super::{MAX_GO_MOD_SIZE, MAX_ZIP_SIZE};
use crate::module::{ModuleVersion, check_file_path};

/// How far before the end of the file the end record is looked for: the record and its longest comment, as
/// `archive/zip` of the go command does.
const END_RECORD_SPACE: u64 = 65 * 1024;

/// What the central directory of a module zip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// How many entries it has.
    pub entries: u64,
    /// The content of the go.mod file at the module's root, if it has one.
    pub go_mod: Option<Vec<u8>>,
}

/// Why the directory of a zip could not be read, or must not be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// The file could not be read: says nothing about the zip.
    #[error("cannot read the zip: {0}")]
    Io(#[source] io::Error),
    /// The zip is not one that the go command could use; the sentence says why.
    #[error("{0}")]
    Unsound(String),
}

impl ZipError {
    fn unsound(why: impl Into<String>) -> Self {
        Self::Unsound(why.into())
    }
}

impl From<rawzip::Error> for ZipError {
    fn from(error: rawzip::Error) -> Self {
        let text = error.to_string();
        match error.into_kind() {
            ErrorKind::IO(error)
                if !matches!(
                    error.kind(),
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData
                ) =>
            {
                Self::Io(error)
            }
            ErrorKind::MissingEndOfCentralDirectory => Self::unsound(
                "it is not a complete zip archive: the end of central directory record is missing",
            ),
            _ => Self::unsound(format!("its central directory is damaged: {text}")),
        }
    }
}

/// Positioned reads of a file that others read too.
#[derive(Clone, Copy)]
struct Positioned<'a>(&'a File);

impl ReaderAt for Positioned<'_> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

/// Reads the central directory of the zip in `file` (`len` bytes long), and the go.mod in it.
///
/// Checked are: the archive is complete; every entry is named `<path>@<version>/<file>` with a file path that the go
/// command takes; the declared sizes add up to no more than 500 MiB; nothing but the root has a `go.mod` in its place;
/// go.mod is no larger than 16 MiB and inflates to what its header says. Waits for the disk.
///
/// # Errors
/// [`ZipError::Unsound`] with the first thing that is wrong, [`ZipError::Io`] if the file can not be read.
pub fn read_directory(
    file: &File,
    len: u64,
    version: &ModuleVersion,
) -> Result<Directory, ZipError> {
    if len == 0 {
        return Err(ZipError::unsound("it is empty"));
    }
    if len > MAX_ZIP_SIZE {
        return Err(ZipError::unsound(format!(
            "it is larger than {MAX_ZIP_SIZE} bytes, the most that the go command takes"
        )));
    }
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::with_max_search_space(END_RECORD_SPACE)
        .locate_in_reader(Positioned(file), &mut buffer, len)
        .map_err(|(_, error)| error)?;
    let prefix = format!("{}@{}/", version.path(), version.version());
    let mut found = Directory {
        entries: 0,
        go_mod: None,
    };
    let mut sizes: u64 = 0;
    let mut go_mod = None;
    {
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next_entry()? {
            found.entries += 1;
            let path = entry.file_path();
            let name = check_name(path.as_bytes(), &prefix)?;
            sizes = sizes.saturating_add(entry.uncompressed_size_hint());
            if sizes > MAX_ZIP_SIZE {
                return Err(ZipError::unsound(format!(
                    "its files add up to more than {MAX_ZIP_SIZE} bytes"
                )));
            }
            if name == "go.mod" {
                go_mod = Some((entry.wayfinder(), entry.compression_method()));
            }
        }
    }
    if found.entries != archive.entries_hint() {
        return Err(ZipError::unsound(format!(
            "its central directory has {} entries where its end record says {}",
            found.entries,
            archive.entries_hint()
        )));
    }
    if let Some((wayfinder, method)) = go_mod {
        found.go_mod = Some(read_go_mod(&archive, wayfinder, method)?);
    }
    Ok(found)
}

/// The name below the prefix; the empty name is the module's root directory.
fn check_name<'a>(name: &'a [u8], prefix: &str) -> Result<&'a str, ZipError> {
    let shown = || {
        name.escape_ascii()
            .to_string()
            .chars()
            .take(200)
            .collect::<String>()
    };
    let Some(name) = name.strip_prefix(prefix.as_bytes()) else {
        return Err(ZipError::unsound(format!(
            "its entry {:?} does not start with {prefix:?}",
            shown()
        )));
    };
    let text = std::str::from_utf8(name).map_err(|_| {
        ZipError::unsound(format!("the name of its entry {:?} is not UTF-8", shown()))
    })?;
    let file = text.strip_suffix('/').unwrap_or(text);
    if !text.is_empty() {
        check_file_path(file).map_err(|error| {
            ZipError::unsound(format!(
                "its entry {:?} has a name the go command refuses: {error}",
                shown()
            ))
        })?;
    }
    Ok(text)
}

fn read_go_mod(
    archive: &ZipArchive<Positioned<'_>>,
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
) -> Result<Vec<u8>, ZipError> {
    let size = wayfinder.uncompressed_size_hint();
    if size > MAX_GO_MOD_SIZE {
        return Err(ZipError::unsound(format!(
            "its go.mod is larger than {MAX_GO_MOD_SIZE} bytes"
        )));
    }
    let entry = archive.get_entry(wayfinder)?;
    let reader = entry.reader();
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    // One byte more than declared is enough to see that the declaration is wrong.
    let read = if method == CompressionMethod::STORE {
        entry
            .verifying_reader(reader)
            .take(size + 1)
            .read_to_end(&mut content)
    } else if method == CompressionMethod::DEFLATE {
        entry
            .verifying_reader(DeflateDecoder::new(reader))
            .take(size + 1)
            .read_to_end(&mut content)
    } else {
        return Err(ZipError::unsound(format!(
            "its go.mod is compressed by a method the go command does not know: {method}"
        )));
    };
    match read {
        Ok(_) if content.len() as u64 == size => Ok(content),
        Ok(_) => Err(ZipError::unsound(
            "its go.mod does not have the length that the zip says",
        )),
        Err(error) if is_about_content(&error) => Err(ZipError::unsound(format!(
            "its go.mod can not be inflated: {error}"
        ))),
        Err(error) => Err(ZipError::Io(error)),
    }
}

/// Whether an error of a reader speaks of the bytes rather than of reading them.
fn is_about_content(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

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
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        read_directory(&file, bytes.len() as u64, &version()).map_err(|error| error.to_string())
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
                "\".DS_Store\" does not start",
            ),
            (
                "leaves",
                archive(&[("example.com/m@v1.0.0/../x", b"")]),
                "the go command refuses",
            ),
            ("go.mod damaged", damaged, "go.mod"),
        ];
        for (name, bytes, want) in cases {
            let error = read(&bytes).expect_err(name);
            assert!(error.contains(want), "{name}: {error}");
        }
    }
}
