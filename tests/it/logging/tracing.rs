//! `traceparent`: understood, logged, and passed on to upstreams.

use super::{access_line, path_of, serve};
use crate::support::http::Request;
use crate::support::tree::Tree;
use crate::support::upstream::{Reply, Upstream};
use athens::store::ModuleFile;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

#[test]
fn without_a_collector_the_trace_of_a_client_is_passed_on() {
    let upstream = Upstream::start();
    let tree = Tree::new();
    let server = serve(tree.root(), &upstream.url(), &[], &[]);
    for (id, traceparent, expected) in [
        ("traced", Some(TRACEPARENT), Some(TRACEPARENT)),
        ("malformed", Some("00-0AF-1-01"), None),
        ("untraced", None, None),
    ] {
        let path = path_of(&format!("example.com/{id}@v1.0.0"), ModuleFile::Mod);
        upstream.on(&path, Reply::ok(format!("module example.com/{id}\n")));
        let mut request = Request::new("GET", &path).header("X-Request-Id", id);
        if let Some(traceparent) = traceparent {
            request = request
                .header("traceparent", traceparent)
                .header("tracestate", "vendor=1");
        }
        upstream.forget();
        assert_eq!(request.send(&server.url()).status, 200, "{id}");
        let line = access_line(&server, id);
        let asked = upstream.requests();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert_eq!(asked[0].header("traceparent").as_deref(), expected, "{id}");
        let state = expected.map(|_| "vendor=1");
        assert_eq!(asked[0].header("tracestate").as_deref(), state, "{id}");
        let logged = line.get("trace").and_then(|trace| trace.as_str());
        assert_eq!(logged, expected.map(|_| TRACE), "{id}");
    }
}
