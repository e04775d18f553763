//! Who sees what: with `--read-auth`, what the token may read.

use super::{catalog, versions};
use crate::publish::registry::Registry;
use crate::publish::zips::zip_saying;
use crate::support::http::Request;
use crate::support::tree::version;

const ALL: [&str; 3] = [
    "corp.example/a/x@v1.0.0",
    "corp.example/b@v1.0.0",
    "other.example/c@v1.0.0",
];

#[test]
fn a_token_sees_what_it_may_read() {
    let registry = Registry::start(&["--read-auth"]);
    for name in ALL {
        registry.publish(&version(name), &zip_saying(&version(name), "").0);
    }
    for (number, (modules, seen)) in [
        ("*", &ALL[..]),
        ("corp.example/*", &ALL[..2]),
        ("corp.example/a", &ALL[..1]),
        ("other.example,corp.example/b", &ALL[1..]),
        ("nobody.example", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let token = registry
            .state
            .create(&format!("reader{number}"), "read", modules);
        let ask = |path: &str| {
            Request::new("GET", path)
                .bearer(&token)
                .send(&registry.url())
        };
        assert_eq!(versions(&ask("/index")), seen, "{modules}");
        assert_eq!(versions(&ask("/index?include=all")), seen, "{modules}");
        let (page, next) = catalog(&ask("/catalog"));
        assert_eq!(
            (&page[..], next),
            (
                &seen.iter().map(ToString::to_string).collect::<Vec<_>>()[..],
                None
            )
        );
        if seen.len() > 1 {
            let (page, next) = catalog(&ask("/catalog?pagesize=1"));
            assert_eq!(
                (page[0].as_str(), next.as_deref()),
                (seen[0], Some(seen[0]))
            );
        }
        let wanted = usize::from(!seen.is_empty());
        assert_eq!(versions(&ask("/index?limit=1")).len(), wanted);
    }
}

#[test]
fn who_may_not_read_sees_nothing() {
    let registry = Registry::start(&["--read-auth"]);
    let token = registry.state.create("writer", "publish", "*");
    for path in ["/index", "/catalog"] {
        let answer = registry.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").is_some());
        let answer = Request::new("GET", path)
            .bearer(&token)
            .send(&registry.url());
        assert_eq!(answer.status, 403, "{path}");
        assert_eq!(
            answer.text(),
            "the token writer may not read, only publish\n"
        );
    }
}
