//! What jobs are told by their environment, and what they are not.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Writes what a script's environment is to a file; `_` and the like are the shell's own.
const DUMP: &str = "env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL=";

fn variables(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test]
async fn the_go_command_is_told_this_and_nothing_else() {
    let Some(mut lab) = Lab::new() else { return };
    let dump = lab.directory.path().join("dump");
    let netrc = lab.directory.path().join("netrc");
    std::fs::write(&netrc, "machine a.b login me password s3cret").unwrap();
    lab.fake_go(&format!(
        "{DUMP} >'{0}'; cat \"$HOME/.netrc\" >'{0}.netrc'; ls -A . >'{0}.work'; \
         cat \"$HOME/.config/go/telemetry/mode\" >'{0}.telemetry'; stat -c %a \"$HOME/..\" >'{0}.mode'; exit 1",
        dump.display()
    ));
    lab.settings.netrc = Some(netrc.clone());
    lab.settings.ssh_agent = Some("/run/agent".into());
    lab.settings.vcs = "github.com:git,*:off".to_owned();
    // The server's own win.
    lab.settings
        .variables
        .push(("GOPROXY".into(), "https://a.b".into()));
    list(&lab.go(), &module("m")).await.unwrap_err();

    let mut told = variables(&dump);
    let path = told.remove("PATH").unwrap();
    assert!(!path.is_empty() && path.split(':').all(|directory| directory.starts_with('/')));
    let home = told.remove("HOME").unwrap();
    let job = home.strip_suffix("/home").unwrap().to_owned();
    assert!(job.starts_with(lab.scratch().to_str().unwrap()), "{job}");
    for (name, place) in [
        ("TMPDIR", "tmp"),
        ("GOTMPDIR", "tmp"),
        ("GOPATH", "go"),
        ("GOMODCACHE", "mod"),
        ("GOCACHE", "build"),
    ] {
        assert_eq!(told.remove(name), Some(format!("{job}/{place}")), "{name}");
    }
    for number in 0..7 {
        let key = told.remove(&format!("GIT_CONFIG_KEY_{number}"));
        assert!(key.is_some() && told.remove(&format!("GIT_CONFIG_VALUE_{number}")).is_some());
    }
    let git_config = lab.settings.git_config.clone().unwrap();
    let expected = [
        ("CGO_ENABLED", "0"),
        ("GCM_INTERACTIVE", "never"),
        ("GIT_ALLOW_PROTOCOL", "https:ssh:file:http"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_CONFIG_COUNT", "7"),
        ("GIT_CONFIG_GLOBAL", git_config.to_str().unwrap()),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        (
            "GIT_SSH_COMMAND",
            "ssh -oBatchMode=yes -oControlMaster=no -oControlPath=none",
        ),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GO111MODULE", "on"),
        ("GOAUTH", "netrc"),
        ("GOENV", "off"),
        ("GOFLAGS", "-modcacherw"),
        ("GOINSECURE", ""),
        ("GONOPROXY", ""),
        ("GONOSUMDB", ""),
        ("GOPRIVATE", ""),
        ("GOPROXY", "direct"),
        ("GOSUMDB", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOVCS", "github.com:git,*:off"),
        ("GOWORK", "off"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("LC_ALL", "C"),
        ("NETRC", netrc.to_str().unwrap()),
        ("SSH_AUTH_SOCK", "/run/agent"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(told, BTreeMap::from(expected));
    // The test is started by cargo, whose variables would be there if anything were inherited.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());

    let side = |what: &str| std::fs::read_to_string(format!("{}.{what}", dump.display())).unwrap();
    assert_eq!(side("netrc"), "machine a.b login me password s3cret");
    assert_eq!(
        (side("work").as_str(), side("telemetry").as_str()),
        ("", "off")
    );
    assert_eq!(side("mode"), "700\n");
    let mode = std::fs::metadata(lab.scratch())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// The real go command, with a git that says what it was told.
#[tokio::test]
async fn git_is_told_no_more() {
    let Some(mut lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "")
        .commit()
        .tag("v1.0.0");
    let dump = lab.directory.path().join("dump");
    let real = require_tool("git").unwrap();
    let git = lab.script(
        "git",
        &format!(
            "{DUMP} >'{}'\nexec '{}' \"$@\"",
            dump.display(),
            real.display()
        ),
    );
    lab.settings
        .search
        .insert(0, git.parent().unwrap().to_owned());
    let of = version(&format!("{path}@v1.0.0"));
    files(&lab.go(), &of).await.unwrap();

    let told = variables(&dump);
    for (name, value) in [
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_ALLOW_PROTOCOL", "https:ssh:file:http"),
        ("GOAUTH", "off"),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}");
    }
    let strange: Vec<_> = told
        .keys()
        .filter(|name| {
            ["ATHENS", "CARGO", "RUST", "NETRC", "SSH"]
                .iter()
                .any(|start| name.starts_with(start))
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}
