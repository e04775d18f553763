//! Which methods a path takes, for the answers that say so.

use super::endpoints::Endpoint;
pub(super) use super::endpoints::READ;
use super::error::Refusal;
use super::request::{NoRequest, ProxyRequest, Target};

/// What a path takes, without its leading slash and without the prefix; `None` where nothing is.
///
/// Source: RFC 9110, 10.2.1 and 15.5.6.
fn methods(path: &str) -> Option<&'static str> {
    endpoint(path).map(|endpoint| endpoint.methods)
}

fn endpoint(path: &str) -> Option<&'static Endpoint> {
    if let Some(endpoint) = Endpoint::named(path) {
        return Some(endpoint);
    }
    if path.ends_with("/@v/refresh") {
        return Endpoint::form("/MODULE/@v/refresh");
    }
    match target(path) {
        Ok(target) => Endpoint::of(&target),
        Err(_) if matches!(target(&format!("{path}.zip")), Ok(Target::Zip(_))) => {
            Endpoint::form("/MODULE/@v/VERSION")
        }
        Err(_) => None,
    }
}

fn target(path: &str) -> Result<Target, NoRequest> {
    ProxyRequest::parse(&format!("/{path}")).map(|request| request.target)
}

/// The refusal of a method that no path has, or this one has not.
pub(super) fn refuse(path: &str) -> Refusal {
    Refusal::MethodNotAllowed(methods(path).unwrap_or(READ))
}

/// Why nothing is done by a method that some paths take: this one does not, or else what was found out before.
pub(super) fn refuse_here(method: &str, path: &str, because: Refusal) -> Refusal {
    match methods(path) {
        Some(methods) if !methods.split(", ").any(|one| one == method) => {
            Refusal::MethodNotAllowed(methods)
        }
        _ => because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_path_takes() {
        for (path, want) in [
            ("", Some("GET, HEAD")),
            ("healthz", Some("GET, HEAD")),
            ("upload", Some("PUT")),
            ("example.com/m/@v/list", Some("GET, HEAD")),
            ("example.com/m/@latest", Some("GET, HEAD")),
            ("example.com/m/@v/v1.0.0.info", Some("GET, HEAD")),
            ("example.com/m/@v/v1.0.0.mod", Some("GET, HEAD")),
            ("example.com/m/@v/v1.0.0.zip", Some("GET, HEAD, PUT")),
            (
                "example.com/m/@v/v1.0.0-%21r%21c1.zip",
                Some("GET, HEAD, PUT"),
            ),
            ("example.com/m/@v/v1.0.0", Some("DELETE")),
            ("example.com/m/@v/main", None),
            ("example.com/m/@v/main.zip", None),
            ("example.com/m", None),
            ("example.com/m/@v/refresh", Some("POST")),
            ("upload/", None),
            ("example.com/../@v/list", None),
        ] {
            assert_eq!(methods(path), want, "{path}");
        }
    }
}
