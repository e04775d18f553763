//! Whom to ask for what the folder lacks, and what may be asked: from what was typed, or what the go command is set to.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use super::serve::{
    CONNECT_TIMEOUT, ConfigError, DIRECT_DISK, DIRECT_TIMEOUT, FETCH_TIMEOUT, LIST_TTL,
    MAX_UPSTREAM_REQUESTS, NEGATIVE_TTL, UPSTREAM_TIMEOUT, at_least, timeout, to_usize,
};
use super::{ByteSize, GoEnvironment, ServeSettings};
use super::{environment, netrc_file};
use crate::module::PathPatterns;
use crate::proxy::{FetchSettings, Policy};
use crate::sumdb::{Database, DatabaseSetting};
use crate::upstream::direct::DirectSettings;
use crate::upstream::{UpstreamList, UpstreamSettings};

/// Who said which upstreams to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The operator: a flag, a variable or the file.
    Operator,
    /// `go env GOPROXY`.
    Go,
    /// Nobody: there is no go command to ask.
    Nobody,
}

/// What is said of upstreams.
pub(super) struct Resolved {
    pub(super) said: Said,
    pub(super) settings: Option<UpstreamSettings>,
    pub(super) direct: Option<DirectSettings>,
    pub(super) policy: Policy,
    pub(super) fetch: FetchSettings,
    pub(super) checksum_databases: Vec<Database>,
}

/// Takes the settings of upstreams out of all settings, and fills in what was not said.
///
/// The go command is asked only where something is left open that matters.
pub(super) fn resolve(
    settings: &mut ServeSettings,
    root: &Path,
    max_zip_size: ByteSize,
    go: impl FnOnce() -> Option<GoEnvironment>,
) -> Result<Resolved, ConfigError> {
    let typed = settings.upstream.take();
    let is_off = typed.as_ref().is_some_and(UpstreamList::is_off);
    let is_open =
        typed.is_none() || (!is_off && (settings.private.is_none() || settings.sumdb.is_none()));
    let go = if is_open { go() } else { None };
    let (list, said) = match (typed, &go) {
        (Some(list), _) => (Some(list), Said::Operator),
        (None, Some(go)) if !go.goproxy.is_empty() => {
            (Some(of_go("GOPROXY", "upstream", &go.goproxy)?), Said::Go)
        }
        (None, _) => (None, Said::Nobody),
    };
    let private = match (settings.private.take(), &go) {
        (Some(private), _) => private,
        (None, Some(go)) => of_go("GOPRIVATE", "private", &go.goprivate)?,
        (None, None) => PathPatterns::default(),
    };
    let databases = match (settings.sumdb.take(), &go) {
        (Some(databases), _) => databases,
        (None, Some(go)) if !go.gosumdb.is_empty() => {
            vec![of_go("GOSUMDB", "sumdb", &go.gosumdb)?]
        }
        (None, _) => Vec::new(),
    };
    let max_concurrent = settings
        .max_upstream_requests
        .unwrap_or(MAX_UPSTREAM_REQUESTS);
    at_least("max-upstream-requests", &max_concurrent, &1)?;
    let connect_timeout = timeout("connect-timeout", settings.connect_timeout, CONNECT_TIMEOUT)?;
    let response_timeout = timeout(
        "upstream-timeout",
        settings.upstream_timeout,
        UPSTREAM_TIMEOUT,
    )?;
    let (ca_file, netrc) = (settings.ca_file.take(), settings.netrc.take());
    let allowed = match settings.direct.take() {
        // Whoever names modules wants them fetched, whatever the proxies are.
        Some(patterns) => Some(patterns),
        None => list.as_ref().and_then(|list| match list {
            list if list.is_off() => None,
            list if list.has_direct() => "*".parse().ok(),
            _ => Some(private.clone()),
        }),
    };
    let direct = match allowed.filter(|patterns| !patterns.is_empty()) {
        Some(allowed) => Some(direct(
            settings,
            allowed,
            root,
            netrc.clone(),
            ca_file.as_deref(),
        )?),
        None => None,
    };
    let nobody = || UpstreamList::from_str("off").ok();
    let upstreams = list
        .or_else(nobody)
        .filter(|list| direct.is_some() || !list.is_off())
        .map(|list| UpstreamSettings {
            connect_timeout,
            response_timeout,
            max_concurrent: to_usize(max_concurrent),
            max_zip_size: max_zip_size.0,
            ca_file,
            netrc: netrc.or_else(netrc_file),
            ..UpstreamSettings::new(list)
        });
    Ok(Resolved {
        said,
        settings: upstreams,
        direct,
        policy: Policy {
            private,
            allow: settings.allow.take().unwrap_or_default(),
            block: settings.block.take().unwrap_or_default(),
            min_age: settings
                .min_age
                .take()
                .unwrap_or_default()
                .into_iter()
                .map(|text| text.0)
                .collect(),
        },
        fetch: FetchSettings {
            fetch_timeout: timeout("fetch-timeout", settings.fetch_timeout, FETCH_TIMEOUT)?,
            // Zero is meaningful here: ask each time.
            list_ttl: settings.list_ttl.unwrap_or(LIST_TTL).0,
            negative_ttl: settings.negative_ttl.unwrap_or(NEGATIVE_TTL).0,
        },
        checksum_databases: databases
            .into_iter()
            .filter_map(|setting| match setting {
                DatabaseSetting::Database(database) => Some(*database),
                DatabaseSetting::Off => None,
            })
            .collect(),
    })
}

/// How modules are fetched from version control.
fn direct(
    settings: &mut ServeSettings,
    allowed: PathPatterns,
    root: &Path,
    netrc: Option<PathBuf>,
    ca_file: Option<&Path>,
) -> Result<DirectSettings, ConfigError> {
    let scratch = root.join(".athens/direct");
    let mut direct = DirectSettings::new(allowed, scratch, environment::search_path());
    direct.timeout = timeout("direct-timeout", settings.direct_timeout, DIRECT_TIMEOUT)?;
    direct.max_disk = settings.direct_disk.unwrap_or(DIRECT_DISK).0;
    if let Some(jobs) = settings.direct_jobs {
        at_least("direct-jobs", &jobs, &1)?;
        direct.max_jobs = NonZeroUsize::new(to_usize(jobs)).unwrap_or(direct.max_jobs);
    }
    if let Some(vcs) = settings.direct_vcs.take() {
        direct.vcs = vcs;
    }
    if let Some(protocols) = settings.git_protocols.take() {
        direct.git_protocols = protocols;
    }
    direct.netrc = netrc;
    direct.ssh_agent = settings.ssh_agent.take();
    direct.git_config = settings.git_config.take();
    direct.variables = environment::of_network();
    if let Some(file) = ca_file {
        direct.variables.push(("SSL_CERT_FILE".into(), file.into()));
    }
    Ok(direct)
}

fn of_go<T: std::str::FromStr<Err: std::fmt::Display>>(
    variable: &'static str,
    flag: &'static str,
    text: &str,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|error: T::Err| ConfigError::GoEnvironment {
            variable,
            why: error.to_string(),
            flag,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go(goproxy: &str) -> GoEnvironment {
        GoEnvironment {
            goproxy: goproxy.to_owned(),
            gosumdb: "off".to_owned(),
            goprivate: "corp.example".to_owned(),
            ..GoEnvironment::default()
        }
    }

    fn resolved(
        settings: ServeSettings,
        go: Option<GoEnvironment>,
    ) -> Result<Resolved, ConfigError> {
        resolve(&mut settings.clone(), Path::new("root"), ByteSize(1), || go)
    }

    #[test]
    fn the_operator_then_go_then_nobody() {
        let typed = ServeSettings {
            upstream: Some("https://a.example".parse().unwrap()),
            ..ServeSettings::default()
        };
        let list = |resolved: &Resolved| {
            resolved
                .settings
                .as_ref()
                .map_or_else(String::new, |settings| settings.list.to_string())
        };
        let both = resolved(typed.clone(), Some(go("https://b.example"))).unwrap();
        assert_eq!(
            (both.said, list(&both).as_str()),
            (Said::Operator, "https://a.example")
        );
        assert_eq!(both.policy.private.to_string(), "corp.example");
        let of_go = resolved(
            ServeSettings::default(),
            Some(go("https://b.example,direct")),
        )
        .unwrap();
        assert_eq!(
            (of_go.said, list(&of_go).as_str()),
            (Said::Go, "https://b.example,direct")
        );
        let nobody = resolved(ServeSettings::default(), None).unwrap();
        assert_eq!(
            (nobody.said, nobody.settings.is_none()),
            (Said::Nobody, true)
        );
        assert!(nobody.checksum_databases.is_empty());
        let off = resolved(ServeSettings::default(), Some(go("off"))).unwrap();
        assert!(off.settings.is_none());
    }

    #[test]
    fn go_is_not_asked_without_need() {
        let mut settings = ServeSettings {
            upstream: Some("off".parse().unwrap()),
            ..ServeSettings::default()
        };
        assert!(
            resolve(&mut settings, Path::new("root"), ByteSize(1), || panic!(
                "asked"
            ))
            .is_ok()
        );
    }

    #[test]
    fn what_go_says_may_be_of_no_use() {
        let error = resolved(ServeSettings::default(), Some(go("ftp://x")))
            .err()
            .unwrap();
        let said = error.to_string();
        assert!(
            said.starts_with("`go env GOPROXY` can not be used: ")
                && said.ends_with("with --upstream"),
            "{said}"
        );
    }
}
