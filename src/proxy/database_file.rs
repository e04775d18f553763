//! What a client can ask of a checksum database through us.

use crate::module::ModulePath;
use crate::store::{SumdbFile, SumdbFileKind};

/// A file below `/sumdb/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseFile {
    /// `<name>/supported`: whether we pass the database on.
    Supported(String),
    /// Something that the database has.
    File(SumdbFile),
}

impl DatabaseFile {
    /// Reads a decoded path after `sumdb/`.
    ///
    /// # Errors
    /// A sentence, if no database has such a file.
    pub fn parse(path: &str) -> Result<Self, String> {
        match path.strip_suffix("/supported") {
            Some(name) => Ok(Self::Supported(name.to_owned())),
            None => path
                .parse()
                .map(Self::File)
                .map_err(|error| format!("not found: {error}")),
        }
    }

    /// The name of the database.
    #[must_use]
    pub fn database(&self) -> &str {
        match self {
            Self::Supported(name) => name,
            Self::File(file) => file.database(),
        }
    }

    /// The module that is asked about, if one is.
    #[must_use]
    pub fn module(&self) -> Option<&ModulePath> {
        match self {
            Self::File(file) => match file.kind() {
                SumdbFileKind::Lookup(version) => Some(version.path()),
                _ => None,
            },
            Self::Supported(_) => None,
        }
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::File(file) if matches!(file.kind(), SumdbFileKind::Tile { .. }) => {
                "application/octet-stream"
            }
            _ => "text/plain; charset=utf-8",
        }
    }

    /// How long caches may keep it: a tile never changes; what is signed with the head of now does.
    #[must_use]
    pub fn cache_control(&self) -> &'static str {
        match self {
            Self::File(file) if matches!(file.kind(), SumdbFileKind::Tile { .. }) => {
                "public, max-age=31536000, immutable"
            }
            _ => "public, max-age=10",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let parse = |path: &str| DatabaseFile::parse(path);
        assert_eq!(
            parse("sum.example/x/supported"),
            Ok(DatabaseFile::Supported("sum.example/x".to_owned()))
        );
        let lookup = parse("sum.example/lookup/example.com/!m@v1.0.0").unwrap();
        assert_eq!(lookup.database(), "sum.example");
        assert_eq!(lookup.module().unwrap().as_str(), "example.com/M");
        assert_eq!(lookup.cache_control(), "public, max-age=10");
        let tile = parse("sum.example/tile/8/0/001").unwrap();
        assert_eq!(tile.content_type(), "application/octet-stream");
        assert_eq!(tile.module(), None);
        for path in [
            "sum.example",
            "sum.example/lookup/x",
            "sum.example/tile/9/0/000",
        ] {
            assert!(
                parse(path).unwrap_err().starts_with("not found: "),
                "{path}"
            );
        }
    }
}
