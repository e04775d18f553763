use super::machine::Machine;
use super::page::Page;
use super::{Missing, certificate};
use crate::support::carrier::{is_verified, journal};
use crate::support::repo::Repo;
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};

pub(super) fn carrying(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    let [cached, here, there] =
        ["cached", "here", "there"].map(|name| format!("example.com/{name}@v1.0.0"));
    machine.fill("go/pkg/mod/cache/download", &[&cached]);
    machine.fill("/mnt/old-root", &[&here]);
    machine.fill("other", &[&there]);
    std::fs::create_dir_all(machine.path("srv/modules")).unwrap();
    machine.run("athens export --root other '*' -o bundle.tar");
    // What a project builds with.
    machine.run(&format!(
        "go mod init example.com/project && GOMODCACHE=~/elsewhere GOPROXY=file:///mnt/old-root go get {here}"
    ));
    let checkout = Repo::new(&machine.home("go/src/corp.example/lib"));
    checkout.go_mod("go.mod", "corp.example/lib", "");
    checkout.commit().tag("v1.0.0");

    machine.run(&page.take("athens import "));
    let mut noted = journal(&machine.home("storage-root"));
    noted.sort();
    let owned = [&here, &there].map(|text| format!("adopt {text}"));
    let imported = format!("import {cached}");
    assert_eq!(
        noted,
        [&owned[..], std::slice::from_ref(&imported)].concat()
    );
    let mut noted = journal(&machine.path("srv/modules"));
    noted.sort();
    assert_eq!(
        noted,
        ["adopt corp.example/lib@v1.0.0".to_owned(), imported]
    );
    Ok(())
}

pub(super) fn housekeeping(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    machine.run(&page.take("athens serve --max-size 200GB"));
    Ok(())
}

pub(super) fn publishing(page: &mut Page) -> Result<(), Missing> {
    let certificate = certificate()?;
    let mut machine = Machine::alone();
    let checkout = Repo::new(&machine.home("checkout"));
    checkout.go_mod("go.mod", "corp.example/m", "");
    checkout.go_mod("testmodule/go.mod", "example.com/testmodule", "");
    checkout.write(".gitignore", "m.zip\n");
    checkout.commit().tag("v1.0.0");
    machine.run("athens serve\ncd checkout");
    machine.run(&page.take("athens publish ./testmodule"));
    let root = machine.home("storage-root");
    let published = ["example.com/testmodule", "corp.example/m"]
        .map(|module| format!("publish {module}@v1.0.0"));
    assert_eq!(journal(&root), published);

    machine.certify(&certificate, "cert.pem", "key.pem");
    machine.run("athens serve --tls-cert cert.pem --tls-key key.pem");
    let token = machine.token("--name ci --allow publish --modules 'corp.example/*'");
    machine.set("ATHENS_TOKEN", &token);
    let said = machine.run(&page.take("export ATHENS_SERVER"));
    assert!(said.starts_with("{\"Path\":\"corp.example/m\""), "{said}");
    machine.run(&page.take("curl -T m.zip"));
    assert_eq!(journal(&root), published);
    Ok(())
}

pub(super) fn static_servers(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    let root = machine.path("srv/modules");
    machine.fill("/srv/modules", &["example.com/m@v1.0.0"]);
    machine.run(&page.take("athens reindex"));
    assert!(root.join("example.com/m/@v/list").exists());
    machine.write(
        "go.mod",
        "module example.com/client\n\ngo 1.21\n\nrequire example.com/m v1.0.0\n",
    );
    machine.run(&page.take("GOPROXY=file:"));
    let downloaded = "go/pkg/mod/cache/download/example.com/m/@v/v1.0.0.zip";
    assert!(machine.home(downloaded).exists());
    Ok(())
}

pub(super) fn upstreams(page: &mut Page) -> Result<(), Missing> {
    let tree = Tree::new();
    for text in [
        "example.com/m@v1.0.0",
        "rsc.io/quote@v1.5.2",
        "golang.org/x/text@v0.31.0",
        "golang.org/toolchain@v0.0.1-go1.22.1.linux-amd64",
    ] {
        tree.add(text);
    }
    tree.write_path("example.com/m/@v/list", b"v1.0.0\n");
    let upstream = Upstream::of_tree(tree.root());
    for (path, version) in [
        ("/rsc.io/quote/@latest", "v1.5.2"),
        ("/golang.org/x/text/@v/master.info", "v0.31.0"),
    ] {
        upstream.on(path, Reply::ok(format!("{{\"Version\":\"{version}\"}}")));
    }
    let mut machine = Machine::new(&[("GOPROXY", &upstream.url()), ("GOSUMDB", "off")]);
    machine.run(&page.take("athens serve      "));
    machine.run("athens serve");
    let token = machine.token("--name ci --allow publish --modules 'example.com/*'");
    machine.set("TOKEN", &token);
    machine.run(&page.take("curl -X POST"));
    assert_eq!(upstream.count("/example.com/m/@v/list"), 1);
    machine.run(&page.take("athens serve --block"));

    machine.run(
        "go mod init example.com/project && go mod edit -go=1.21.0 && go get example.com/m@v1.0.0",
    );
    machine.run("go mod edit -toolchain=go1.22.1 && echo rsc.io/quote >list.txt");
    machine.run(&page.take("athens fetch --from go.mod"));
    let root = machine.home("storage-root");
    is_verified(&root);
    assert_eq!(journal(&root).len(), 4);
    Ok(())
}

pub(super) fn verify(page: &mut Page) -> Result<(), Missing> {
    let mut machine = Machine::alone();
    for root in ["storage-root", "/srv/modules"] {
        machine.fill(root, &["example.com/corp/lib@v1.2.0"]);
    }
    machine.run("athens reindex; athens reindex --root /srv/modules");
    machine.run(&page.take("athens verify "));
    Ok(())
}
