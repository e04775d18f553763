use tempfile::TempDir;

use super::{as_in_the_protocol, holds, lay_out, write};
use crate::support::carrier::{import, is_verified, journal, run_with_input};
use crate::support::corpus::corpus;
use crate::support::tools::files_below;
use crate::support::tree::Tree;
use crate::support::upstream::Upstream;

/// The paths that were passed over, and why.
fn passed(told: &crate::support::carrier::Told) -> Vec<(String, String)> {
    let lines = told.json();
    let passed = lines.iter().filter_map(|line| {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        Some((text("passed")?, text("why")?))
    });
    passed.collect()
}

/// goproxy keeps each answer under the path that was asked for: branches, lists and checksum databases, too.
#[test]
fn a_cache_of_goproxy() {
    let Some(corpus) = corpus() else { return };
    let (old, root) = (TempDir::new().unwrap(), Tree::new());
    let files = lay_out(corpus, old.path(), as_in_the_protocol);
    let [master, list, latest, lookup] = [
        "github.com/!burnt!sushi/toml/@v/master.info",
        "github.com/!burnt!sushi/toml/@v/list",
        "github.com/!burnt!sushi/toml/@latest",
        "sumdb/sum.example/lookup/github.com/!burnt!sushi/toml@v1.0.0",
    ];
    for name in [master, list, latest, lookup] {
        write(&old.path().join(name), "anything");
    }
    let (told, outcomes) = import(root.root(), old.path(), &["--from", "proxy-cache"]);
    assert_eq!(told.code, 0, "{}", told.err);
    assert_eq!(outcomes.len(), files.len() / 3);
    holds(root.root(), &files);
    assert!(files_below(root.root()).iter().any(|name| name == lookup));
    assert!(
        journal(root.root())
            .iter()
            .all(|line| line.starts_with("import "))
    );
    assert_eq!(
        passed(&told),
        [(
            master.to_owned(),
            "is not named by a canonical version".to_owned()
        )]
    );
    is_verified(root.root());
}

/// Artifactory exports a directory of metadata beside each file and directory.
#[test]
fn an_export_of_artifactory() {
    let (theirs, old, root) = (Tree::new(), Tree::new(), Tree::new());
    theirs
        .add("example.com/Lib@v1.0.0")
        .add("example.com/m/v2@v2.1.0");
    for name in files_below(theirs.root()) {
        let content = std::fs::read(theirs.root().join(&name)).unwrap();
        old.write_path(&name, &content);
        let metadata = format!("{name}.artifactory-metadata");
        old.write_path(&format!("{metadata}/artifactory-file.xml"), b"<xml/>");
        old.write_path(&format!("{metadata}/properties.xml"), b"<xml/>");
    }
    let folder = "example.com.artifactory-metadata/artifactory-folder.xml";
    old.write_path(folder, b"<xml/>");
    let (told, outcomes) = import(root.root(), old.root(), &["--from", "proxy-cache"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert_eq!(
        outcomes.keys().collect::<Vec<_>>(),
        ["example.com/Lib@v1.0.0", "example.com/m/v2@v2.1.0"]
    );
    assert_eq!(passed(&told), []);
    is_verified(root.root());
}

/// A registry that keeps its modules where nobody can read them: what its catalog names is fetched from it.
#[test]
fn what_a_list_names_is_fetched() {
    let (theirs, root) = (Tree::new(), Tree::new());
    theirs
        .add("corp.example/Lib@v1.0.0")
        .add("corp.example/lib@v1.1.0");
    let upstream = Upstream::of_tree(theirs.root());
    let (url, flags) = (upstream.url(), ["--sumdb", "off", "--private", ""]);
    let arguments = [&["fetch", "--from", "-", "--upstream", &url], &flags[..]].concat();
    let list = "# all of it\ncorp.example/Lib@v1.0.0\ncorp.example/lib v1.1.0\n";
    let told = run_with_input(root.root(), &arguments, list.as_bytes());
    assert_eq!(told.code, 0, "{told:?}");
    // Nobody has to be asked what a version is.
    let asked = upstream.paths();
    assert_eq!(asked.len(), 6, "{asked:?}");
    let is_of_module = |name: &&String| name.contains("/@v/v") && !name.ends_with("hash");
    let files = files_below(root.root());
    assert_eq!(files.iter().filter(is_of_module).count(), 6, "{files:?}");

    let list = root.root().join("list.txt");
    std::fs::write(&list, "corp.example/lib@v1.1.0\ncorp.example/gone@v1.0.0\n").unwrap();
    let arguments = [
        "fetch",
        "--from",
        list.to_str().unwrap(),
        "--upstream",
        &url,
    ];
    let told = run_with_input(root.root(), &[&arguments, &flags[..]].concat(), b"");
    assert_eq!(told.code, 1);
    assert!(told.text().contains("corp.example/gone@v1.0.0"), "{told:?}");

    for (list, said) in [
        (
            &b"corp.example/lib => ../lib\n"[..],
            "line 1: expected MODULE",
        ),
        (b"\n\n", "the files name no module"),
    ] {
        let arguments = ["fetch", "--from", "-", "--upstream", &url];
        let told = run_with_input(root.root(), &arguments, list);
        assert_eq!(told.code, 2);
        assert!(told.err.contains(said), "{told:?}");
    }
}
