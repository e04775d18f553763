//! How many requests and connections clients may have.

use super::ServeSettings;
use super::serve::{ConfigError, at_least, to_usize};
use crate::http::RequestLimits;

pub(super) const MAX_REQUESTS: u32 = 2048;

/// The limits on requests, and how many connections a client may have, if that is limited.
pub(super) fn resolve(
    settings: &ServeSettings,
) -> Result<(RequestLimits, Option<usize>), ConfigError> {
    let max_requests = settings.max_requests.unwrap_or(MAX_REQUESTS);
    at_least("max-requests", &max_requests, &1)?;
    // Behind one address may be a whole company: half of everything is what it can have without others noticing.
    let per_client = settings
        .max_requests_per_client
        .unwrap_or_else(|| max_requests.div_ceil(2));
    at_least("max-requests-per-client", &per_client, &1)?;
    if let Some(connections) = &settings.max_connections_per_client {
        at_least("max-connections-per-client", connections, &1)?;
    }
    let limits = RequestLimits {
        max_requests: to_usize(max_requests),
        max_requests_per_client: to_usize(per_client),
        rate_limit: settings.rate_limit,
    };
    Ok((limits, settings.max_connections_per_client.map(to_usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_everything_for_one() {
        for (all, given, one) in [
            (None, None, 1024),
            (Some(1), None, 1),
            (Some(9), None, 5),
            (Some(9), Some(2), 2),
            (Some(2), Some(9), 9),
        ] {
            let settings = ServeSettings {
                max_requests: all,
                max_requests_per_client: given,
                ..ServeSettings::default()
            };
            let (limits, connections) = resolve(&settings).unwrap();
            assert_eq!(limits.max_requests_per_client, one, "{all:?} {given:?}");
            assert_eq!(connections, None);
        }
    }

    #[test]
    fn nothing_is_no_limit() {
        for key in [
            "max-requests",
            "max-requests-per-client",
            "max-connections-per-client",
        ] {
            let settings = toml::from_str(&format!("{key} = 0")).unwrap();
            let error = resolve(&settings).unwrap_err().to_string();
            assert_eq!(error, format!("`{key}`: 0 is too small; the least is 1"));
        }
    }
}
