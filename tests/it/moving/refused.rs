use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::write;
use crate::support::carrier::{import, is_verified};
use crate::support::tools::{files_below, require_tool};
use crate::support::tree::{go_mod, info_of, version, zip_of, zip_with};

/// Writes a version as Athens does, in the directory of another one perhaps.
fn save(folder: &Path, directory: &str, text: &str) {
    let version = version(text);
    let name = directory.rsplit_once('/').unwrap().1;
    let directory = folder.join(directory);
    write(&directory.join("go.mod"), go_mod(&version));
    write(&directory.join("source.zip"), zip_of(&version));
    let info = info_of(&version);
    write(&directory.join(format!("{name}.info")), info);
}

#[test]
fn each_mistake_is_said_and_the_rest_comes_in() {
    let Some(mkfifo) = require_tool("mkfifo") else {
        return;
    };
    let scratch = TempDir::new().unwrap();
    let [old, root] = ["old", "root"].map(|name| scratch.path().join(name));
    fs::create_dir_all(&root).unwrap();
    let secret = scratch.path().join("secret");
    fs::write(&secret, zip_of(&version("example.com/link@v1.0.0"))).unwrap();

    save(&old, "example.com/good/v1.0.0", "example.com/good@v1.0.0");
    save(&old, "example.com/Good/v1.0.0", "example.com/Good@v1.0.0");
    // Content of another version, of another module, and of another casing.
    save(&old, "example.com/good/v1.1.0", "example.com/good@v1.0.0");
    save(&old, "example.com/other/v1.0.0", "example.com/good@v1.0.0");
    save(&old, "example.com/GOOD/v1.0.0", "example.com/good@v1.0.0");
    // A go.mod that is not that of the zip.
    save(&old, "example.com/mod/v1.0.0", "example.com/mod@v1.0.0");
    write(
        &old.join("example.com/mod/v1.0.0/go.mod"),
        "module example.com/evil\n",
    );
    // An .info about another version is made anew: the zip says which one it is.
    save(&old, "example.com/info/v1.0.0", "example.com/info@v1.0.0");
    write(
        &old.join("example.com/info/v1.0.0/v1.0.0.info"),
        info_of(&version("example.com/info@v1.9.0")),
    );
    // A zip that is no module.
    save(&old, "example.com/slip/v1.0.0", "example.com/slip@v1.0.0");
    let slip = zip_with(&version("example.com/slip@v1.0.0"), &[("../../x", b"x")]);
    write(&old.join("example.com/slip/v1.0.0/source.zip"), slip);
    // Links out, FIFOs and directories in the place of files; a loop of directories.
    for (module, file) in [("link", "source.zip"), ("linkmod", "go.mod")] {
        let directory = format!("example.com/{module}/v1.0.0");
        save(&old, &directory, &format!("example.com/{module}@v1.0.0"));
        fs::remove_file(old.join(&directory).join(file)).unwrap();
        symlink(&secret, old.join(&directory).join(file)).unwrap();
    }
    save(&old, "example.com/fifo/v1.0.0", "example.com/fifo@v1.0.0");
    let fifo = old.join("example.com/fifo/v1.0.0/source.zip");
    fs::remove_file(&fifo).unwrap();
    assert!(Command::new(mkfifo).arg(&fifo).status().unwrap().success());
    symlink("..", old.join("example.com/good/loop")).unwrap();
    // Names that are none.
    save(&old, "example.com/good/v1", "example.com/good@v1.0.0");
    save(&old, "example.com/good/v2.0.0", "example.com/good@v1.0.0");
    save(&old, "example.com/sp ace/v1.0.0", "example.com/good@v1.0.0");
    write(
        &old.join("example.com/!good/v1.0.0/go.mod"),
        "module example.com/Good\n",
    );
    for number in 0..1000 {
        write(
            &old.join(format!("example.com/good/v1.0.0/junk-{number:04}")),
            "",
        );
    }
    write(&old.join("README"), "");
    write(
        &old.join("example.com/large/v1.0.0/go.mod"),
        vec![b'/'; (16 << 20) + 1],
    );

    let (told, outcomes) = import(&root, &old, &["--from", "athens-disk"]);
    let of = |module: &str| {
        let (outcome, why) = &outcomes[&format!("example.com/{module}")];
        format!("{outcome} {why}")
    };
    for (module, found) in [
        ("good@v1.0.0", "imported "),
        ("Good@v1.0.0", "imported "),
        ("good@v1.1.0", "refused"),
        ("other@v1.0.0", "refused"),
        ("GOOD@v1.0.0", "refused"),
        ("mod@v1.0.0", "not the go.mod of its zip"),
        ("info@v1.0.0", "imported "),
        ("slip@v1.0.0", "refused"),
        ("link@v1.0.0", "does not stay below the root"),
        ("linkmod@v1.0.0", "does not stay below the root"),
        ("fifo@v1.0.0", "is not a regular file"),
        ("large@v1.0.0", "is larger than"),
    ] {
        let outcome = of(module);
        assert!(outcome.contains(found), "{module}: {outcome}");
    }
    assert_eq!(outcomes.len(), 12, "{outcomes:?}");
    assert_eq!((told.code, told.err.as_str()), (1, ""));

    let passed: Vec<String> = told
        .json()
        .iter()
        .filter_map(|line| {
            let [path, why] = ["passed", "why"].map(|name| line[name].as_str());
            Some(format!("{} {}", path?, why?))
        })
        .collect();
    for expected in [
        "README is no file of a version",
        "example.com/good/loop is no file of a version",
        "example.com/good/v1.0.0/junk-0000 is no file of a version (and 999 more there)",
        "example.com/good/v1/go.mod lies in no directory of a version: its name is no canonical version (and 2 more there)",
    ] {
        assert!(passed.iter().any(|line| line == expected), "{passed:#?}");
    }
    for place in [
        "v2.0.0/go.mod",
        "sp ace/v1.0.0/go.mod",
        "!good/v1.0.0/go.mod",
    ] {
        let said = passed.iter().filter(|line| line.contains(place)).count();
        assert_eq!(said, 1, "{place}: {passed:#?}");
    }
    assert_eq!(passed.len(), 7, "{passed:#?}");

    is_verified(&root);
    let zips = files_below(&root)
        .into_iter()
        .filter(|name| name.ends_with(".zip"));
    assert_eq!(
        zips.collect::<Vec<_>>(),
        [
            "example.com/!good/@v/v1.0.0.zip",
            "example.com/good/@v/v1.0.0.zip",
            "example.com/info/@v/v1.0.0.zip"
        ]
    );
}
