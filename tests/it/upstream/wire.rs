//! What is on the wire: paths, headers, redirects, connections.

use std::sync::Arc;

use athens::upstream::{Ask, Privacy, UpstreamSettings};

use super::{Client, FAILED, kind, settings};
use crate::support::upstream::{Reply, Upstream};

const LIST: &str = "/example.com/m/@v/list";

#[test]
fn paths_are_spelt_as_the_go_command_spells_them() {
    let upstream = Upstream::start();
    let client = Client::of_list(&format!("{}/base//?key=1", upstream.url()));
    let _ = client.list("example.com/BigM");
    let _ = client.latest("example.com/m");
    let _ = client.query("example.com/m@v2.0.0-RC1+incompatible");
    let _ = client.query("example.com/m@a b");
    let _ = client.go_mod("example.com/m@v1.0.0");
    let _ = client.zip("example.com/m@v1.0.0");
    let targets: Vec<String> = upstream
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(
        targets,
        [
            "/base/example.com/%21big%21m/@v/list?key=1",
            "/base/example.com/m/@latest?key=1",
            "/base/example.com/m/@v/list?key=1",
            "/base/example.com/m/@v/v2.0.0-%21r%21c1+incompatible.info?key=1",
            "/base/example.com/m/@v/a%20b.info?key=1",
            "/base/example.com/m/@v/v1.0.0.mod?key=1",
            "/base/example.com/m/@v/v1.0.0.zip?key=1",
        ]
    );
}

#[test]
fn headers() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::ok("v1.0.0"));
    let client = Client::new(UpstreamSettings {
        via: "here".to_owned(),
        ..settings(&upstream.url())
    });
    let path = "example.com/m".parse().unwrap();
    for (chain, via) in [
        (None, "1.1 here"),
        (
            Some("1.1 there, 1.0 elsewhere"),
            "1.1 there, 1.0 elsewhere, 1.1 here",
        ),
        // Nothing that a header could have been.
        (Some("a\r\nb"), "1.1 here"),
    ] {
        upstream.forget();
        let ask = Ask {
            via: chain.map(str::to_owned),
            privacy: Privacy::Public,
        };
        let list = client.runtime.block_on(client.upstreams.list(&path, &ask));
        assert_eq!(list.unwrap().len(), 1);
        let request = upstream.requests().remove(0);
        assert_eq!(request.header("via").as_deref(), Some(via));
        let version = format!("athens/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.header("user-agent"), Some(version));
        assert_eq!(request.header("accept-encoding").as_deref(), Some("gzip"));
        for name in ["authorization", "referer", "if-none-match", "cookie"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}

#[test]
fn logins_go_to_their_host_only() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    let address = upstream.url().replace("http://", "");
    let dir = tempfile::tempdir().unwrap();
    let netrc = dir.path().join("netrc");
    std::fs::write(&netrc, format!("machine {address} login a password b\n")).unwrap();
    other.on("/list", Reply::ok("v1.0.0"));
    upstream
        .on("/list", Reply::ok("v1.0.0"))
        .on("/away", Reply::redirect(&format!("{}/list", other.url())));
    let in_netrc = UpstreamSettings {
        netrc: Some(netrc),
        ..settings(&upstream.url())
    };
    for (settings, header) in [
        (settings(&upstream.url()), None),
        (
            settings(&format!("http://a:b@{address}")),
            Some("Basic YTpi"),
        ),
        (
            settings(&format!("http://a%3Ab@{address}")),
            Some("Basic YTpiOg=="),
        ),
        (in_netrc, Some("Basic YTpi")),
    ] {
        let client = Client::new(settings);
        for (location, follower) in [("/list", &upstream), ("/away", &other)] {
            upstream.forget();
            other.forget();
            upstream.on(LIST, Reply::redirect(location));
            client.list("example.com/m").unwrap();
            let first = upstream.requests().remove(0);
            assert_eq!(first.header("authorization").as_deref(), header);
            let last = follower.requests().pop().unwrap();
            let expected = header.filter(|_| location == "/list");
            assert_eq!(last.header("authorization").as_deref(), expected);
        }
        // Nor does it show anywhere.
        upstream.on(LIST, Reply::status(403, "no"));
        let error = client.list("example.com/m").unwrap_err();
        let shown = format!("{error} {error:?} {:?}", client.upstreams);
        assert!(!shown.contains("YTpi") && !shown.contains("a:b"), "{shown}");
    }
}

#[test]
fn redirects() {
    let upstream = Upstream::start();
    upstream.on("/there", Reply::ok("v1.0.0"));
    for hops in 0..12 {
        let to = if hops == 0 {
            "/there".to_owned()
        } else {
            format!("/hop{}", hops - 1)
        };
        upstream.on(&format!("/hop{hops}"), Reply::redirect(&to));
    }
    let client = Client::of_list(&upstream.url());
    for (to, is_followed, requests) in [
        ("/there", true, 2),
        // Ten in all.
        ("/hop8", true, 11),
        ("/hop9", false, 11),
        (LIST, false, 11),
        ("ftp://127.0.0.1/x", false, 1),
        ("file:///etc/hostname", false, 1),
        ("http://", false, 1),
    ] {
        upstream.forget();
        upstream.on(LIST, Reply::redirect(to));
        let list = client.list("example.com/m");
        match is_followed {
            true => assert_eq!(list.unwrap(), "v1.0.0"),
            false => assert_eq!(kind(list), FAILED, "{to}"),
        }
        assert_eq!(upstream.requests().len(), requests, "{to}");
    }
}

#[test]
fn connections_are_used_again() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::ok("v1.0.0"));
    let client = Client::of_list(&upstream.url());
    for _ in 0..20 {
        client.list("example.com/m").unwrap();
        assert!(
            client
                .go_mod("example.com/m@v1.0.0")
                .unwrap_err()
                .is_not_found()
        );
    }
    assert_eq!(upstream.requests().len(), 40);
    // A connection may come back a moment after the answer was read.
    let connections = upstream.connections();
    assert!(connections <= 10, "{connections}");
}

#[test]
fn so_many_requests_at_a_time() {
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::hang());
    let client = Client::new(UpstreamSettings {
        max_concurrent: 3,
        ..settings(&upstream.url())
    });
    let path = Arc::new("example.com/m".parse().unwrap());
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let (upstreams, path) = (client.upstreams.clone(), Arc::clone(&path));
            client.runtime.spawn(async move {
                let ask = Ask::default();
                upstreams.list(&path, &ask).await
            })
        })
        .collect();
    upstream.until_hanging(3);
    assert_eq!(upstream.requests().len(), 3);
    upstream.on(LIST, Reply::ok("v1.0.0"));
    upstream.release();
    for asking in asking {
        // Three were hung up on, and came back.
        assert_eq!(client.runtime.block_on(asking).unwrap().unwrap().len(), 1);
    }
}

#[test]
fn a_proxy_variable_does_not_reach_this_machine() {
    // What the variables lead to is in the process that tests this: the environment is read when a client is made.
    let upstream = Upstream::start();
    upstream.on(LIST, Reply::ok("v1.0.0"));
    let refusing = Upstream::refusing();
    let exe = std::env::current_exe().unwrap();
    let output = std::process::Command::new(exe)
        .args([
            "--exact",
            "upstream::wire::asked_by_another_test",
            "--ignored",
        ])
        .env("ATHENS_TEST_UPSTREAM", upstream.url())
        .env("HTTP_PROXY", &refusing)
        .env("http_proxy", &refusing)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
#[ignore = "run by a_proxy_variable_does_not_reach_this_machine"]
fn asked_by_another_test() {
    let Ok(url) = std::env::var("ATHENS_TEST_UPSTREAM") else {
        return;
    };
    assert_eq!(
        Client::of_list(&url).list("example.com/m").unwrap(),
        "v1.0.0"
    );
    // Another machine is reached through the proxy, at which nothing listens.
    let error = Client::of_list("http://upstream.invalid").list("example.com/m");
    assert!(error.unwrap_err().why().contains("nothing listens"));
}
