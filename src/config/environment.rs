//! What is asked of the environment besides clap's own reading of `ATHENS_…`.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use crate::module::Platform;

/// Whether a variable is set to nothing.
///
/// Container files and unit files have no way to unset a variable, only to leave it empty: an empty one counts as
/// not set, for every `ATHENS_…` variable.
#[must_use]
pub fn is_blank(variable: &OsStr) -> bool {
    std::env::var_os(variable).is_some_and(|value| value.is_empty())
}

/// Whether a variable is set, and not to nothing.
pub(super) fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Whether who started this process has passed sockets on to it (`sd_listen_fds(3)`).
#[must_use]
pub fn sockets_are_passed_on() -> bool {
    text("LISTEN_PID").is_some_and(|pid| pid == std::process::id().to_string())
        && is_set("LISTEN_FDS")
}

/// Whether the person wants no colours: `NO_COLOR` is set and not empty.
#[must_use]
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The settings of the go command that are variables of this process, by their names: `go env -w` has no effect on them.
#[must_use]
pub fn exported_go_settings() -> BTreeSet<String> {
    std::env::vars_os()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("GO"))
        .collect()
}

/// The variables that say through which proxies the network is reached, and what they say.
#[must_use]
pub fn network_proxies() -> Vec<(String, String)> {
    of_network()
        .into_iter()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .filter(|(name, value)| name.to_ascii_uppercase().ends_with("_PROXY") && !value.is_empty())
        .collect()
}

/// The platform of this machine, as Go names it; `None` if Go does not run there.
#[must_use]
pub fn this_platform() -> Option<Platform> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let architecture = match std::env::consts::ARCH {
        "x86" => "386",
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        architecture => architecture,
    };
    format!("{os}-{architecture}").parse().ok()
}

/// The text of a variable; nothing is `None`, as is what is empty or no UTF-8.
pub(super) fn text(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// The path in a variable; nothing is `None`, as is what is empty.
pub(super) fn path(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable)?;
    (!value.is_empty()).then(|| value.into())
}

/// The directories in which programs are looked for.
pub(super) fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .collect()
}

/// What says how the network is reached: proxies, and which certificates are believed.
pub(super) fn of_network() -> Vec<(OsString, OsString)> {
    const NAMES: [&str; 10] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];
    NAMES
        .into_iter()
        .filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
        .collect()
}

/// The user's home directory.
pub(super) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

/// What the environment says about where a program keeps its state; nothing is `None`, as is what is empty.
#[derive(Clone, Debug)]
pub(super) struct StateVariables {
    /// `STATE_DIRECTORY`: one directory, or several with colons.
    pub(super) state_directory: Option<OsString>,
    /// `XDG_STATE_HOME`.
    pub(super) xdg_state_home: Option<OsString>,
    /// The user's home directory.
    pub(super) home: Option<PathBuf>,
}

impl StateVariables {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            state_directory: variable("STATE_DIRECTORY"),
            xdg_state_home: variable("XDG_STATE_HOME"),
            home: std::env::home_dir(),
        }
    }
}
