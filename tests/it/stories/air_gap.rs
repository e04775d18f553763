//! What a project needs, its toolchain too, is carried to a place without a network, and is built and verified there.

use std::path::Path;

use tempfile::TempDir;

use super::{Machine, go_env, serve};
use crate::support::carrier::{is_verified, run};
use crate::support::corpus::corpus;
use crate::support::go::{clients, installed};
use crate::support::server::athens;

/// What a server may take while it fetches and streams a toolchain of 70 to 130 MB.
const LIMIT_KIB: u64 = 64 << 10;

/// A toolchain that this machine does not have, and the setting with which its go command switches to it.
fn other_toolchain() -> Option<(String, String)> {
    let here = installed()?.version;
    let newest = clients(corpus()?)?.pop()?.version;
    Some(match newest == here {
        false => (newest, "auto".to_owned()),
        // The newest there is: an older one must be asked for by name.
        true => ("1.21.13".to_owned(), "go1.21.13".to_owned()),
    })
}

fn fetch_from(root: &Path, go_sum: &Path) {
    let mut command = athens();
    let output = command
        .args(["fetch", "--json", "--root"])
        .arg(root)
        .arg("--from")
        .arg(go_sum)
        .env_remove("ATHENS_UPSTREAM")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_project_and_its_toolchain_are_carried_to_a_place_without_network() {
    let (here, there) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = serve(here.path(), &[]);
    let Some(online) = Machine::new(&server.url()) else {
        return;
    };
    let Some((version, setting)) = other_toolchain() else {
        return;
    };
    let go_mod = format!("{}\ntoolchain go{version}\n", online.read("go.mod"));
    online.write("go.mod", &go_mod);

    // The go command switches through us, and verifies what it gets.
    let said = online.go(&setting, &["version"]);
    assert!(said.contains(&format!("go{version} ")), "{said}");
    let peak = server.peak_rss_kib();
    println!("the server took {peak} KiB at the most");
    assert!(peak < LIMIT_KIB, "{peak} KiB");

    // Beside the running server.
    fetch_from(here.path(), &online.project("go.sum"));
    let carried = TempDir::new().unwrap();
    let bundle = |name: &str| carried.path().join(name).to_str().unwrap().to_owned();
    let (modules, toolchain) = (bundle("modules.tar"), bundle("toolchain.tar"));
    let platform = format!(
        "{}-{}",
        go_env(&online.go, "GOOS"),
        go_env(&online.go, "GOARCH")
    );
    let module = format!("golang.org/toolchain@v0.0.1-go{version}.{platform}");
    let go_sum = online.project("go.sum");
    for arguments in [
        ["export", "--from", go_sum.to_str().unwrap(), "-o", &modules].as_slice(),
        &["export", &module, "-o", &toolchain],
    ] {
        let told = run(here.path(), arguments);
        assert_eq!(told.code, 0, "{told:?}");
    }
    drop(server);
    for bundle in [&modules, &toolchain] {
        let told = run(there.path(), &["import", bundle]);
        assert_eq!(told.code, 0, "{told:?}");
    }
    is_verified(there.path());

    let server = serve(there.path(), &["--offline"]);
    let offline = Machine::new(&server.url()).unwrap();
    offline.write("go.mod", &go_mod);
    // Without the sums of the project, the checksum database alone has them.
    let sums = offline.read("go.sum");
    offline.write("go.sum", "");
    let said = offline.go(&setting, &["version"]);
    assert!(said.contains(&format!("go{version} ")), "{said}");
    let said = offline.build_and_run(&setting);
    assert!(!said.is_empty());
    for line in offline.read("go.sum").lines() {
        assert!(sums.contains(line), "{line}");
    }
}
