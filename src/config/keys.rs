//! All settings of `athens serve` in one table: what each is called, and whether a running server takes it over.

use std::fmt;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::{
    Age, ByteSize, Concealed, ListenAddress, ListenPlace, LogFormatName, MinAgeText, ServeSettings,
    TimeSpan, WatchName,
};
use crate::http::{BasePath, PublicUrl, RateLimit, TrustedProxy};
use crate::logging::LogFilter;
use crate::module::PathPatterns;
use crate::proxy::Rule;
use crate::sumdb::DatabaseSetting;
use crate::trace::Sample;
use crate::upstream::UpstreamList;

/// When a setting that was changed has its effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applies {
    /// When the running server reads its configuration again.
    Reload,
    /// When the server is started anew.
    Restart,
}

/// A setting.
#[derive(Clone, Copy)]
pub struct Key {
    /// The name: the flag without its dashes, and the key of the file.
    pub name: &'static str,
    /// When a change has its effect.
    pub applies: Applies,
    pub(super) is_same: fn(&ServeSettings, &ServeSettings) -> bool,
    pub(super) copy: fn(&ServeSettings, &mut ServeSettings),
    pub(super) shown: fn(&ServeSettings) -> Option<SettingValue>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .field("applies", &self.applies)
            .finish_non_exhaustive()
    }
}

/// The value of a setting as it may be shown to anybody: without passwords.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(value) => f.write_str(value),
            Self::Many(values) => f.write_str(&values.join("; ")),
        }
    }
}

macro_rules! keys {
    ($($name:literal $field:ident $applies:ident,)*) => {
        &[$(Key {
            name: $name,
            applies: Applies::$applies,
            is_same: |one, other| one.$field == other.$field,
            copy: |from, to| to.$field.clone_from(&from.$field),
            shown: |settings| settings.$field.as_ref().map(Shown::shown),
        },)*]
    };
}

impl Key {
    /// Every setting, in the order of the fields of [`ServeSettings`].
    pub const ALL: &[Self] = keys! {
        "root" root Restart,
        "listen" listen Restart,
        "tls-cert" tls_cert Restart,
        "tls-key" tls_key Restart,
        "trust-proxy" trust_proxy Restart,
        "path-prefix" path_prefix Restart,
        "read-only" read_only Restart,
        "state" state Restart,
        "read-auth" read_auth Reload,
        "upstream" upstream Reload,
        "offline" offline Reload,
        "private" private Reload,
        "allow" allow Reload,
        "block" block Reload,
        "min-age" min_age Reload,
        "sumdb" sumdb Reload,
        "fetch-timeout" fetch_timeout Reload,
        "upstream-timeout" upstream_timeout Reload,
        "connect-timeout" connect_timeout Reload,
        "max-upstream-requests" max_upstream_requests Reload,
        "list-ttl" list_ttl Reload,
        "negative-ttl" negative_ttl Reload,
        "ca-file" ca_file Reload,
        "netrc" netrc Reload,
        "public-url" public_url Reload,
        "direct" direct Reload,
        "direct-vcs" direct_vcs Reload,
        "direct-timeout" direct_timeout Reload,
        "direct-jobs" direct_jobs Reload,
        "direct-disk" direct_disk Reload,
        "ssh-agent" ssh_agent Reload,
        "git-config" git_config Reload,
        "git-protocols" git_protocols Reload,
        "watch" watch Restart,
        "poll-interval" poll_interval Restart,
        "max-watches" max_watches Restart,
        "scan-interval" scan_interval Restart,
        "crawl" crawl Reload,
        "crawl-interval" crawl_interval Reload,
        "max-size" max_size Restart,
        "max-age" max_age Restart,
        "min-free" min_free Restart,
        "cache-size" cache_size Restart,
        "max-zip-size" max_zip_size Reload,
        "max-uploads" max_uploads Reload,
        "upload-timeout" upload_timeout Reload,
        "max-connections" max_connections Restart,
        "max-header-size" max_header_size Restart,
        "header-timeout" header_timeout Restart,
        "idle-timeout" idle_timeout Restart,
        "write-timeout" write_timeout Restart,
        "shutdown-timeout" shutdown_timeout Reload,
        "max-requests" max_requests Restart,
        "max-requests-per-client" max_requests_per_client Restart,
        "rate-limit" rate_limit Restart,
        "max-connections-per-client" max_connections_per_client Restart,
        "metrics-listen" metrics_listen Restart,
        "log-level" log_level Reload,
        "log-format" log_format Restart,
        "otlp-endpoint" otlp_endpoint Restart,
        "otlp-sample" otlp_sample Restart,
    };

    /// Every setting that only a restart applies.
    pub(super) fn of_restart() -> impl Iterator<Item = &'static Self> {
        let is_of_restart = |key: &&Self| key.applies == Applies::Restart;
        Self::ALL.iter().filter(is_of_restart)
    }
}

/// What may be shown to anybody. A type that can hold a password shows without it.
trait Shown {
    fn shown(&self) -> SettingValue;
}

macro_rules! shown_as_written {
    ($($type:ty),*) => {
        $(impl Shown for $type {
            fn shown(&self) -> SettingValue {
                SettingValue::One(self.to_string())
            }
        })*
    };
}

// Lists of upstreams show without their passwords.
shown_as_written!(
    bool,
    u32,
    String,
    TimeSpan,
    ByteSize,
    ListenAddress,
    RateLimit,
    Sample,
    BasePath,
    PathPatterns,
    UpstreamList,
    PublicUrl,
    LogFilter
);

impl Shown for PathBuf {
    fn shown(&self) -> SettingValue {
        SettingValue::One(self.display().to_string())
    }
}

impl Shown for Age {
    fn shown(&self) -> SettingValue {
        SettingValue::One(TimeSpan(self.0).to_string())
    }
}

impl Shown for Concealed {
    fn shown(&self) -> SettingValue {
        // One with a user and a password is no such URL: nothing of it is shown.
        let shown = self.reveal().parse::<PublicUrl>();
        SettingValue::One(match shown {
            Ok(url) => url.to_string(),
            Err(_) if self.reveal() == "off" => "off".to_owned(),
            Err(_) => "(hidden)".to_owned(),
        })
    }
}

impl Shown for WatchName {
    fn shown(&self) -> SettingValue {
        named(self)
    }
}

impl Shown for LogFormatName {
    fn shown(&self) -> SettingValue {
        named(self)
    }
}

fn named(value: &impl ValueEnum) -> SettingValue {
    let name = value.to_possible_value();
    SettingValue::One(name.map_or_else(String::new, |name| name.get_name().to_owned()))
}

impl Shown for Vec<TrustedProxy> {
    fn shown(&self) -> SettingValue {
        many(self, ToString::to_string)
    }
}

impl Shown for Vec<ListenPlace> {
    fn shown(&self) -> SettingValue {
        many(self, ToString::to_string)
    }
}

impl Shown for Vec<PathBuf> {
    fn shown(&self) -> SettingValue {
        many(self, |path| path.display().to_string())
    }
}

impl Shown for Vec<Rule> {
    fn shown(&self) -> SettingValue {
        many(self, ToString::to_string)
    }
}

impl Shown for Vec<MinAgeText> {
    fn shown(&self) -> SettingValue {
        many(self, |MinAgeText(rule)| {
            let age = TimeSpan(rule.age);
            match &rule.modules {
                Some(modules) => format!("{modules}={age}"),
                None => age.to_string(),
            }
        })
    }
}

impl Shown for Vec<DatabaseSetting> {
    fn shown(&self) -> SettingValue {
        many(self, |setting| match setting {
            DatabaseSetting::Off => "off".to_owned(),
            DatabaseSetting::Database(database) => match database.url() {
                // Without a password.
                Some(url) => format!("{} {url}", database.key()),
                None => database.key().to_string(),
            },
        })
    }
}

fn many<T>(values: &[T], shown: impl Fn(&T) -> String) -> SettingValue {
    SettingValue::Many(values.iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, Command};

    #[test]
    fn the_table_has_every_setting() {
        let command = ServeSettings::augment_args(Command::new("keys"));
        let flags = command
            .get_arguments()
            .filter_map(|argument| Some((argument.get_long()?, argument.get_id().as_str())));
        for (flag, field) in flags {
            assert_eq!(flag, field.replace('_', "-"));
            let rows = Key::ALL.iter().filter(|key| key.name == flag).count();
            assert_eq!(rows, 1, "{flag}: a row in the table, here");
        }
        let flags = command.get_arguments().count();
        assert_eq!(Key::ALL.len(), flags);
    }

    #[test]
    fn each_row_is_about_its_field() {
        let file = r#"
            root = "a"
            listen = "127.0.0.1:1"
            tls-cert = "a"
            tls-key = "a"
            trust-proxy = "10.0.0.1"
            path-prefix = "/a"
            read-only = true
            state = "a"
            read-auth = true
            upstream = "https://a.example"
            offline = true
            private = "a.example"
            allow = "a.example"
            block = "a.example"
            min-age = "7d"
            sumdb = "off"
            fetch-timeout = "9s"
            upstream-timeout = "9s"
            connect-timeout = "9s"
            max-upstream-requests = 9
            list-ttl = "9s"
            negative-ttl = "9s"
            ca-file = "a"
            netrc = "a"
            public-url = "https://a.example"
            direct = "a.example"
            direct-vcs = "a"
            direct-timeout = "9s"
            direct-jobs = 9
            direct-disk = 9
            ssh-agent = "a"
            git-config = "a"
            git-protocols = "a"
            watch = "off"
            poll-interval = "9s"
            max-watches = 9
            scan-interval = "9s"
            crawl = ["a"]
            crawl-interval = "9s"
            max-size = 9
            max-age = "9d"
            min-free = 9
            cache-size = 9
            max-zip-size = 9
            max-uploads = 9
            upload-timeout = "9s"
            max-connections = 9
            max-header-size = 9
            header-timeout = "9s"
            idle-timeout = "9s"
            write-timeout = "9s"
            shutdown-timeout = "9s"
            max-requests = 9
            max-requests-per-client = 9
            rate-limit = "9/s"
            max-connections-per-client = 9
            metrics-listen = "127.0.0.1:1"
            log-level = "warn"
            log-format = "json"
            otlp-endpoint = "http://127.0.0.1:4318"
            otlp-sample = 0.5
        "#;
        let nothing = ServeSettings::default();
        for key in Key::ALL {
            let is_of_key = |line: &&str| {
                let name = line.split(" = ").next();
                name.is_some_and(|name| name.trim() == key.name)
            };
            let line = file.lines().find(is_of_key);
            let line = line.unwrap_or_else(|| panic!("no line for {}", key.name));
            let settings: ServeSettings = toml::from_str(line).unwrap();
            assert_eq!((key.shown)(&nothing), None);
            assert!((key.shown)(&settings).is_some(), "{line}");
            assert!(!(key.is_same)(&settings, &nothing), "{line}");
            let mut copy = ServeSettings::default();
            (key.copy)(&settings, &mut copy);
            assert_eq!(copy, settings, "{line}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let key = crate::sumdb::testing::TestKey::new("a.b").verifier_key();
        let file = format!(
            "upstream = \"https://me:s3cret@a.example,direct\"\nsumdb = [\"{key} https://me:s3cret@b.example\"]\n"
        );
        let settings: ServeSettings = toml::from_str(&file).unwrap();
        let shown: Vec<SettingValue> = Key::ALL
            .iter()
            .filter_map(|key| (key.shown)(&settings))
            .collect();
        let text = format!("{shown:?}");
        assert!(
            text.contains("a.example") && text.contains("b.example"),
            "{text}"
        );
        assert!(!text.contains("s3cret"), "{text}");
    }
}
