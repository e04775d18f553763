//! What checksum databases have said of versions, as their answers are kept in the tree.
//!
//! ```text
//! <root>/sumdb/<name>/lookup/<escaped module path>@<escaped version>
//! ```
//!
//! The file is the database's answer: the number of its record, the go.sum lines of the version, and a signed tree head.
//! Source: Go Modules Reference, "Checksum database".

use super::{DirStore, EntryKind, StoreError};
use crate::module::{ModuleVersion, Sum};

/// Where answers are kept, below the root.
const DATABASES: &str = "sumdb";

/// The longest answer that is read, in bytes; real ones are below one kilobyte.
const LONGEST: u64 = 64 << 10;

impl DirStore {
    /// The names of the checksum databases of which the tree holds answers. Waits for the disk.
    ///
    /// # Errors
    /// If their directory is there and can not be read.
    pub fn checksum_databases(&self) -> Result<Vec<String>, StoreError> {
        let entries = self.entries(DATABASES)?.unwrap_or_default();
        Ok(entries
            .into_iter()
            .filter(|entry| entry.kind == EntryKind::Directory)
            .map(|entry| entry.name)
            .collect())
    }

    /// Whether one of these databases has said that the zip of a version has this sum: then it is a public one, wherever
    /// it came from. Waits for the disk.
    ///
    /// # Errors
    /// If an answer is there and can not be read.
    pub fn is_in_checksum_database(
        &self,
        databases: &[String],
        version: &ModuleVersion,
        sum: &Sum,
    ) -> Result<bool, StoreError> {
        let (path, number) = (version.path(), version.version());
        let (escaped, number_escaped) = (path.escaped(), number.escaped());
        let line = format!("{path} {number} {sum}");
        for database in databases {
            let name = format!(
                "{DATABASES}/{database}/lookup/{}@{}",
                escaped.as_str(),
                number_escaped.as_str()
            );
            let answer = match self.open_path_waiting(&name) {
                Ok(Some(answer)) if answer.len() <= LONGEST => answer,
                // What is no answer says nothing.
                Ok(_) | Err(StoreError::Refused { .. }) => continue,
                Err(error) => return Err(error),
            };
            let bytes = answer
                .read_all_blocking()
                .map_err(|error| StoreError::io("read", name, error))?;
            if bytes
                .split(|byte| *byte == b'\n')
                .any(|said| said == line.as_bytes())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::OpenMode;

    #[test]
    fn an_answer_with_this_sum_makes_a_version_public() {
        let scratch = tempfile::tempdir().unwrap();
        let store = DirStore::open(scratch.path(), OpenMode::ReadOnly).unwrap();
        assert_eq!(store.checksum_databases().unwrap(), [""; 0]);
        let (sum, other) = (Sum::new([1; 32]), Sum::new([2; 32]));
        let directory = scratch
            .path()
            .join("sumdb/sum.example/lookup/example.com/!m");
        fs::create_dir_all(&directory).unwrap();
        let answer = format!(
            "7\nexample.com/M v1.0.0 {sum}\nexample.com/M v1.0.0/go.mod {other}\n\ngo.sum database tree\n8\n"
        );
        fs::write(directory.with_file_name("!m@v1.0.0"), &answer).unwrap();
        fs::write(directory.with_file_name("!m@v1.0.1"), "x".repeat(65 << 10)).unwrap();
        let databases = store.checksum_databases().unwrap();
        assert_eq!(databases, ["sum.example"]);
        let is_public = |version: &str, sum: &Sum| {
            let path = "example.com/M".parse().unwrap();
            let version = ModuleVersion::new(path, version.parse().unwrap()).unwrap();
            store
                .is_in_checksum_database(&databases, &version, sum)
                .unwrap()
        };
        assert!(is_public("v1.0.0", &sum));
        assert!(!is_public("v1.0.0", &other));
        assert!(!is_public("v1.0.1", &sum));
        assert!(!is_public("v1.0.2", &sum));
    }
}
