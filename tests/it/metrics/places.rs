//! Beside the modules, or on a listener of their own.

use super::Site;
use super::scrape::Scrape;
use crate::support::http::{Request, get};
use crate::support::server::{TestServer, athens};
use crate::support::tools::eventually;
use crate::support::tree::Tree;

/// The base URL of the listener for metrics, as the log has it.
fn metrics_url(server: &TestServer) -> String {
    eventually("the log says where the metrics are", || {
        let log = server.stderr();
        let (_, rest) = log.split_once("metrics at ")?;
        let (url, _) = rest.split_once("/metrics")?;
        Some(url.to_owned())
    })
}

#[test]
fn who_may_read_may_look() {
    let open = Site::start(&["--path-prefix", "/go"]);
    let base = format!("http://{}", open.server.addr());
    for path in ["/metrics", "/go/metrics"] {
        let answer = get(&base, path);
        assert_eq!(answer.status, 200, "{path}");
        let kind = answer.header("content-type");
        assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let request = Request::new("GET", "/metrics").header("Accept", accept);
    let answer = request.send(&base);
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert!(answer.text().ends_with("# EOF\n"));

    let closed = Site::start(&["--read-auth"]);
    let refused = get(&closed.server.url(), "/metrics");
    assert_eq!(refused.status, 401);
    assert!(!refused.text().contains("athens_"), "{}", refused.text());
    let scrape = closed.scrape();
    let key = "athens_http_requests_total{route=\"metrics\",method=\"read\",status=\"401\"}";
    assert_eq!(scrape.get(key), Some(1.0));
}

#[test]
fn a_listener_of_their_own() {
    let site = Site::start(&["--read-auth", "--metrics-listen", "127.0.0.1:0"]);
    let url = metrics_url(&site.server);
    assert_eq!(site.get("/metrics").status, 404);
    let scrape = || Scrape::parse(&get(&url, "/metrics").text());
    let key = "athens_http_requests_total{route=\"other\",method=\"read\",status=\"404\"}";
    assert_eq!(scrape().get(key), None);
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/healthz", 404),
        ("GET", "/a.example/m/@v/list", 404),
        ("PUT", "/a.example/m/@v/v1.0.0.zip", 405),
        ("DELETE", "/metrics", 405),
    ] {
        let answer = Request::new(method, path).body(b"").send(&url);
        assert_eq!(answer.status, status, "{method} {path}");
    }
    // Both listeners end with the server.
    let ended = site.server.stop_and_collect();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(Request::new("GET", "/metrics").try_send(&url).is_err());
}

#[test]
fn a_taken_port_is_refused_by_the_flag() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let tree = Tree::new();
    let mut command = athens();
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            &address,
        ])
        .arg("--root")
        .arg(tree.root());
    let ended = TestServer::try_start(command).err().unwrap();
    assert!(!ended.status.success());
    assert!(
        ended
            .stderr
            .contains("choose another port with --metrics-listen"),
        "{}",
        ended.stderr
    );
}
