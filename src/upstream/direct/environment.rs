//! The environment of a job: made from nothing, so that nothing of the server's own gets into it.

use std::ffi::{OsStr, OsString};

use super::scratch::JobDirectory;
use super::settings::DirectSettings;
use super::tools::Tools;

/// Configuration of git that wins over every file: nothing stays behind in the background (it would leave the process
/// group), nothing but what was asked for is fetched, and no hook of a template is run.
const GIT_CONFIG: [(&str, &str); 7] = [
    ("gc.auto", "0"),
    ("gc.autoDetach", "false"),
    ("maintenance.auto", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
];

/// All variables of a job, and no others. See `go help environment` and git's own manual.
///
/// Checksums are not looked up here (`GOSUMDB=off`): whoever asked does so, for whatever way a module came.
pub(super) fn environment(
    settings: &DirectSettings,
    tools: &Tools,
    directory: &JobDirectory,
) -> Vec<(OsString, OsString)> {
    let mut variables = settings.variables.clone();
    let mut set = |name: &str, value: &OsStr| variables.push((name.into(), value.to_owned()));
    for (name, value) in [
        ("PATH", tools.path.as_os_str()),
        ("HOME", directory.home().as_os_str()),
        ("TMPDIR", directory.temporary().as_os_str()),
        ("GOTMPDIR", directory.temporary().as_os_str()),
        ("GOPATH", directory.gopath().as_os_str()),
        ("GOMODCACHE", directory.module_cache().as_os_str()),
        ("GOCACHE", directory.build_cache().as_os_str()),
        ("GOVCS", settings.vcs.as_ref()),
        ("GIT_ALLOW_PROTOCOL", settings.git_protocols.as_ref()),
    ] {
        set(name, value);
    }
    for (name, value) in [
        // Messages are sorted by their words.
        ("LC_ALL", "C"),
        ("GO111MODULE", "on"),
        ("GOENV", "off"),
        // What comes out must be removable.
        ("GOFLAGS", "-modcacherw"),
        ("GOPROXY", "direct"),
        ("GONOPROXY", ""),
        // It would widen the default of GOVCS to every program.
        ("GOPRIVATE", ""),
        ("GOINSECURE", ""),
        ("GOSUMDB", "off"),
        ("GONOSUMDB", ""),
        // Else a go.mod could name a toolchain to be downloaded and run.
        ("GOTOOLCHAIN", "local"),
        ("GOWORK", "off"),
        ("CGO_ENABLED", "0"),
        // Nobody is there to answer.
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GCM_INTERACTIVE", "never"),
        (
            "GIT_SSH_COMMAND",
            "ssh -oBatchMode=yes -oControlMaster=no -oControlPath=none",
        ),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_ATTR_NOSYSTEM", "1"),
    ] {
        set(name, value.as_ref());
    }
    set(
        "GIT_CONFIG_GLOBAL",
        match &settings.git_config {
            Some(file) => file.as_os_str(),
            None => OsStr::new("/dev/null"),
        },
    );
    set("GIT_CONFIG_COUNT", GIT_CONFIG.len().to_string().as_ref());
    for (number, (key, value)) in GIT_CONFIG.iter().enumerate() {
        set(&format!("GIT_CONFIG_KEY_{number}"), key.as_ref());
        set(&format!("GIT_CONFIG_VALUE_{number}"), value.as_ref());
    }
    match &settings.netrc {
        Some(file) => {
            set("GOAUTH", "netrc".as_ref());
            set("NETRC", file.as_os_str());
        }
        None => set("GOAUTH", "off".as_ref()),
    }
    if let Some(socket) = &settings.ssh_agent {
        set("SSH_AUTH_SOCK", socket.as_os_str());
    }
    variables
}
