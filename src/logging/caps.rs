//! What libraries may say.
//!
//! Threat: they see passwords and tokens on the wire, and below these levels tell of each frame and each read. None is
//! known to show the value of a header, but that is nothing they promise, and any new version may begin to.
//! `--log-level trace` is for our own events, and whoever turns it on does not expect it to put secrets into the log. So
//! the caps hold whatever the operator asks for.

use tracing::{Level, Metadata};

/// Libraries that see secrets, by the first part of their events' target, and the most that they may say.
const CAPS: [(&str, Level); 8] = [
    // Each frame that comes and goes, at `debug` already.
    ("h2", Level::INFO),
    ("hyper", Level::DEBUG),
    ("hyper_util", Level::DEBUG),
    ("hyper_rustls", Level::DEBUG),
    ("reqwest", Level::DEBUG),
    ("rustls", Level::DEBUG),
    ("tower_http", Level::DEBUG),
    ("warp", Level::DEBUG),
];

/// Whether an event may be written, whatever the filter says.
pub(super) fn allow(metadata: &Metadata<'_>) -> bool {
    is_allowed(metadata.target(), *metadata.level())
}

fn is_allowed(target: &str, level: Level) -> bool {
    let library = target.split("::").next().unwrap_or(target);
    CAPS.iter()
        .find(|(name, _)| *name == library)
        .is_none_or(|(_, most)| level <= *most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps() {
        for (target, level, allowed) in [
            ("athens", Level::TRACE, true),
            ("athens::access", Level::TRACE, true),
            ("h2", Level::INFO, true),
            ("h2::codec::framed_read", Level::DEBUG, false),
            ("hyper_util::client", Level::DEBUG, true),
            ("hyper_util::client", Level::TRACE, false),
            ("h2o", Level::TRACE, true),
        ] {
            assert_eq!(is_allowed(target, level), allowed, "{target} {level}");
        }
    }
}
