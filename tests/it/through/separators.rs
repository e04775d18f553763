//! Two upstreams with `,` or `|` between them: who is asked after whom, for each kind of file.

use super::site::{Site, origin, path_of};
use crate::support::upstream::{Reply, Upstream};

const MODULE: &str = "example.com/m@v1.0.0";

#[test]
fn absence_and_failure_stay_apart() {
    let tree = origin(&[MODULE]);
    let paths = [
        "/example.com/m/@v/list".to_owned(),
        path_of(MODULE, "info"),
        path_of(MODULE, "mod"),
        path_of(MODULE, "zip"),
    ];
    let mut failures = Vec::new();
    for (separator, first, second, status) in [
        (',', 404, 200, 200),
        (',', 410, 200, 200),
        (',', 500, 200, 502),
        (',', 403, 200, 403),
        ('|', 404, 200, 200),
        ('|', 500, 200, 200),
        ('|', 403, 200, 200),
        (',', 404, 404, 404),
        (',', 410, 410, 404),
        (',', 404, 500, 502),
        ('|', 500, 404, 502),
        ('|', 404, 500, 502),
        ('|', 404, 410, 404),
    ] {
        let upstreams = [
            Upstream::of_tree(tree.root()),
            Upstream::of_tree(tree.root()),
        ];
        for (upstream, status) in upstreams.iter().zip([first, second]) {
            for path in &paths {
                if status != 200 {
                    upstream.on(path, Reply::status(status, "as I was told"));
                }
            }
        }
        let list = format!("{}{separator}{}", upstreams[0].url(), upstreams[1].url());
        let site = Site::start(&list, &["--negative-ttl", "0"]);
        for path in &paths {
            let (got, text) = site.said(path);
            if got != status {
                failures.push(format!("{first}{separator}{second} {path}: {got} {text}"));
            }
        }
        let expected = if status == 200 { 3 } else { 0 };
        if site.stored_of(MODULE).len() != expected {
            failures.push(format!("{first}{separator}{second}: {:?}", site.stored()));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
