//! Roots made for a test, in the protocol's layout.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use athens::module::{ModulePath, ModuleVersion};
use athens::store::{ModuleFile, StoreKey};
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// A root in a directory of its own, which goes with it.
pub(crate) struct Tree {
    directory: TempDir,
}

/// Parses `path@version`.
pub(crate) fn version(text: &str) -> ModuleVersion {
    let (path, version) = text.split_once('@').expect("path@version");
    ModuleVersion::new(path.parse().expect(text), version.parse().expect(text)).expect(text)
}

/// The go.mod that the modules of these tests have.
pub(crate) fn go_mod(version: &ModuleVersion) -> String {
    format!("module {}\n\ngo 1.13\n", version.path())
}

/// A module zip with a go.mod and a small package.
pub(crate) fn zip_of(version: &ModuleVersion) -> Vec<u8> {
    let go_mod = go_mod(version);
    zip_with(
        version,
        &[
            ("go.mod", go_mod.as_bytes()),
            ("m.go", b"package m\n\nconst Version = \"\"\n"),
        ],
    )
}

/// A module zip with these files below the prefix.
pub(crate) fn zip_with(version: &ModuleVersion, files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_of_files(version, files, SimpleFileOptions::default())
}

fn zip_of_files(
    version: &ModuleVersion,
    files: &[(&str, &[u8])],
    options: SimpleFileOptions,
) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let name = format!("{}@{}/{name}", version.path(), version.version());
        writer.start_file(name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The `.info` of a version.
pub(crate) fn info_of(version: &ModuleVersion) -> String {
    format!(
        "{{\"Version\":\"{}\",\"Time\":\"2026-01-02T15:04:05Z\"}}",
        version.version()
    )
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path_of(&self, version: &ModuleVersion, file: ModuleFile) -> PathBuf {
        self.root()
            .join(StoreKey::File(version, file).relative_path())
    }

    pub(crate) fn versions_of(&self, module: &str) -> PathBuf {
        let module: ModulePath = module.parse().unwrap();
        self.root().join(StoreKey::directory(&module))
    }

    /// Writes one file of a version, whatever is there, as a careless copy does: in place.
    pub(crate) fn write(&self, version: &ModuleVersion, file: ModuleFile, content: &[u8]) {
        let path = self.path_of(version, file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes any file below the root.
    pub(crate) fn write_path(&self, path: &str, content: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Adds a version with its three files.
    pub(crate) fn add(&self, text: &str) -> &Self {
        let version = version(text);
        self.write(&version, ModuleFile::Zip, &zip_of(&version));
        self.write(&version, ModuleFile::Mod, go_mod(&version).as_bytes());
        self.write(&version, ModuleFile::Info, info_of(&version).as_bytes());
        self
    }

    /// Removes the three files of a version.
    pub(crate) fn remove(&self, text: &str) {
        for file in [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip] {
            fs::remove_file(self.path_of(&version(text), file)).unwrap();
        }
    }
}

/// A root with `example.com/m@v1.0.0`, whose zip holds one stored file of this many bytes.
pub(crate) fn one_module(file_len: usize) -> TempDir {
    let (tree, version) = (Tree::new(), version("example.com/m@v1.0.0"));
    let go_mod = go_mod(&version);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let data = vec![b'x'; file_len];
    let zip = zip_of_files(
        &version,
        &[("go.mod", go_mod.as_bytes()), ("data", &data)],
        stored,
    );
    tree.write(&version, ModuleFile::Zip, &zip);
    tree.write(&version, ModuleFile::Mod, go_mod.as_bytes());
    tree.write(&version, ModuleFile::Info, info_of(&version).as_bytes());
    tree.directory
}
