//! Zips to publish, and their sums, computed here and not by the code under test.

use std::io::{Cursor, Write as _};

use athens::module::ModuleVersion;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;

use crate::support::tools::sha256;
use crate::support::tree::{go_mod, zip_with};

/// A module zip with a go.mod and this text in a file, and its h1: sum.
pub(crate) fn zip_saying(version: &ModuleVersion, text: &str) -> (Vec<u8>, String) {
    let go_mod = go_mod(version);
    let files = [("go.mod", go_mod.as_bytes()), ("m.txt", text.as_bytes())];
    (zip_with(version, &files), sum_of_files(version, &files))
}

/// A zip of entries with whole names, good or not.
pub(crate) fn zip_of_entries(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The h1: sum of a zip with these files below its prefix.
pub(crate) fn sum_of_files(version: &ModuleVersion, files: &[(&str, &[u8])]) -> String {
    let prefix = format!("{}@{}", version.path(), version.version());
    let named = files
        .iter()
        .map(|(name, content)| (format!("{prefix}/{name}"), *content))
        .collect();
    h1(named)
}

/// The h1: sum of a go.mod.
pub(crate) fn sum_of_go_mod(content: &str) -> String {
    h1(vec![("go.mod".to_owned(), content.as_bytes())])
}

fn h1(mut files: Vec<(String, &[u8])>) -> String {
    files.sort();
    let lines: String = files
        .iter()
        .map(|(name, content)| format!("{}  {name}\n", sha256(content)))
        .collect();
    format!("h1:{}", STANDARD.encode(Sha256::digest(lines)))
}
