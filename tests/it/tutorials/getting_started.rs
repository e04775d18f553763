use super::machine::Machine;
use super::page::Page;
use super::{Missing, certificate, with_network};
use crate::support::carrier::{is_verified, journal};
use crate::support::repo::Repo;
use crate::support::tools::copy_tree;
use crate::support::upstream::Upstream;

/// What the program of the pages says.
const SAID: &str = "Don't communicate by sharing memory, share memory by communicating.\n";

pub(super) fn perform(page: &mut Page) -> Result<(), Missing> {
    private_modules(page)?;
    cache_for_ci(page)?;
    site_without_network(page)
}

fn private_modules(page: &mut Page) -> Result<(), Missing> {
    let certificate = certificate()?;
    let mut machine = with_network()?;
    machine.run(&page.take("mkdir -p ~/modules\nathens serve"));
    machine.run(&page.take("mkdir -p ~/greeting"));
    let said = machine.run(&page.take("mkdir -p ~/app"));
    assert!(said.ends_with("Hello, world\n"), "{said}");

    machine.certify(&certificate, "cert.pem", "key.pem");
    machine.run(&page.take("athens serve --root ~/modules --read-auth"));
    machine.run(&page.take("cd ~\nathens token create"));

    let mut other = Machine::new(&[("GOPROXY", "off")]);
    other.trust(&certificate);
    other.reach(&machine);
    std::fs::copy(
        machine.home("developers.token"),
        other.home("developers.token"),
    )
    .unwrap();
    other.run(&page.take("athens login"));
    let downloaded = "go/pkg/mod/cache/download/corp.example/greeting/@v/v1.0.0.zip";
    assert!(other.home(downloaded).exists());
    let said = other.run(&page.take("athens doctor"));
    assert!(
        said.contains("go mod download corp.example/greeting@v1.0.0 works"),
        "{said}"
    );

    let mut job = Machine::alone();
    job.trust(&certificate);
    job.reach(&machine);
    let checkout = Repo::new(&job.home("greeting"));
    checkout.go_mod("go.mod", "corp.example/greeting", "");
    checkout.commit().tag("v1.1.0");
    let token = std::fs::read_to_string(machine.home("ci.token")).unwrap();
    job.set("ATHENS_TOKEN", token.trim());
    job.run("cd greeting");
    job.run(&page.take("athens publish"));

    let root = machine.home("modules");
    is_verified(&root);
    let versions = ["v1.0.0", "v1.1.0"];
    let published = versions.map(|version| format!("publish corp.example/greeting@{version}"));
    assert_eq!(journal(&root), published);
    Ok(())
}

fn cache_for_ci(page: &mut Page) -> Result<(), Missing> {
    let mut machine = with_network()?;
    machine.run(&page.take("mkdir -p ~/modules"));
    let said = machine.run(&page.take("export GOPROXY"));
    assert_eq!(said, SAID);
    let root = machine.home("modules");
    let fetched = "fetch rsc.io/quote/v3@v3.1.0".to_owned();
    assert!(journal(&root).contains(&fetched));
    let said = machine.run(&page.take("athens list"));
    assert!(said.contains("rsc.io/quote/v3"), "{said}");
    machine.run(&page.take("athens fetch"));
    machine.run(&page.take("athens serve --root ~/modules --offline"));
    machine.set("HTTPS_PROXY", &Upstream::refusing());
    let said = machine.run(&page.take("GOMODCACHE="));
    assert_eq!(said, SAID);
    is_verified(&root);
    Ok(())
}

fn site_without_network(page: &mut Page) -> Result<(), Missing> {
    let mut outside = with_network()?;
    outside.run(&page.take("mkdir -p ~/project"));
    outside.run(&page.take("mkdir -p ~/outside"));

    // With the same go command, which knows the same checksum database, and reaches nobody.
    let mut inside = with_network()?;
    inside.run("go env -w GOPROXY=off");
    inside.set("HTTPS_PROXY", &Upstream::refusing());
    std::fs::copy(outside.home("bundle.tar"), inside.home("bundle.tar")).unwrap();
    copy_tree(&outside.home("project"), &inside.home("project"));
    inside.run(&page.take("mkdir -p ~/inside"));
    inside.run(&page.take("athens serve --root ~/inside --offline"));
    let said = inside.run(&page.take("export GOPROXY"));
    assert!(said.starts_with(SAID), "{said}");
    assert!(said.contains("rsc.io/quote/v3 v3.1.0 h1:"), "{said}");
    drop(outside);
    is_verified(&inside.home("inside"));
    Ok(())
}
