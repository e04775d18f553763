//! The `.netrc`. Of what it holds, only the names of machines leave this file.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::facts::NetrcFacts;
use crate::transport::{Netrc, go_netrc_entries};

pub(super) fn look(path: Option<&Path>) -> NetrcFacts {
    let mut facts = NetrcFacts {
        path: path.map(Path::to_owned),
        ..NetrcFacts::default()
    };
    let Some(path) = path else {
        return facts;
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return facts,
        Err(error) => facts.fault = Some(error.to_string()),
        // Whoever names /dev/null wants none; and a pipe would have to be waited for.
        Ok(metadata) if !metadata.is_file() => return facts,
        Ok(metadata) => facts.mode = Some(metadata.permissions().mode() & 0o777),
    }
    match Netrc::read(path) {
        Ok(netrc) => {
            let netrc = netrc.unwrap_or_default();
            facts.machines = netrc.machines().map(str::to_owned).collect();
            facts.seen = go_netrc_entries(netrc.text())
                .iter()
                .map(|entry| entry.machine.to_owned())
                .collect();
        }
        Err(error) => facts.fault = Some(error.to_string()),
    }
    facts
}
