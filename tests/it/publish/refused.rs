//! What is not published, and why; nothing of it stays in the folder.

use athens::store::ModuleFile;
use serde_json::Value;

use super::outcomes::{TIME, is_text, json};
use super::registry::{Registry, delete, put, url_of};
use super::zips::{zip_of_entries, zip_saying};
use crate::support::http::Request;
use crate::support::tools::files_below;
use crate::support::tree::{Tree, version};

#[test]
fn where_it_comes_from_is_kept() {
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let (zip, _) = zip_saying(&version, "");
    for (header, part) in [
        ("garbage", "the header Module-Info is not usable: "),
        ("[]", "the header Module-Info is not usable: "),
        (
            "{\"Time\":\"yesterday\"}",
            "the header Module-Info is not usable: ",
        ),
        (
            "{\"Version\":\"v1.0.1\"}",
            "the header Module-Info is about another version",
        ),
    ] {
        let answer = registry.send(put(&version, &zip).header("Module-Info", header));
        is_text(&answer, 422, &[part]);
    }
    let upload = Request::new("PUT", "/upload").body(&zip);
    let answer = registry.send(upload.header("Module-Info", "{\"Version\":\"v1.0.1\"}"));
    is_text(
        &answer,
        422,
        &["the header Module-Info is about another version"],
    );
    assert_eq!(registry.files(), [""; 0]);

    let origin =
        "{\"VCS\":\"git\",\"URL\":\"https://git.example/m\",\"Hash\":\"0123456789abcdef\"}";
    let info = format!("{{\"Version\":\"v1.0.0\",\"Time\":\"{TIME}\",\"Origin\":{origin}}}");
    let answer = registry.send(put(&version, &zip).header("Module-Info", &info));
    assert_eq!((answer.status, &json(&answer)["Time"]), (201, &TIME.into()));
    let kept: Value =
        serde_json::from_str(&registry.file(&version, ModuleFile::Info).text()).unwrap();
    assert_eq!(kept, serde_json::from_str::<Value>(&info).unwrap());
}

#[test]
fn everything_that_is_wrong_is_said() {
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let zip = zip_of_entries(&[
        (".DS_Store", b"x"),
        ("example.com/m@v1.0.0/go.mod", b"module example.com/other\n"),
        ("example.com/m@v1.0.0/a.go", b"package a\n"),
        ("example.com/m@v1.0.0/A.go", b"package a\n"),
    ]);
    let text = registry.send(put(&version, &zip));
    is_text(
        &text,
        422,
        &[
            "example.com/m@v1.0.0 is refused: 3 things are wrong",
            ".DS_Store: ",
            "[prefix]",
            "[case-collision]",
            "[go-mod-module]",
        ],
    );
    assert_eq!(text.text().lines().count(), 4, "{}", text.text());
    let answer =
        registry.send(put(&version, &zip).header("Accept", "text/html, application/json;q=0.9"));
    assert_eq!(answer.status, 422);
    let fields = json(&answer);
    assert_eq!(
        (&fields["Path"], &fields["Version"]),
        (&"example.com/m".into(), &"v1.0.0".into())
    );
    let mut rules: Vec<&str> = fields["Findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["Rule"].as_str().unwrap())
        .collect();
    rules.sort_unstable();
    assert_eq!(rules, ["case-collision", "go-mod-module", "prefix"]);
    assert_eq!(fields["MoreFindings"], 0);

    let (sound, _) = zip_saying(&version, "");
    let put_at = |path: &str, zip: &[u8]| registry.send(Request::new("PUT", path).body(zip));
    for (path, zip, part) in [
        ("/example.com/n/@v/v1.0.0.zip", sound.as_slice(), "[prefix]"),
        ("/example.com/m/@v/v1.0.1.zip", &sound, "[prefix]"),
        ("/example.com/m/@v/v2.0.0.zip", &sound, "v2.0.0"),
        ("/example.com/m/@v/v1.0.0.zip", b"no zip", "[end-record]"),
        ("/example.com/m/@v/v1.0.0.zip", b"", "[end-record]"),
        (
            "/example.com/m/@v/v1.0.0.zip",
            &sound[..sound.len() / 2],
            "[end-record]",
        ),
        (
            "/upload",
            b"no zip",
            "the zip does not say which version it is",
        ),
        ("/upload", &zip, "the zip does not say which version it is"),
        (
            "/upload",
            &zip_of_entries(&[]),
            "the zip does not say which version it is",
        ),
        (
            "/upload",
            &zip_of_entries(&[("example.com/m@v2.0.0/a", b"")]),
            "v2.0.0",
        ),
    ] {
        is_text(&put_at(path, zip), 422, &[part]);
    }
    for (path, status) in [
        ("/example.com/M/@v/v1.0.0.zip", 404),
        ("/example.com/m/@v/v1.0.0.mod", 405),
        ("/example.com/m/@v/list", 405),
    ] {
        assert_eq!(put_at(path, &sound).status, status, "{path}");
    }
    assert_eq!((registry.files(), registry.staged()), (vec![], vec![]));
    assert_eq!(registry.journal(), [Value::Null; 0]);
}

#[test]
fn too_large_however_it_is_sent() {
    let registry = Registry::start(&["--max-zip-size", "64KiB"]);
    let version = version("example.com/m@v1.0.0");
    let large = vec![b'x'; (64 << 10) + 1];
    let path = url_of(&version, ModuleFile::Zip);
    for path in [path.as_str(), "/upload"] {
        // Said before any of it was sent.
        let declared = Request::new("PUT", path).header("Content-Length", "65537");
        is_text(&registry.send(declared), 413, &["larger than 65536 bytes"]);
        let chunked = Request::new("PUT", path).chunked(&large);
        is_text(&registry.send(chunked), 413, &["larger than 65536 bytes"]);
        let exact = Request::new("PUT", path).chunked(&large[1..]);
        assert_eq!(registry.send(exact).status, 422);
    }
    assert_eq!((registry.files(), registry.staged()), (vec![], vec![]));
}

#[test]
fn a_folder_that_is_not_to_be_written() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let registry = Registry::over(tree, &["--read-only"]);
    let before = files_below(registry.tree.root());
    let new = version("example.com/m@v1.1.0");
    let (zip, _) = zip_saying(&new, "");
    for request in [
        put(&new, &zip),
        Request::new("PUT", "/upload").body(&zip),
        delete(&version("example.com/m@v1.0.0")),
    ] {
        is_text(
            &registry.send(request),
            403,
            &["this server's folder is read-only"],
        );
    }
    assert_eq!(files_below(registry.tree.root()), before);
}
