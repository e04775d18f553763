//! Upstreams that are folders: `file:` URLs.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::error::{FetchError, FetchErrorKind};
use super::measured::counted;
use super::question::Question;
use super::zip_body::ZipBody;
use crate::metrics::UpstreamMeter;

/// A folder in the layout of the protocol, read as the go command reads it: the file at the path that a proxy would be
/// asked, and nothing else. A missing file is absent; whatever else is wrong, a directory in its place too, is a failure.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    root: PathBuf,
    shown: Arc<str>,
    meter: UpstreamMeter,
}

impl Folder {
    /// The folder at an absolute path, and its URL for messages.
    pub(super) fn new(root: PathBuf, shown: &str) -> Self {
        Self {
            root,
            shown: shown.into(),
            meter: UpstreamMeter::default(),
        }
    }

    /// The same, with what is asked of it counted there.
    pub(super) fn counted_by(self, meter: UpstreamMeter) -> Self {
        Self { meter, ..self }
    }

    /// The URL, for messages.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// All of a file.
    pub(super) async fn get(&self, question: &Question, max: usize) -> Result<Bytes, FetchError> {
        counted(&self.meter, self.read(question, max)).await
    }

    async fn read(&self, question: &Question, max: usize) -> Result<Bytes, FetchError> {
        let path = self.path(question);
        let read = off_the_async_threads(move || {
            let (file, _) = open(&path)?;
            let mut bytes = Vec::new();
            file.take(max as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let bytes = read.await.map_err(|error| self.failed(question, error))?;
        if bytes.len() > max {
            return Err(FetchError::new(
                FetchErrorKind::TooLarge,
                &self.shown,
                question.path(),
                format_args!("the file is larger than {max} bytes"),
            ));
        }
        Ok(bytes.into())
    }

    /// A file, to be read piece by piece.
    pub(super) async fn open(&self, question: &Question) -> Result<ZipBody, FetchError> {
        let path = self.path(question);
        let opened = async {
            off_the_async_threads(move || open(&path))
                .await
                .map_err(|error| self.failed(question, error))
        };
        let (file, len) = counted(&self.meter, opened).await?;
        Ok(ZipBody::from_file(file, len, Box::new(())))
    }

    fn path(&self, question: &Question) -> PathBuf {
        // It is relative and has no `..`.
        self.root.join(&**question.path())
    }

    fn failed(&self, question: &Question, error: io::Error) -> FetchError {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => FetchErrorKind::NotFound,
            _ => FetchErrorKind::Failed,
        };
        FetchError::new(kind, &self.shown, question.path(), error)
    }
}

/// Opens a regular file; its length beside it.
fn open(path: &Path) -> io::Result<(File, u64)> {
    // Looked at before it is opened, since opening a FIFO waits for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok((file, metadata.len()))
}

async fn off_the_async_threads<T: Send + 'static>(
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn absence_and_failure() {
        let dir = tempfile::tempdir().unwrap();
        let versions = dir.path().join("a.b/!m/@v");
        std::fs::create_dir_all(&versions).unwrap();
        std::fs::write(versions.join("list"), "v1.0.0\n").unwrap();
        std::fs::create_dir(dir.path().join("a.b/!m/@latest")).unwrap();
        std::fs::write(dir.path().join("a.b/file"), "").unwrap();
        let folder = Folder::new(dir.path().to_owned(), "file:///x");
        let path = |text: &str| text.parse().unwrap();

        let list = Question::list(&path("a.b/M"));
        assert_eq!(folder.get(&list, 7).await.unwrap(), "v1.0.0\n");
        let large = folder.get(&list, 6).await.unwrap_err();
        assert_eq!(large.kind(), FetchErrorKind::TooLarge);
        for (question, kind) in [
            (Question::list(&path("a.b/other")), FetchErrorKind::NotFound),
            (Question::latest(&path("a.b/M")), FetchErrorKind::Failed),
            (Question::list(&path("a.b/file")), FetchErrorKind::Failed),
        ] {
            let error = folder.get(&question, 7).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(folder.open(&question).await.unwrap_err().kind(), kind);
        }
    }
}
