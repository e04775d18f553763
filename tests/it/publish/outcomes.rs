//! What publishing and deleting answer, and what then lies in the folder.

use athens::module::ModuleVersion;
use athens::store::ModuleFile;
use serde_json::Value;

use super::registry::{Registry, delete, put};
use super::zips::{sum_of_files, sum_of_go_mod, zip_saying};
use crate::support::http::{Answer, Request};
use crate::support::tools::until;
use crate::support::tree::{go_mod, version, zip_with};

pub(super) const TIME: &str = "2026-01-02T15:04:05Z";

pub(super) fn json(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

#[track_caller]
pub(super) fn is_text(answer: &Answer, status: u16, parts: &[&str]) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// The files of a module with one version, and what is made of them.
fn files_of(directory: &str, version: &str) -> Vec<String> {
    let mut files = vec![
        format!("{directory}/@latest"),
        format!("{directory}/@v/list"),
    ];
    let endings = ["info", "mod", "zip", "ziphash"];
    files.extend(endings.map(|ending| format!("{directory}/@v/{version}.{ending}")));
    files
}

#[track_caller]
fn files_become(registry: &Registry, want: &[String]) {
    until(&format!("the files are {want:?}"), || {
        registry.files() == want
    });
    assert_eq!(registry.staged(), [""; 0]);
}

/// A registry with this version, published with a time.
fn with_one(version: &ModuleVersion) -> (Registry, Vec<u8>, String) {
    let registry = Registry::start(&[]);
    let (zip, sum) = zip_saying(version, "one");
    let info = format!("{{\"Time\":\"{TIME}\"}}");
    let answer = registry.send(put(version, &zip).header("Module-Info", &info));
    assert_eq!(answer.status, 201, "{}", answer.text());
    (registry, zip, sum)
}

#[test]
fn published_and_published_again() {
    let version = version("example.com/Corp/m@v1.0.0");
    let (registry, zip, sum) = with_one(&version);
    let want = format!(
        "{{\"Path\":\"example.com/Corp/m\",\"Version\":\"v1.0.0\",\"Time\":\"{TIME}\",\"Sum\":\"{sum}\",\
         \"GoModSum\":\"{}\",\"Size\":{}}}\n",
        sum_of_go_mod(&go_mod(&version)),
        zip.len()
    );
    let tree = files_of("example.com/!corp/m", "v1.0.0");
    files_become(&registry, &tree);
    let info = format!("{{\"Version\":\"v1.0.0\",\"Time\":\"{TIME}\"}}");
    for (file, content) in [
        (ModuleFile::Zip, zip.as_slice()),
        (ModuleFile::Mod, go_mod(&version).as_bytes()),
        (ModuleFile::Info, info.as_bytes()),
    ] {
        let answer = registry.file(&version, file);
        assert_eq!((answer.status, answer.body.as_slice()), (200, content));
        assert_eq!(
            std::fs::read(registry.tree.path_of(&version, file)).unwrap(),
            content
        );
    }
    let versions = registry.tree.versions_of("example.com/Corp/m");
    let read = |name: &str| std::fs::read_to_string(versions.join(name)).unwrap();
    assert_eq!(read("v1.0.0.ziphash"), sum);
    assert_eq!(read("list"), "v1.0.0\n");
    assert_eq!(read("../@latest"), info);
    assert_eq!(registry.list("example.com/Corp/m").text(), "v1.0.0\n");

    // Again, and once more with another time and as /upload: the first one's time stays.
    let other_time = "{\"Time\":\"2020-01-01T00:00:00Z\"}";
    for request in [
        put(&version, &zip),
        put(&version, &zip).header("Module-Info", other_time),
        Request::new("PUT", "/upload").body(&zip),
        Request::new("PUT", "/upload").chunked(&zip),
    ] {
        let again = registry.send(request);
        assert_eq!((again.status, again.text()), (200, want.clone()));
        assert_eq!(again.header("content-type"), Some("application/json"));
    }

    let (other, other_sum) = zip_saying(&version, "two");
    for request in [
        put(&version, &other),
        Request::new("PUT", "/upload").body(&other),
    ] {
        let answer = registry.send(request);
        is_text(
            &answer,
            409,
            &["example.com/Corp/m@v1.0.0", &sum, &other_sum],
        );
    }
    assert_eq!(registry.file(&version, ModuleFile::Zip).body, zip);
    files_become(&registry, &tree);
    let journal = registry.journal();
    assert_eq!(journal.len(), 1);
    assert_eq!(
        (
            &journal[0]["Event"],
            &journal[0]["Sum"],
            &journal[0]["Size"],
            &journal[0]["Token"]
        ),
        (
            &"publish".into(),
            &sum.into(),
            &zip.len().into(),
            &"local".into()
        )
    );
}

#[test]
fn the_first_answer_is_the_whole_object() {
    let registry = Registry::start(&[]);
    let version = version("example.com/m@v1.0.0");
    let (zip, sum) = zip_saying(&version, "");
    let answer = registry.send(Request::new("PUT", "/upload").chunked(&zip));
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let fields = json(&answer);
    assert_eq!(fields["Sum"], sum);
    // The time of now, to the second, as the file has it.
    let time = fields["Time"].as_str().unwrap();
    assert_eq!(time.len(), TIME.len());
    let info = registry.file(&version, ModuleFile::Info);
    assert_eq!(
        serde_json::from_slice::<Value>(&info.body).unwrap()["Time"],
        time
    );
    let text = answer.text();
    let at = |name: &str| text.find(&format!("\"{name}\":")).unwrap();
    assert!(
        ["Path", "Version", "Time", "Sum", "GoModSum", "Size"]
            .map(at)
            .is_sorted()
    );
}

#[test]
fn a_zip_without_a_go_mod() {
    let registry = Registry::start(&[]);
    let version = version("example.com/Old@v1.0.0+incompatible");
    let files: [(&str, &[u8]); 1] = [("old.go", b"package old\n")];
    let answer = registry.publish(&version, &zip_with(&version, &files));
    let synthesized = "module example.com/Old\n";
    let fields = json(&answer);
    assert_eq!(fields["Sum"], sum_of_files(&version, &files));
    assert_eq!(fields["GoModSum"], sum_of_go_mod(synthesized));
    assert_eq!(registry.file(&version, ModuleFile::Mod).text(), synthesized);
}

#[test]
fn deleted_for_ever() {
    let version = version("example.com/Corp/m@v1.0.0");
    let (registry, zip, sum) = with_one(&version);
    let next = crate::support::tree::version("example.com/Corp/m@v1.1.0");
    registry.publish(&next, &zip_saying(&next, "").0);
    let answer = registry.send(delete(&version));
    is_text(
        &answer,
        200,
        &["example.com/Corp/m@v1.0.0 is deleted", "`retract v1.0.0`"],
    );
    let as_json = registry.send(delete(&next).header("Accept", "application/json"));
    assert_eq!(as_json.status, 200);
    assert_eq!(
        as_json.text(),
        format!(
            "{{\"Path\":\"example.com/Corp/m\",\"Version\":\"v1.1.0\",\"Sum\":\"{}\"}}\n",
            zip_saying(&next, "").1
        )
    );
    for file in [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip] {
        is_text(&registry.file(&version, file), 410, &["deleted"]);
    }
    assert_eq!(registry.list("example.com/Corp/m").status, 404);
    is_text(
        &registry.send(delete(&version)),
        410,
        &["was deleted before"],
    );
    let unknown = crate::support::tree::version("example.com/Corp/m@v1.2.0");
    is_text(
        &registry.send(delete(&unknown)),
        404,
        &["example.com/Corp/m@v1.2.0 is not on this server"],
    );
    let (other, other_sum) = zip_saying(&version, "two");
    is_text(
        &registry.send(put(&version, &other)),
        409,
        &["was deleted", &sum, &other_sum],
    );
    let directory = "example.com/!corp/m/@v";
    files_become(
        &registry,
        &["v1.0.0.deleted", "v1.1.0.deleted"].map(|name| format!("{directory}/{name}")),
    );

    registry.publish(&version, &zip);
    assert_eq!(registry.list("example.com/Corp/m").text(), "v1.0.0\n");
    assert_eq!(registry.file(&version, ModuleFile::Zip).body, zip);
    let mut tree = files_of("example.com/!corp/m", "v1.0.0");
    tree.push(format!("{directory}/v1.1.0.deleted"));
    files_become(&registry, &tree);
    let kinds: Vec<_> = registry
        .journal()
        .iter()
        .map(|event| event["Event"].clone())
        .collect();
    assert_eq!(kinds, ["publish", "publish", "delete", "delete", "publish"]);
}

#[test]
fn what_a_killed_server_did_not_note_is_noted_by_who_comes_again() {
    let version = version("example.com/m@v1.0.0");
    let (registry, zip, sum) = with_one(&version);
    // As it is when the kill comes between the files and the line.
    std::fs::remove_file(registry.tree.root().join(".athens/journal.jsonl")).unwrap();
    for _ in 0..2 {
        assert_eq!(registry.send(put(&version, &zip)).status, 200);
        assert_eq!(registry.events("publish", &version), 1);
    }
    assert_eq!(registry.journal()[0]["Sum"], sum);
    registry.send(delete(&version));
    registry.publish(&version, &zip);
    assert_eq!(registry.send(put(&version, &zip)).status, 200);
    assert_eq!(registry.events("publish", &version), 2);
}
