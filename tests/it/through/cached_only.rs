//! Only what is stored, for a request or for the whole server; and the page for `?go-get=1`.

use super::site::{Site, origin, path_of};
use crate::support::http::{Answer, Request};
use crate::support::upstream::{Reply, Upstream};

const MODULE: &str = "example.com/m@v1.0.0";
const OTHER: &str = "example.com/other@v1.0.0";

#[test]
fn nothing_is_fetched() {
    let tree = origin(&[MODULE, OTHER]);
    let upstream = Upstream::of_tree(tree.root());
    upstream.on("/example.com/m/@v/list", Reply::ok("v1.0.0\nv1.1.0\n"));
    let site = Site::start(&upstream.url(), &[]);
    assert_eq!(site.get(&path_of(MODULE, "zip")).status, 200);
    let offline = |site: Site| site.restart(&upstream.url(), &["--offline"]);
    let mut site = Some(site);
    for (way, why) in [
        ("header", "the request said Disable-Module-Fetch: true"),
        ("/cached-only", "/cached-only serves what is stored"),
        ("offline", "this server is offline"),
    ] {
        if way == "offline" {
            site = site.map(offline);
        }
        let site = site.as_ref().unwrap();
        upstream.forget();
        let ask = |path: &str| -> Answer {
            match way {
                "header" => {
                    let request = Request::new("GET", path);
                    request
                        .header("Disable-Module-Fetch", "true")
                        .send(&site.url())
                }
                "offline" => site.get(path),
                prefix => site.get(&format!("{prefix}{path}")),
            }
        };
        for ending in ["info", "mod", "zip"] {
            assert_eq!(ask(&path_of(MODULE, ending)).status, 200, "{way}");
            let missing = ask(&path_of(OTHER, ending));
            assert_eq!(missing.status, 404, "{way}");
            assert_eq!(
                missing.text(),
                format!("{OTHER} is not on this server; nothing is fetched: {why}\n")
            );
        }
        assert_eq!(ask("/example.com/m/@v/list").text(), "v1.0.0\n", "{way}");
        assert!(
            ask("/example.com/m/@latest").text().contains("v1.0.0"),
            "{way}"
        );
        for path in ["/example.com/other/@v/list", "/example.com/other/@latest"] {
            let missing = ask(path);
            assert_eq!(
                (missing.status, missing.text()),
                (
                    404,
                    format!(
                        "module example.com/other is not on this server; nothing is fetched: {why}\n"
                    )
                )
            );
        }
        let branch = ask("/example.com/m/@v/main.info");
        assert_eq!(branch.status, 404);
        assert!(branch.text().contains(why), "{}", branch.text());
        assert_eq!(upstream.paths(), [""; 0], "{way}");
    }
}

#[test]
fn a_header_that_says_no() {
    let tree = origin(&[MODULE]);
    let upstream = Upstream::of_tree(tree.root());
    let site = Site::start(&upstream.url(), &[]);
    let request = Request::new("GET", &path_of(MODULE, "mod"));
    let answer = request
        .header("Disable-Module-Fetch", "false")
        .send(&site.url());
    assert_eq!(answer.status, 200);
}

#[test]
fn the_page_for_go_get() {
    let upstream = Upstream::start();
    let flags = [
        "--public-url",
        "https://goproxy.corp.example/go",
        "--private",
        "corp.example",
    ];
    let site = Site::start(&upstream.url(), &flags);
    site.publish("example.com/ours@v1.0.0");
    let page = |host: &str, path: &str| {
        // The client names the server as its host first: this one is the name in the path.
        let answer = site.get(&format!("/{host}{path}?go-get=1"));
        (answer.status, answer.text())
    };
    for (host, path, module) in [
        ("corp.example", "/lib", "corp.example/lib"),
        ("corp.example", "/lib/sub", "corp.example/lib/sub"),
        ("example.com", "/ours", "example.com/ours"),
    ] {
        let (status, html) = page(host, path);
        assert_eq!(status, 200, "{html}");
        let meta = format!(
            "<meta name=\"go-import\" content=\"{module} mod https://goproxy.corp.example/go\">"
        );
        assert!(html.contains(&meta), "{html}");
    }
    for (host, path) in [
        ("example.com", "/others"),
        ("corp.example", "/%3Cscript%3E"),
        ("corp.example", "/../x"),
    ] {
        let (status, text) = page(host, path);
        assert!([400, 404].contains(&status), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }
    assert_eq!(upstream.paths(), [""; 0]);
    // Without a public URL there is nothing to say.
    let site = site.restart(&upstream.url(), &["--private", "corp.example"]);
    assert_eq!(site.get("/corp.example/lib?go-get=1").status, 404);
}
