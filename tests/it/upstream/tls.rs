//! TLS and HTTP/2 with a real server.

use athens::upstream::{UpstreamSettings, UpstreamSetupError, Upstreams};

use super::{Client, FAILED, kind, settings};
use crate::support::certificate::Certificate;
use crate::support::nginx::Nginx;
use crate::support::tree::{Tree, version, zip_of};
use crate::support::upstream::{Reply, Upstream};

const LIST: &str = "/example.com/m/@v/list";

fn trusting(list: &str, certificate: &Certificate) -> UpstreamSettings {
    UpstreamSettings {
        ca_file: Some(certificate.authority()),
        ..settings(list)
    }
}

#[test]
fn whom_we_trust() {
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let upstream = Upstream::start_tls(&certificate);
    upstream.on(LIST, Reply::ok("v1.0.0"));
    let client = Client::new(trusting(&upstream.url(), &certificate));
    assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0");

    let stranger = Client::of_list(&upstream.url());
    let error = stranger.list("example.com/m").unwrap_err();
    assert_eq!(error.kind(), FAILED);
    assert!(error.why().contains("no secure connection"), "{error}");
    // It is not tried again.
    assert_eq!(upstream.requests().len(), 1);
    let other = Certificate::make().unwrap();
    let client = Client::new(trusting(&upstream.url(), &other));
    assert_eq!(kind(client.list("example.com/m")), FAILED);

    let plain = Upstream::start();
    let speaks_no_tls = plain.url().replace("http://", "https://");
    let client = Client::new(trusting(&speaks_no_tls, &certificate));
    assert_eq!(kind(client.list("example.com/m")), FAILED);
}

#[test]
fn never_from_https_to_http() {
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let (secure, plain) = (Upstream::start_tls(&certificate), Upstream::start());
    plain.on("/list", Reply::ok("v1.0.0"));
    secure.on("/list", Reply::ok("v1.0.0"));
    let client = Client::new(trusting(&secure.url(), &certificate));
    secure.on(LIST, Reply::redirect(&format!("{}/list", plain.url())));
    let error = client.list("example.com/m").unwrap_err();
    assert_eq!(error.kind(), FAILED);
    assert!(error.why().contains("from https to http"), "{error}");
    assert_eq!(plain.requests().len(), 0);

    // The other way is fine.
    plain.on(LIST, Reply::redirect(&format!("{}/list", secure.url())));
    let client = Client::new(trusting(&plain.url(), &certificate));
    assert_eq!(client.list("example.com/m").unwrap(), "v1.0.0");
}

#[test]
fn http_2_where_it_is_spoken() {
    let Some(certificate) = Certificate::make() else {
        return;
    };
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    tree.write_path("example.com/m/@v/list", b"v1.0.0\n");
    let (path, key) = (certificate.path(), certificate.key_path());
    let Some(nginx) = Nginx::start_http2(tree.root(), &path, &key) else {
        return;
    };
    let client = Client::new(trusting(&nginx.url(), &certificate));
    let list = client.list("example.com/m");
    assert_eq!(list.unwrap(), "v1.0.0", "{}", nginx.log());
    let zip = client.zip("example.com/m@v1.0.0").unwrap();
    assert!(zip == zip_of(&version("example.com/m@v1.0.0")));
    assert_eq!(kind(client.list("example.com/other")), super::NOT_FOUND);
}

#[test]
fn files_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let no_ca = UpstreamSettings {
        ca_file: Some(dir.path().join("none")),
        ..settings("https://upstream.invalid")
    };
    let error = Upstreams::new(no_ca).unwrap_err();
    assert!(
        matches!(error, UpstreamSetupError::Authorities(_)),
        "{error}"
    );
    let no_netrc = UpstreamSettings {
        netrc: Some(dir.path().to_owned()),
        ..settings("https://upstream.invalid")
    };
    let error = Upstreams::new(no_netrc).unwrap_err();
    assert!(matches!(error, UpstreamSetupError::Netrc { .. }), "{error}");
    let missing_netrc = UpstreamSettings {
        netrc: Some(dir.path().join("none")),
        ..settings("https://upstream.invalid")
    };
    assert!(Upstreams::new(missing_netrc).is_ok());
    let no_token = UpstreamSettings {
        via: "a b".to_owned(),
        ..settings("https://upstream.invalid")
    };
    let error = Upstreams::new(no_token).unwrap_err();
    assert!(matches!(error, UpstreamSetupError::Via(_)), "{error}");
}
