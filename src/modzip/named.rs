//! Which version a zip is of, by its own word.

use std::ops::ControlFlow;

use super::archive::Archive;
use super::error::ZipError;
use super::read_at::ReadAt;
use crate::module::{ModulePath, ModuleVersion, Version};

/// The version that the first entry of the zip in the first `len` bytes of `zip` names: `example.com/m@v1.0.0/…`. That all
/// others agree is for [`check`](super::check()). Waits for the disk.
///
/// # Errors
/// [`ZipError::Unsound`] if there is no entry or its name has no such prefix, [`ZipError::Io`] if the file can not be read.
pub fn named_version<R: ReadAt + ?Sized>(zip: &R, len: u64) -> Result<ModuleVersion, ZipError> {
    let archive = Archive::open(zip, len)?;
    let mut first = None;
    let walked = archive.walk(|header| {
        first = Some(header.name.to_vec());
        ControlFlow::Break(())
    })?;
    match (first, walked.fault) {
        (Some(name), _) => parse_prefix(&name).map_err(|why| {
            let shown: String = name.escape_ascii().to_string().chars().take(200).collect();
            ZipError::Unsound(format!(
                "its first entry {shown:?} does not start with PATH@VERSION/: {why}"
            ))
        }),
        (None, Some(fault)) => Err(ZipError::Unsound(fault.sentence)),
        (None, None) => Err(ZipError::Unsound(
            "it is empty, so nothing says which version it is of".to_owned(),
        )),
    }
}

fn parse_prefix(name: &[u8]) -> Result<ModuleVersion, String> {
    let name = std::str::from_utf8(name).map_err(|_| "it is not UTF-8".to_owned())?;
    let (path, rest) = name.split_once('@').ok_or("it has no @")?;
    let (version, _) = rest
        .split_once('/')
        .ok_or("it has no / after the version")?;
    let path: ModulePath = path.parse().map_err(|error| format!("{error}"))?;
    let version: Version = version.parse().map_err(|error| format!("{error}"))?;
    ModuleVersion::new(path, version).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_prefix_of_a_name() {
        let cases: [(&str, Result<&str, &str>); 6] = [
            ("example.com/M@v1.0.0/go.mod", Ok("example.com/M@v1.0.0")),
            (
                "example.com/m/v2@v2.1.0-rc.1/",
                Ok("example.com/m/v2@v2.1.0-rc.1"),
            ),
            ("m-1.0.0/go.mod", Err("no @")),
            ("example.com/m@v1.0.0", Err("no /")),
            ("example.com/m@1.0/x", Err("1.0")),
            ("example.com/m@v2.0.0/x", Err("v2.0.0")),
        ];
        for (name, want) in cases {
            match (parse_prefix(name.as_bytes()), want) {
                (Ok(version), Ok(want)) => assert_eq!(version.to_string(), want),
                (Err(error), Err(want)) => assert!(error.contains(want), "{name}: {error}"),
                (got, want) => panic!("{name}: {got:?}, not {want:?}"),
            }
        }
    }
}
