use super::machine::Machine;
use super::page::Page;
use super::{Missing, certificate};
use crate::support::carrier::is_verified;
use crate::support::tools::eventually;

pub(super) fn perform(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    std::fs::create_dir_all(machine.path("srv/modules")).unwrap();
    machine.run("athens serve --root /srv/modules --state /var/lib/athens/state");
    machine.write("lib/go.mod", "module corp.example/lib\n");
    let state = "--state /var/lib/athens/state";
    machine.run(&format!("athens publish lib --version v1.0.0 {state}"));

    machine.run(&page.take("athens health"));
    certificate_near_its_end(page)?;
    machine.run(&page.take("df -h"));
    damaged(page, &mut machine);
    torn_journal(page, &mut machine);
    configuration(page, &mut machine);
    leaked_token(page, &mut machine);

    machine.run(&page.take("cp -a /srv/modules backup"));
    assert!(machine.home("backup-of-state/tokens.json").exists());
    machine.run(&page.take("cp -a backup restored"));
    is_verified(&machine.home("restored"));
    machine.run(&page.take("athens serve --config /etc/athens.toml --check-config"));
    Ok(())
}

/// The certificates of tests are good for two days.
fn certificate_near_its_end(page: &mut Page) -> Result<(), Missing> {
    let certificate = certificate()?;
    let mut machine = Machine::alone();
    machine.certify(&certificate, "cert.pem", "key.pem");
    machine.run("athens serve --tls-cert cert.pem --tls-key key.pem");
    assert_eq!(machine.fail(&page.take("athens doctor")), "false\n");
    Ok(())
}

/// A published zip is torn: it is found, moved away, and comes back by publishing it again.
fn damaged(page: &mut Page, machine: &mut Machine) {
    let block = page.take("athens verify");
    let [look, mend, look_again] = block.lines().collect::<Vec<_>>().try_into().unwrap();
    let zip = machine.path("srv/modules/corp.example/lib/@v/v1.0.0.zip");
    std::fs::write(&zip, b"PK").unwrap();
    // What has just changed may be a copy under way.
    eventually("the zip is found torn", || {
        machine.fails(look).then_some(())
    });
    machine.fail(mend);
    machine.run(look_again);
    assert!(!zip.exists());
    machine.run("athens publish lib --version v1.0.0 --state /var/lib/athens/state");
    assert!(zip.exists());
}

fn torn_journal(page: &mut Page, machine: &mut Machine) {
    let file = machine.path("srv/modules/.athens/journal.jsonl");
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 20]).unwrap();
    let make_room = "athens gc --root /srv/modules --max-size 100GB";
    machine.fail(make_room);
    machine.run(&page.take("athens reindex"));
    machine.run(make_room);
}

fn configuration(page: &mut Page, machine: &mut Machine) {
    let write = |text: &str| std::fs::write(machine.path("etc/athens.toml"), text).unwrap();
    write("upstream = \"off\"\n");
    machine.run(&page.take("athens serve --config /etc/athens.toml --check-config"));
    machine.run(
        "athens serve --config /etc/athens.toml --root /srv/modules --state /var/lib/athens/state",
    );
    std::fs::write(
        machine.path("etc/athens.toml"),
        "upstream = \"http://127.0.0.1:9\"\n",
    )
    .unwrap();
    machine.run(&page.take("kill -HUP"));
    eventually("the server asks somebody else", || {
        let said = machine.server().stderr();
        said.contains("changed upstream").then_some(())
    });
}

fn leaked_token(page: &mut Page, machine: &mut Machine) {
    machine.set("ATHENS_STATE", "/var/lib/athens/state");
    let stolen = machine.token("--name ci --allow publish --modules 'corp.example/*'");
    let publish = format!("ATHENS_TOKEN={stolen} athens publish lib --version v1.0.1");
    machine.run(&publish);
    let said = machine.run(&page.take("athens token list"));
    assert!(
        said.ends_with("publish corp.example/lib@v1.0.1\n"),
        "{said}"
    );
    let token = machine.token("--name admin --allow delete --modules 'corp.example/*'");
    machine.set("TOKEN", &token);
    machine.run(&page.take("curl -X DELETE"));
    let zip = machine.path("srv/modules/corp.example/lib/@v/v1.0.1.zip");
    assert!(!zip.exists());
}
