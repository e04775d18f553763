//! What is done, counted exactly.

use std::io::Write as _;
use std::net::TcpStream;

use super::Site;
use super::scrape::Scrape;
use crate::support::http::{Answer, Request, get};
use crate::support::tree::{Tree, version, zip_of, zip_with};
use crate::support::upstream::{Reply, Upstream};

/// Modules that an upstream has.
fn origin() -> Tree {
    let tree = Tree::new();
    tree.add("their.example/m@v1.0.0");
    tree.write_path("their.example/m/@v/list", b"v1.0.0\n");
    tree
}

/// A server in front of an upstream, which verifies nothing and asks nobody else.
fn behind(upstream: &str) -> Site {
    Site::start(&[
        "--upstream",
        upstream,
        "--sumdb",
        "off",
        "--private",
        "unused.example",
        "--direct",
        "unused.example",
    ])
}

#[track_caller]
fn expect(status: u16, answer: &Answer) {
    assert_eq!(answer.status, status, "{}", answer.text());
}

/// How many requests were answered, those for the figures themselves left out.
fn answered(scrape: &Scrape) -> f64 {
    let name = "athens_http_requests_total";
    let own = "{route=\"metrics\",method=\"read\",status=\"200\"}";
    scrape.sum(name) - scrape.get(&format!("{name}{own}")).unwrap_or(0.0)
}

/// The rows as they are written: labels by their values, and how much was added.
#[track_caller]
fn assert_added(after: &Scrape, before: &Scrape, name: &str, expected: &[(&str, u64)]) {
    let mut added = after.since(before, name);
    added.retain(|(labels, _)| !labels.contains("route=\"metrics\""));
    let mut expected: Vec<(String, u64)> = expected
        .iter()
        .map(|(labels, times)| (format!("{{{labels}}}"), *times))
        .collect();
    expected.sort();
    assert_eq!(added, expected, "{name}");
}

#[test]
fn requests_and_where_their_answers_come_from() {
    let origin = origin();
    let upstream = Upstream::of_tree(origin.root());
    upstream.on(
        "/broken.example/m/@v/list",
        Reply::status(500, "out of order"),
    );
    let site = behind(&upstream.url());
    let before = site.scrape();

    let url = site.server.url();
    expect(200, &get(&url, "/their.example/m/@v/v1.0.0.zip"));
    expect(200, &get(&url, "/their.example/m/@v/v1.0.0.zip"));
    expect(200, &get(&url, "/their.example/m/@v/v1.0.0.mod"));
    expect(200, &get(&url, "/their.example/m/@v/list"));
    expect(200, &get(&url, "/their.example/m/@v/list"));
    expect(404, &get(&url, "/absent.example/m/@v/list"));
    expect(502, &get(&url, "/broken.example/m/@v/list"));
    expect(404, &get(&url, "/their.example/m/@v/V1"));
    expect(405, &Request::new("POST", "/healthz").send(&url));
    expect(200, &get(&url, "/healthz"));

    let after = site.scrape_when("all are counted, and over", |scrape| {
        // Whoever asks for the figures is under way.
        answered(scrape) - answered(&before) == 10.0
            && scrape.get("athens_http_requests_in_flight") == Some(1.0)
    });
    assert_added(
        &after,
        &before,
        "athens_http_requests_total",
        &[
            ("route=\"zip\",method=\"read\",status=\"200\"", 2),
            ("route=\"mod\",method=\"read\",status=\"200\"", 1),
            ("route=\"list\",method=\"read\",status=\"200\"", 2),
            ("route=\"list\",method=\"read\",status=\"404\"", 1),
            ("route=\"list\",method=\"read\",status=\"502\"", 1),
            ("route=\"other\",method=\"read\",status=\"404\"", 1),
            ("route=\"other\",method=\"write\",status=\"405\"", 1),
            ("route=\"health\",method=\"read\",status=\"200\"", 1),
        ],
    );
    assert_added(
        &after,
        &before,
        "athens_answers_total",
        &[
            ("kind=\"zip\",source=\"fetched\"", 1),
            ("kind=\"zip\",source=\"tree\"", 1),
            ("kind=\"mod\",source=\"tree\"", 1),
            ("kind=\"list\",source=\"fetched\"", 1),
            ("kind=\"list\",source=\"remembered\"", 1),
            ("kind=\"list\",source=\"absent\"", 1),
            ("kind=\"list\",source=\"failed\"", 1),
        ],
    );
    assert_added(
        &after,
        &before,
        "athens_fetches_total",
        &[
            ("kind=\"zip\",outcome=\"ok\"", 1),
            ("kind=\"mod\",outcome=\"ok\"", 1),
            ("kind=\"info\",outcome=\"ok\"", 1),
            ("kind=\"list\",outcome=\"ok\"", 1),
            ("kind=\"list\",outcome=\"absent\"", 1),
            ("kind=\"list\",outcome=\"failed\"", 1),
        ],
    );
    let of_upstream =
        |outcome: &str| format!("upstream=\"{}\",outcome=\"{outcome}\"", upstream.url());
    assert_added(
        &after,
        &before,
        "athens_upstream_requests_total",
        &[
            (&of_upstream("ok"), 4),
            (&of_upstream("absent"), 1),
            (&of_upstream("failed"), 1),
        ],
    );
    assert_added(
        &after,
        &before,
        "athens_zip_checks_total",
        &[("occasion=\"fetched\",verdict=\"sound\"", 1)],
    );
    let zip = zip_of(&version("their.example/m@v1.0.0")).len() as f64;
    let sent = after.get("athens_http_response_size_bytes_sum{route=\"zip\"}");
    assert_eq!(sent, Some(2.0 * zip));
    let timed = after.get("athens_http_request_duration_seconds_count{route=\"zip\"}");
    assert_eq!(timed, Some(2.0));
    for name in [
        "athens_fetches_running",
        "athens_http_connections_waiting",
        "athens_uploads_running",
    ] {
        assert_eq!(after.get(name), Some(0.0), "{name}");
    }
    assert_eq!(after.get("athens_lists_cached"), Some(1.0));
}

#[test]
fn uploads_and_deletions() {
    let site = Site::start(&["--max-zip-size", "1MiB"]);
    let before = site.scrape();

    let one = version("corp.example/m@v1.0.0");
    let path = "/corp.example/m/@v/v1.0.0.zip";
    let put = |zip: &[u8]| Request::new("PUT", path).body(zip);
    let zip = zip_of(&one);
    let other = zip_with(&one, &[("go.mod", b"module corp.example/m\n"), ("a", b"")]);
    let nameless = zip_with(&version("corp.example/n@v1.0.0"), &[("a", b"")]);
    expect(401, &put(&zip).send(&site.server.url()));
    expect(201, &site.send(put(&zip)));
    expect(200, &site.send(put(&zip)));
    expect(409, &site.send(put(&other)));
    let invalid = site.send(put(&nameless));
    expect(422, &invalid);
    let large = Request::new("PUT", path).header("Content-Length", "2000000");
    expect(413, &site.send(large));
    expect(405, &site.send(Request::new("PUT", "/healthz").body(b"")));
    expect(200, &site.get(path));
    let delete = |version: &str| Request::new("DELETE", &format!("/corp.example/m/@v/{version}"));
    expect(401, &delete("v1.0.0").send(&site.server.url()));
    expect(200, &site.send(delete("v1.0.0")));
    expect(410, &site.send(delete("v1.0.0")));
    expect(404, &site.send(delete("v1.0.1")));

    let after = site.scrape_when("all are counted", |scrape| {
        answered(scrape) - answered(&before) == 12.0
    });
    assert_added(
        &after,
        &before,
        "athens_uploads_total",
        &[
            ("outcome=\"created\"", 1),
            ("outcome=\"unchanged\"", 1),
            ("outcome=\"conflict\"", 1),
            ("outcome=\"invalid\"", 1),
            ("outcome=\"too_large\"", 1),
            ("outcome=\"refused\"", 1),
            ("outcome=\"malformed\"", 1),
        ],
    );
    assert_added(
        &after,
        &before,
        "athens_deletes_total",
        &[
            ("outcome=\"deleted\"", 1),
            ("outcome=\"absent\"", 2),
            ("outcome=\"refused\"", 1),
        ],
    );
    assert_added(
        &after,
        &before,
        "athens_zip_checks_total",
        &[
            ("occasion=\"published\",verdict=\"sound\"", 3),
            ("occasion=\"published\",verdict=\"unsound\"", 1),
        ],
    );
    let findings = after.since(&before, "athens_zip_findings_total");
    assert_eq!(findings, [("{rule=\"prefix\"}".to_owned(), 1)]);
    let received = (2 * zip.len() + other.len() + nameless.len()) as f64;
    let counted = after.get("athens_upload_received_bytes_total");
    assert_eq!(counted, Some(received));
    let statuses = after.since(&before, "athens_http_requests_total");
    let published = |status: &str| {
        let labels = format!("{{route=\"publish\",method=\"write\",status=\"{status}\"}}");
        statuses.contains(&(labels, 1))
    };
    for status in ["201", "200", "409", "422", "413", "405", "401"] {
        assert!(published(status), "{status}: {statuses:?}");
    }
}

#[test]
fn many_at_once_are_counted_once_each() {
    let site = Site::start(&[]);
    let url = site.server.url();
    let (clients, requests) = (8, 50);
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                for _ in 0..requests {
                    assert_eq!(get(&url, "/healthz").status, 200);
                }
            });
        }
        // Whoever looks meanwhile does not disturb.
        for _ in 0..20 {
            assert!(site.scrape().sum("athens_http_requests_total") <= 1000.0);
        }
    });
    let key = "athens_http_requests_total{route=\"health\",method=\"read\",status=\"200\"}";
    let wanted = f64::from(clients * requests);
    let scrape = site.scrape_when("all are counted", |scrape| scrape.get(key) == Some(wanted));
    let timed = "athens_http_request_duration_seconds_count{route=\"health\"}";
    assert_eq!(scrape.get(timed), Some(wanted));
}

#[test]
fn the_process_and_the_folder() {
    let tree = Tree::new();
    tree.add("a.example/m@v1.0.0").add("a.example/m@v1.1.0");
    tree.add("b.example/m@v1.0.0");
    let site = Site::over(tree, &["--watch", "native"]);
    assert_eq!(site.get("/a.example/m/@v/list").status, 200);
    let scrape = site.scrape_when("the walk has ended", |scrape| {
        scrape.get("athens_tree_walk_duration_seconds").is_some()
    });
    assert_eq!(scrape.get("athens_tree_versions"), Some(3.0));
    assert_eq!(scrape.get("athens_tree_modules"), Some(2.0));
    let versions = [
        "a.example/m@v1.0.0",
        "a.example/m@v1.1.0",
        "b.example/m@v1.0.0",
    ];
    let zips = versions.map(|text| zip_of(&version(text)).len() as f64);
    let counted = scrape.get("athens_tree_zip_bytes");
    assert_eq!(counted, Some(zips.iter().sum()));
    let walks = scrape.get("athens_tree_walks_total{outcome=\"ok\"}");
    assert_eq!(walks, Some(1.0));
    assert_eq!(scrape.get("athens_lists_cached"), Some(1.0));
    assert_eq!(scrape.get("athens_lists_polled"), Some(0.0));
    // The root, two on the way, and the directory itself.
    assert_eq!(scrape.get("athens_watches"), Some(4.0));
    let build = format!(
        "athens_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(scrape.get(&build), Some(1.0));
    let at_least = |name: &str, least: f64| {
        let value = scrape.get(name);
        assert!(value >= Some(least), "{name}: {value:?}");
    };
    at_least("process_resident_memory_bytes", 1e6);
    at_least("process_virtual_memory_bytes", 1e6);
    at_least("process_open_fds", 5.0);
    at_least("process_threads", 2.0);
    at_least("process_start_time_seconds", 1.7e9);
    at_least("process_cpu_seconds_total", 0.0);
    at_least("athens_filesystem_size_bytes", 1.0);
    assert!(scrape.get("process_open_fds") <= scrape.get("process_max_fds"));
    assert!(site.root().join("a.example").is_dir());
}

#[test]
fn many_who_want_the_same_join_one_fetch() {
    let upstream = Upstream::start();
    upstream.on("/their.example/m/@v/list", Reply::ok("v1.0.0\n").held());
    let site = behind(&upstream.url());
    let url = site.server.url();
    let running = format!(
        "athens_upstream_requests_running{{upstream=\"{}\"}}",
        upstream.url()
    );
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| expect(200, &get(&url, "/their.example/m/@v/list")));
        }
        site.scrape_when("two have joined", |scrape| {
            scrape.get("athens_fetches_joined_total{kind=\"list\"}") == Some(2.0)
                && scrape.get("athens_fetches_running") == Some(1.0)
                && scrape.get(&running) == Some(1.0)
                // They, and whoever asks for the figures.
                && scrape.get("athens_http_requests_in_flight") == Some(4.0)
                && scrape.get("athens_http_connections_open") >= Some(4.0)
        });
        upstream.release();
    });
    let scrape = site.scrape_when("it is over", |scrape| {
        scrape.get("athens_http_requests_in_flight") == Some(1.0)
    });
    assert_eq!(scrape.get("athens_fetches_running"), Some(0.0));
    assert_eq!(scrape.get(&running), Some(0.0));
    let answers = scrape.get("athens_answers_total{kind=\"list\",source=\"fetched\"}");
    assert_eq!(answers, Some(3.0));
}

#[test]
fn who_leaves_is_counted() {
    let site = Site::start(&[]);
    let mut client = TcpStream::connect(site.server.addr()).unwrap();
    let head = format!(
        "PUT /corp.example/m/@v/v1.0.0.zip HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 1000\r\n\r\nPK",
        site.token()
    );
    client.write_all(head.as_bytes()).unwrap();
    site.scrape_when("the upload is under way", |scrape| {
        scrape.get("athens_uploads_running") == Some(1.0)
            && scrape.get("athens_upload_received_bytes_total") == Some(2.0)
    });
    drop(client);
    let scrape = site.scrape_when("it has ended", |scrape| {
        scrape.sum("athens_uploads_total") == 1.0
    });
    let interrupted = scrape.get("athens_uploads_total{outcome=\"interrupted\"}");
    assert_eq!(interrupted, Some(1.0));
    assert_eq!(scrape.get("athens_uploads_running"), Some(0.0));
}
