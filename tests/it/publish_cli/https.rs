//! Servers behind TLS: whose certificate is trusted, and what is said of the others.

use std::path::Path;

use super::{Publisher, VERSION, testmodule};
use crate::support::certificate::Certificate;
use crate::support::nginx::Nginx;
use crate::support::publisher::versions;

/// What ends TLS before a server.
fn nginx(certificate: &Certificate, server: &str) -> Option<Nginx> {
    Nginx::start_tls(server, &certificate.path(), &certificate.key_path())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_server_with_a_certificate_of_an_authority_of_ones_own() {
    let publisher = Publisher::new();
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let server = publisher.server();
    let Some(nginx) = nginx(&certificate, &server.url()) else {
        return;
    };
    testmodule(&publisher);
    let url = nginx.url();
    let publish = [&["testmodule", "--server", &url][..], &VERSION].concat();

    // The machine does not know who made its certificate.
    let unknown = publisher.run(&publish);
    assert_eq!(
        (unknown.code, unknown.stdout.as_str()),
        (Some(2), ""),
        "{unknown:?}"
    );
    for said in [
        "no secure connection to https://127.0.0.1:",
        "--ca-file FILE (ATHENS_CA_FILE)",
    ] {
        assert!(unknown.stderr.contains(said), "{said:?} in {unknown:?}");
    }
    // Another authority is no better, and a file that is none is said before anything is made or sent.
    let other = Certificate::make().unwrap();
    let ca = other.authority();
    let wrong = publisher.run(&[&publish[..], &["--ca-file", text(&ca)]].concat());
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(
        wrong
            .stderr
            .contains("the certificate of its authority in --ca-file"),
        "{wrong:?}"
    );
    let key = certificate.key_path();
    let none = publisher.run(&[&publish[..], &["--ca-file", text(&key)]].concat());
    assert_eq!(none.code, Some(2), "{none:?}");
    assert!(
        none.stderr.contains("there is no certificate in "),
        "{none:?}"
    );
    assert!(versions(&publisher, "arschles.com/testmodule").is_empty());

    let ca = certificate.authority();
    let first = publisher.run(&[&publish[..], &["--ca-file", text(&ca)]].concat());
    assert_eq!(first.code, Some(0), "{first:?} {}", nginx.log());
    assert!(
        first.stdout.starts_with(&format!(
            "published arschles.com/testmodule@v1.0.0 to {url}"
        )),
        "{first:?}"
    );
    let mut command = publisher.command(&publish);
    command.env("ATHENS_CA_FILE", &ca);
    let again = command.output().unwrap();
    assert!(again.status.success(), "{again:?}");
    assert!(
        versions(&publisher, "arschles.com/testmodule").contains(&"v1.0.0.zip".to_owned()),
        "{first:?}"
    );
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let publisher = Publisher::new();
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let server = publisher.server();
    let Some(nginx) = nginx(&certificate, &server.url()) else {
        return;
    };
    testmodule(&publisher);
    let ca = certificate.authority();
    let elsewhere = nginx.url().replace("127.0.0.1", "localhost");
    let arguments = ["testmodule", "--server", &elsewhere, "--ca-file", text(&ca)];
    let refused = publisher.run(&[&arguments[..], &VERSION].concat());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("no secure connection to https://localhost:"),
        "{refused:?}"
    );
    assert!(versions(&publisher, "arschles.com/testmodule").is_empty());
}

#[test]
fn a_server_that_speaks_no_tls() {
    let publisher = Publisher::new();
    let server = publisher.server();
    testmodule(&publisher);
    let url = server.url().replace("http:", "https:");
    let refused = publisher.run(&[&["testmodule", "--server", &url][..], &VERSION].concat());
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.stderr.contains("no secure connection to https://"),
        "{refused:?}"
    );
}
