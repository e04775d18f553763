//! What the operator wants: flags, environment and a TOML file, read once and turned into checked values.
//!
//! Two stages, two structs. [`ServeSettings`] is what was *typed*: every field optional, the same names for a flag
//! (`--listen`), a variable (`ATHENS_LISTEN`) and a key of the file (`listen`). [`ServeConfig`] is what was *meant*:
//! defaults filled in, limits checked, ready to be used; the rest of the program sees only that one.
//!
//! A flag is stronger than the environment, the environment than the file, the file than the default.
//!
//! The environment is read in two places only, both reached from here and from the command-line parser: clap reads
//! the `ATHENS_…` variables that belong to flags (and `NO_COLOR`, for its own messages), and [`environment`] looks
//! which of them are blank, which of another proxy are set, whether `NO_COLOR` is set, where a user's state, configuration
//! and `.netrc` are, what `ATHENS_TOKEN` is, which settings of the go command are variables, which proxies `athens
//! doctor` is to speak of, whether sockets were passed on, and what the variables of OpenTelemetry say. Nothing else in the
//! program reads a variable; libraries read `TMPDIR`, what a service manager says (`NOTIFY_SOCKET`, `WATCHDOG_USEC`,
//! `LISTEN_FDS`), and of a client the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.

mod athens_proxy;
mod client;
mod concealing;
pub mod environment;
mod fetch;
mod file;
mod go_env;
mod housekeeping;
mod keys;
mod listen;
mod loaded;
mod min_age;
mod overload;
mod serve;
mod settings;
mod state;
mod tracing;
mod units;
mod upstream;

pub use athens_proxy::{ATHENS_PROXY_VARIABLES, athens_proxy_variables_set};
pub use client::{Concealed, configuration_directory, netrc_file, program_name, token_variable};
pub use fetch::FetchSettings;
pub use file::ConfigFileError;
pub use go_env::GoEnvironment;
pub use housekeeping::Age;
pub use keys::{Applies, Key, SettingValue};
pub use listen::{ListenAddress, ListenPlace};
pub use loaded::{EffectiveSetting, LoadedConfig, Provenance, Reread};
pub use min_age::MinAgeText;
pub use serve::{ConfigError, ServeConfig};
pub use settings::{LogFormatName, ServeSettings, WatchName};
pub use state::{NoStateDirectory, state_directory};
pub use units::{ByteSize, InvalidByteSize, InvalidTimeSpan, TimeSpan};
pub use upstream::Said;
