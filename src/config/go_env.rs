//! What the go command of this machine is set to: the defaults for whom to ask and what is private.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::Deserialize;

/// How long the go command may take to say how it is set.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much it may say, in bytes.
const LONGEST: u64 = 1 << 20;

/// The settings of the go command that concern a proxy. An empty text is one that is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GoEnvironment {
    /// Whom it asks for modules.
    #[serde(rename = "GOPROXY")]
    pub goproxy: String,
    /// The checksum database that it believes.
    #[serde(rename = "GOSUMDB")]
    pub gosumdb: String,
    /// Modules that it keeps to itself.
    #[serde(rename = "GOPRIVATE")]
    pub goprivate: String,
    /// Where it keeps modules.
    #[serde(rename = "GOMODCACHE")]
    pub gomodcache: String,
}

impl GoEnvironment {
    /// Asks the go command in `PATH`; `None` if there is none, or it does not answer within ten seconds.
    ///
    /// It runs at the file system's root and without leave to switch its toolchain: in a module whose go.mod wants a
    /// newer one it would download that first.
    #[must_use]
    pub fn ask() -> Option<Self> {
        let mut child = Command::new("go")
            .args([
                "env",
                "-json",
                "GOPROXY",
                "GOSUMDB",
                "GOPRIVATE",
                "GOMODCACHE",
            ])
            .current_dir("/")
            .env("GOTOOLCHAIN", "local")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let stdout = child.stdout.take()?;
        let (sender, said) = mpsc::channel();
        let reader = std::thread::Builder::new()
            .name("athens-go-env".into())
            .spawn(move || {
                let mut text = Vec::new();
                let read = stdout.take(LONGEST).read_to_end(&mut text);
                // Whoever waited has given up.
                let _ = sender.send(read.map(|_| text));
            });
        let said = reader.ok().and_then(|_| said.recv_timeout(PATIENCE).ok());
        if said.is_none() {
            // It may have ended in this moment.
            let _ = child.kill();
        }
        let status = child.wait().ok()?;
        let text = said?.ok()?;
        status
            .success()
            .then(|| serde_json::from_slice(&text).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_says() {
        let said = br#"{"GOPROXY": "https://a.example,direct", "GOSUMDB": "off", "GOPRIVATE": ""}"#;
        let read: GoEnvironment = serde_json::from_slice(said).unwrap();
        assert_eq!(read.goproxy, "https://a.example,direct");
        assert_eq!(read.gosumdb, "off");
        assert_eq!(
            (read.goprivate.as_str(), read.gomodcache.as_str()),
            ("", "")
        );
    }
}
