//! The variables of the Athens proxy (`gomods/athens`), which has the name of this program and its prefix.
//!
//! Whoever moves from there keeps an environment that sets them. Those that both know are in `docs/moving.md`; the others
//! would do nothing here without a word, also where somebody relies on them: a filter, a password.

use super::environment;

/// What the Athens proxy reads and this program does not; ascending. What stands in the place of each is in
/// `docs/moving.md`. Of the variables without the prefix, those that keep somebody out.
///
/// Source: Athens, `pkg/config`.
pub const ATHENS_PROXY_VARIABLES: &[&str] = &[
    "ATHENS_AZURE_ACCOUNT_KEY",
    "ATHENS_AZURE_ACCOUNT_NAME",
    "ATHENS_AZURE_CONTAINER_NAME",
    "ATHENS_AZURE_CREDENTIAL_SCOPE",
    "ATHENS_AZURE_MANAGED_IDENTITY_RESOURCE_ID",
    "ATHENS_CLOUD_RUNTIME",
    "ATHENS_DISK_STORAGE_ROOT",
    "ATHENS_DOWNLOAD_MODE",
    "ATHENS_DOWNLOAD_URL",
    "ATHENS_ENABLE_PPROF",
    "ATHENS_ETCD_ENDPOINTS",
    "ATHENS_EXTERNAL_STORAGE_URL",
    "ATHENS_FILTER_FILE",
    "ATHENS_GCP_STALE_THRESHOLD",
    "ATHENS_GITHUB_TOKEN",
    "ATHENS_GLOBAL_ENDPOINT",
    "ATHENS_GOGET_DIR",
    "ATHENS_GOGET_WORKERS",
    "ATHENS_GONOSUM_PATTERNS",
    "ATHENS_GO_BINARY_ENV_VARS",
    "ATHENS_HGRC_PATH",
    "ATHENS_HOME_TEMPLATE_PATH",
    "ATHENS_INDEX_MYSQL_DATABASE",
    "ATHENS_INDEX_MYSQL_HOST",
    "ATHENS_INDEX_MYSQL_PARAMS",
    "ATHENS_INDEX_MYSQL_PASSWORD",
    "ATHENS_INDEX_MYSQL_PORT",
    "ATHENS_INDEX_MYSQL_PROTOCOL",
    "ATHENS_INDEX_MYSQL_USER",
    "ATHENS_INDEX_POSTGRES_DATABASE",
    "ATHENS_INDEX_POSTGRES_HOST",
    "ATHENS_INDEX_POSTGRES_PARAMS",
    "ATHENS_INDEX_POSTGRES_PASSWORD",
    "ATHENS_INDEX_POSTGRES_PORT",
    "ATHENS_INDEX_POSTGRES_USER",
    "ATHENS_INDEX_TYPE",
    "ATHENS_MINIO_ACCESS_KEY_ID",
    "ATHENS_MINIO_BUCKET_NAME",
    "ATHENS_MINIO_ENDPOINT",
    "ATHENS_MINIO_REGION",
    "ATHENS_MINIO_SECRET_ACCESS_KEY",
    "ATHENS_MINIO_USE_SSL",
    "ATHENS_MONGO_CERT_PATH",
    "ATHENS_MONGO_DEFAULT_DATABASE",
    "ATHENS_MONGO_INSECURE",
    "ATHENS_MONGO_STORAGE_URL",
    "ATHENS_NETRC_PATH",
    "ATHENS_NETWORK_MODE",
    "ATHENS_PORT",
    "ATHENS_PPROF_PORT",
    "ATHENS_PROTOCOL_WORKERS",
    "ATHENS_PROXY_VALIDATOR",
    "ATHENS_REDIS_ENDPOINT",
    "ATHENS_REDIS_LOCK_MAX_RETRIES",
    "ATHENS_REDIS_LOCK_TIMEOUT",
    "ATHENS_REDIS_LOCK_TTL",
    "ATHENS_REDIS_PASSWORD",
    "ATHENS_REDIS_SENTINEL_ENDPOINTS",
    "ATHENS_REDIS_SENTINEL_MASTER_NAME",
    "ATHENS_REDIS_SENTINEL_PASSWORD",
    "ATHENS_REDIS_USERNAME",
    "ATHENS_ROBOTS_FILE",
    "ATHENS_S3_BUCKET_KEY_ENABLED",
    "ATHENS_S3_BUCKET_NAME",
    "ATHENS_S3_LOCK_MAX_RETRIES",
    "ATHENS_S3_LOCK_TIMEOUT",
    "ATHENS_S3_LOCK_TTL",
    "ATHENS_S3_SERVER_SIDE_ENCRYPTION",
    "ATHENS_S3_SSE_KMS_KEY_ID",
    "ATHENS_SINGLE_FLIGHT_TYPE",
    "ATHENS_STASH_TIMEOUT",
    "ATHENS_STATS_EXPORTER",
    "ATHENS_STORAGE_GCP_BUCKET",
    "ATHENS_STORAGE_GCP_JSON_KEY",
    "ATHENS_STORAGE_TYPE",
    "ATHENS_SUM_DBS",
    "ATHENS_TIMEOUT",
    "ATHENS_TLSCERT_FILE",
    "ATHENS_TLSKEY_FILE",
    "ATHENS_TRACE_EXPORTER",
    "ATHENS_TRACE_EXPORTER_URL",
    "ATHENS_UNIX_SOCKET",
    "BASIC_AUTH_PASS",
    "BASIC_AUTH_USER",
    "PROXY_FORCE_SSL",
];

/// Those of them that are set, and not to nothing.
#[must_use]
pub fn athens_proxy_variables_set() -> Vec<&'static str> {
    let names = ATHENS_PROXY_VARIABLES.iter().copied();
    names.filter(|name| environment::is_set(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ServeSettings;
    use clap::{Args as _, Command};

    #[test]
    fn none_of_them_is_a_setting_of_ours() {
        assert!(ATHENS_PROXY_VARIABLES.is_sorted());
        let command = ServeSettings::augment_args(Command::new("test"));
        let ours: Vec<&str> = command
            .get_arguments()
            .filter_map(|argument| argument.get_env()?.to_str())
            .collect();
        assert!(ours.len() > 30, "{ours:?}");
        for name in ATHENS_PROXY_VARIABLES {
            assert!(!ours.contains(name), "{name} is read here");
        }
    }
}
