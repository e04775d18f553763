use super::machine::Machine;
use super::page::Page;
use super::{Missing, certificate};
use crate::support::tools::eventually;

const LIB: &str = "corp.example/lib@v1.2.0";

pub(super) fn clients(page: &mut Page) -> Result<(), Missing> {
    let certificate = certificate()?;
    let mut machine = Machine::alone();
    machine.fill("storage-root", &[LIB]);
    machine.certify(&certificate, "cert.pem", "key.pem");
    machine.run("athens serve --read-auth --tls-cert cert.pem --tls-key key.pem");
    let token = machine.token("--name dev --modules 'corp.example/*'");
    machine.run("go mod init example.com/client");
    // Where nobody can be asked.
    machine.set("ATHENS_TOKEN", &token);
    machine.run(&page.take("athens login"));
    let downloaded = "go/pkg/mod/cache/download/corp.example/lib/@v/v1.2.0.zip";
    assert!(machine.home(downloaded).exists());

    machine.run("unset ATHENS_TOKEN; athens logout https://goproxy.corp.example");
    machine.write("token", token);
    machine.set("TOKEN_FILE", "token");
    machine.run(&page.take("athens login"));
    machine.run("go env -w GOPRIVATE=corp.example");
    let said = machine.fail(&page.take("athens doctor"));
    for part in [
        "error    GOPRIVATE=corp.example covers",
        "go env -w GONOPROXY=none",
    ] {
        assert!(said.contains(part), "{said}");
    }
    Ok(())
}

pub(super) fn deployment(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    page.pass_over(
        "cargo build --release",
        "it needs root, an account and systemd; tests/it/deployed reads the units",
    );
    let said = machine.run(&page.take("runuser -u athens -- athens token create"));
    assert!(said.starts_with("athens_"));
    page.pass_over("docker build", "it needs Docker");
    page.pass_over(
        "ATHENS_UPSTREAM=\"$(go env GOPROXY)\" docker",
        "it needs Docker",
    );
    page.pass_over("kubectl", "it needs a cluster");
    page.pass_over(
        "athens serve --listen 127.0.0.1:3000 --trust-proxy",
        "caddy would ask for a real certificate; tests/it/deployed runs it with its own",
    );
    Ok(())
}

pub(super) fn feeds(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    machine.run("athens serve");
    machine.write("lib/go.mod", "module corp.example/lib\n");
    machine.run("athens publish lib --version v1.2.0");
    // It would go on for ever; tests/it/feeds follows.
    let said = machine.run(&page.take("curl").replace(" --follow", ""));
    assert!(said.contains("\"corp.example/lib\""), "{said}");
    let said = machine.run(&page.take("token="));
    assert_eq!(said, format!("{LIB}\n"));
    let said = machine.run(&page.take("athens log -n 3"));
    assert!(said.contains(LIB), "{said}");
    Ok(())
}

pub(super) fn http(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    machine.run("athens serve");
    let token = machine.token("--name ci --allow publish --modules 'corp.example/*'");
    machine.set("TOKEN", &token);
    machine.write("m/go.mod", "module corp.example/m\n");
    machine.run("athens publish m --version v1.0.0 --output m.zip");
    machine.run(&page.take("curl -T m.zip"));
    assert!(
        machine
            .home("storage-root/corp.example/m/@v/v1.0.0.zip")
            .exists()
    );
    Ok(())
}

pub(super) fn listening(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    machine.certify(
        &certificate()?,
        "/etc/athens/cert.pem",
        "/etc/athens/key.pem",
    );
    machine.run(&page.take("athens serve --listen 0.0.0.0:443"));
    assert!(machine.server().url().starts_with("https:"));
    machine.run(&page.take("athens serve --listen 127.0.0.1:3000"));
    Ok(())
}

pub(super) fn logging(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    machine.run(&page.take("athens serve --otlp-endpoint"));
    Ok(())
}

pub(super) fn reload(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    for name in ["etc/athens.toml", "home/athens.toml"] {
        std::fs::write(machine.path(name), "max-uploads = 3\n").unwrap();
    }
    machine.run("athens serve --config /etc/athens.toml");
    std::fs::write(machine.path("etc/athens.toml"), "max-uploads = 4\n").unwrap();
    machine.run(&page.take("athens serve --config /etc/athens.toml --check-config"));
    eventually("the server has read its file again", || {
        let said = machine.server().stderr();
        said.contains("changed max-uploads").then_some(())
    });
    let said = machine.run(&page.take("athens serve --config athens.toml --list-ttl 9s"));
    assert!(said.contains("--list-ttl"), "{said}");
    Ok(())
}

pub(super) fn tokens(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    let said = machine.run(&page.take("athens token create"));
    assert!(said.contains("corp.example/*"), "{said}");
    machine.run(&page.take("sudo athens token create"));
    assert!(machine.path("var/lib/athens/tokens.json").exists());
    Ok(())
}
