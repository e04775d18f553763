//! Whether a connection stays on this machine.

use std::net::IpAddr;

/// Whether a host of a URL, with or without brackets, is this machine: a loopback address, or `localhost` and what is
/// below it (RFC 6761, section 6.3).
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_others() {
        for (host, is_loopback) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("[::1]", true),
            ("::ffff:127.0.0.1", true),
            ("localhost", true),
            ("a.localhost", true),
            ("localhost.corp.example", false),
            ("127.0.0.1.corp.example", false),
            ("0.0.0.0", false),
            ("", false),
        ] {
            assert_eq!(is_loopback_host(host), is_loopback, "{host}");
        }
    }
}
