//! `athens verify`: what it finds, what `--fix` does about it, and that nothing is ever lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use athens::module::{ModuleVersion, Sum};
use athens::modzip::zip_sum;
use athens::store::{DirStore, Event, EventKind, ModuleFile, OpenMode, StoreKey, Tombstone};
use serde_json::Value;

use crate::support::server::athens;
use crate::support::tools::files_below;
use crate::support::tree::{Tree, info_of, version, zip_of, zip_with};

const JOURNAL: &str = ".athens/journal.jsonl";
const VERSIONS: &str = "example.com/m/@v";

fn told(mut command: Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn run(root: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = athens();
    command
        .arg("verify")
        .args(arguments)
        .arg("--root")
        .arg(root);
    told(command)
}

/// The findings of `athens verify --json`, and its exit code.
fn findings(root: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let (code, out, err) = run(root, &[arguments, &["--json"]].concat());
    assert_eq!(err, "");
    let mut lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap();
    assert_eq!(summary["summary"]["findings"], lines.len(), "{summary}");
    (code, lines)
}

fn store(tree: &Tree) -> DirStore {
    DirStore::open(tree.root(), OpenMode::ReadWrite).unwrap()
}

fn sum_of(version: &ModuleVersion, zip: &[u8]) -> Sum {
    zip_sum(zip, zip.len() as u64, version).unwrap()
}

/// Four versions, of which the journal knows two, with all that belongs to them.
fn sound_tree() -> Tree {
    let tree = Tree::new();
    let store = store(&tree);
    for name in ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0-rc.1"] {
        let text = format!("example.com/m@{name}");
        tree.add(&text);
        let version = version(&text);
        let key = StoreKey::File(&version, ModuleFile::Zip);
        let zip = store.read_blocking(&key).unwrap().unwrap();
        let sum = sum_of(&version, &zip_of(&version));
        store
            .staging()
            .prove(&version, &sum, &zip.identity())
            .unwrap();
        if name < "v1.2.0" {
            let mut event = Event::new(EventKind::Publish, &version).zip(sum, zip.len());
            store.journal().append(&mut event).unwrap();
        }
    }
    let mut reindex = athens();
    reindex.arg("reindex").arg("--root").arg(tree.root());
    assert_eq!(told(reindex).0, 0);
    tree
}

/// What every file holds, and where every link leads.
fn contents(root: &Path) -> BTreeMap<String, Vec<u8>> {
    files_below(root)
        .into_iter()
        .map(|path| {
            let file = root.join(&path);
            let content = match fs::read_link(&file) {
                Ok(target) => target.into_os_string().into_encoded_bytes(),
                Err(_) => fs::read(&file).unwrap(),
            };
            (path, content)
        })
        .collect()
}

/// Every byte that was there is somewhere; the journal has grown at most.
fn nothing_is_lost(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) {
    for (path, content) in before {
        let is_kept = if path == JOURNAL {
            after[path].starts_with(content)
        } else {
            after.values().any(|kept| kept == content)
        };
        assert!(is_kept, "{path} is lost: {:#?}", after.keys());
    }
}

struct Case {
    name: &'static str,
    damage: fn(&Tree),
    /// Path, kind and a part of the problem of each finding.
    findings: &'static [(&'static str, &'static str, &'static str)],
    /// Whether --fix mends all of it.
    is_mended: bool,
}

fn overwrite(tree: &Tree, name: &str, content: &[u8]) {
    tree.write_path(&format!("{VERSIONS}/{name}"), content);
}

fn remove(tree: &Tree, name: &str) {
    fs::remove_file(tree.versions_of("example.com/m").join(name)).unwrap();
}

fn link_outside(tree: &Tree, name: &str) {
    remove(tree, name);
    symlink(
        "/etc/hostname",
        tree.versions_of("example.com/m").join(name),
    )
    .unwrap();
}

const CASES: &[Case] = &[
    Case {
        name: "a zip full of NULs",
        damage: |tree| overwrite(tree, "v1.1.0.zip", &[0; 4096]),
        findings: &[
            ("@v/v1.1.0.zip", "zip", "can not be used by the go command"),
            ("@v/list", "list", "names v1.1.0, which must not be listed"),
        ],
        is_mended: true,
    },
    Case {
        name: "a flipped byte in a file of a zip",
        damage: |tree| {
            let mut zip = zip_of(&version("example.com/m@v1.2.0"));
            let end = zip.len();
            // In the data of m.go: past the header and name of the second entry.
            let second = zip
                .windows(4)
                .rposition(|four| four == b"PK\x03\x04")
                .unwrap();
            assert!(second + 60 < end);
            zip[second + 30 + "example.com/m@v1.2.0/m.go".len() + 3] ^= 0x10;
            overwrite(tree, "v1.2.0.zip", &zip);
        },
        findings: &[
            ("@v/v1.2.0.zip", "zip", "m.go"),
            ("@v/list", "list", "names v1.2.0"),
            ("m/@latest", "latest", "is not the .info"),
        ],
        is_mended: true,
    },
    Case {
        name: "another zip in the place of a published one",
        damage: |tree| {
            let version = version("example.com/m@v1.1.0");
            let go_mod = "module example.com/m\n\ngo 1.13\n";
            let zip = zip_with(
                &version,
                &[("go.mod", go_mod.as_bytes()), ("n.go", b"package m\n")],
            );
            overwrite(tree, "v1.1.0.zip", &zip);
        },
        findings: &[
            ("@v/v1.1.0.zip", "sum", "the journal knows it as h1:"),
            ("@v/list", "list", "names v1.1.0"),
        ],
        is_mended: true,
    },
    Case {
        name: "a wrong .ziphash beside a zip that the journal knows",
        damage: |tree| {
            overwrite(
                tree,
                "v1.1.0.ziphash",
                Sum::new([7; 32]).to_string().as_bytes(),
            )
        },
        findings: &[(
            "@v/v1.1.0.ziphash",
            "ziphash",
            "the zip and the journal say",
        )],
        is_mended: true,
    },
    Case {
        name: "another .ziphash beside a zip that nobody else knows",
        damage: |tree| {
            overwrite(
                tree,
                "v1.2.0.ziphash",
                Sum::new([7; 32]).to_string().as_bytes(),
            )
        },
        findings: &[
            ("@v/v1.2.0.zip", "sum", "its .ziphash says h1:"),
            ("@v/list", "list", "names v1.2.0"),
            ("m/@latest", "latest", "is not the .info"),
        ],
        is_mended: true,
    },
    Case {
        name: "a torn .ziphash",
        damage: |tree| overwrite(tree, "v1.2.0.ziphash", b"h1:abc"),
        findings: &[("@v/v1.2.0.ziphash", "ziphash", "is no h1: sum")],
        is_mended: true,
    },
    Case {
        name: "a .mod that is not the zip's",
        damage: |tree| overwrite(tree, "v1.1.0.mod", b"module example.com/other\n"),
        findings: &[("@v/v1.1.0.mod", "mod", "is not the go.mod that the zip")],
        is_mended: true,
    },
    Case {
        name: "an empty .mod without a zip",
        damage: |tree| overwrite(tree, "v1.0.1.mod", b""),
        findings: &[("@v/v1.0.1.mod", "mod", "is empty")],
        is_mended: true,
    },
    Case {
        name: "an .info of another version",
        damage: |tree| {
            let other = info_of(&version("example.com/m@v1.2.0"));
            overwrite(tree, "v1.1.0.info", other.as_bytes());
        },
        findings: &[("@v/v1.1.0.info", "info", "v1.2.0")],
        is_mended: true,
    },
    Case {
        name: "a missing .info and .mod",
        damage: |tree| {
            remove(tree, "v1.1.0.info");
            remove(tree, "v1.1.0.mod");
        },
        findings: &[
            ("@v/v1.1.0.mod", "missing", "is missing"),
            ("@v/v1.1.0.info", "missing", "is missing"),
        ],
        is_mended: true,
    },
    Case {
        name: "a list with an extra and a missing version",
        damage: |tree| overwrite(tree, "list", b"v1.0.0\nv1.2.0\nv1.3.0-rc.1\nv9.9.9\n"),
        findings: &[(
            "@v/list",
            "list",
            "names v9.9.9, which must not be listed, and lacks v1.1.0",
        )],
        is_mended: true,
    },
    Case {
        name: "no @latest",
        damage: |tree| remove(tree, "../@latest"),
        findings: &[("m/@latest", "latest", "is missing")],
        is_mended: true,
    },
    Case {
        name: "a deleted version that came back",
        damage: |tree| {
            let version = version("example.com/m@v1.3.0-rc.1");
            let tombstone = Tombstone::new(&version, sum_of(&version, &zip_of(&version)), "t");
            store(tree).staging().bury(&version, &tombstone).unwrap();
            tree.add("example.com/m@v1.3.0-rc.1");
        },
        findings: &[
            (
                "@v/v1.3.0-rc.1.zip",
                "returned",
                "was deleted from this server",
            ),
            ("@v/list", "list", "names v1.3.0-rc.1"),
        ],
        is_mended: true,
    },
    Case {
        name: "a torn tombstone",
        damage: |tree| overwrite(tree, "v0.9.0.deleted", b"{\"Version\":\"v0.9"),
        findings: &[("@v/v0.9.0.deleted", "tombstone", "can not be read")],
        is_mended: false,
    },
    Case {
        name: "a torn line in the journal",
        damage: |tree| {
            let journal = fs::read(tree.root().join(JOURNAL)).unwrap();
            let torn = [&journal[..], &journal[..40]].concat();
            tree.write_path(JOURNAL, &torn);
        },
        findings: &[("journal.jsonl", "journal", "line 3 is torn")],
        is_mended: true,
    },
    Case {
        name: "lines in the journal that are out of order",
        damage: |tree| {
            let journal = fs::read_to_string(tree.root().join(JOURNAL)).unwrap();
            let (one, two) = journal.split_once('\n').unwrap();
            tree.write_path(JOURNAL, format!("{two}x\n{one}\n").as_bytes());
        },
        findings: &[
            ("journal.jsonl", "journal", "line 2 is no event"),
            ("journal.jsonl", "journal", "line 3 is not later"),
        ],
        is_mended: true,
    },
    Case {
        name: "a published version that was removed by hand",
        damage: |tree| {
            tree.remove("example.com/m@v1.1.0");
            remove(tree, "v1.1.0.ziphash");
        },
        findings: &[
            ("@v/list", "list", "names v1.1.0"),
            ("@v/v1.1.0.zip", "gone", "was published, is gone"),
        ],
        is_mended: true,
    },
    Case {
        name: "a leftover of a killed writer",
        damage: |tree| tree.write_path(".athens/staging/1-0", b"half a zip"),
        findings: &[("staging/1-0", "leftover", "left behind")],
        is_mended: true,
    },
    Case {
        name: "an .info that is a link out of the root",
        damage: |tree| link_outside(tree, "v1.1.0.info"),
        findings: &[("@v/v1.1.0.info", "info", "does not stay below the root")],
        is_mended: true,
    },
    Case {
        name: "a zip that is a link out of the root",
        damage: |tree| link_outside(tree, "v1.2.0.zip"),
        findings: &[
            ("@v/v1.2.0.zip", "zip", "does not stay below the root"),
            ("@v/list", "list", "names v1.2.0"),
            ("m/@latest", "latest", ""),
        ],
        is_mended: true,
    },
    Case {
        name: "a list that is a link out of the root",
        damage: |tree| link_outside(tree, "list"),
        findings: &[("@v/list", "list", "does not stay below the root")],
        is_mended: true,
    },
    Case {
        name: "names that are not part of the layout",
        damage: |tree| {
            overwrite(tree, "V1.1.0.zip", b"x");
            tree.write_path("Example.com/x/@v/list", b"");
        },
        findings: &[
            (
                "Example.com/x/@v",
                "name",
                "is not the directory of a module",
            ),
            ("@v/V1.1.0.zip", "name", "is not an escaped version"),
        ],
        is_mended: false,
    },
];

fn check(case: &Case) {
    let tree = sound_tree();
    let root = tree.root();
    (case.damage)(&tree);
    let before = contents(root);
    let expect = |found: &[Value], what: &str| {
        let said = || format!("{} {what}: {found:#?}", case.name);
        assert_eq!(found.len(), case.findings.len(), "{}", said());
        for (path, kind, problem) in case.findings {
            let is_said = |finding: &&Value| {
                let text = |name: &str| finding[name].as_str().unwrap().to_owned();
                text("path").ends_with(path)
                    && text("kind") == *kind
                    && text("problem").contains(problem)
            };
            assert!(found.iter().any(|one| is_said(&one)), "{kind} {}", said());
        }
    };
    let (code, found) = findings(root, &[]);
    expect(&found, "found");
    assert_eq!(code, 1);
    assert!(found.iter().all(|finding| finding["fixed"].is_null()));
    assert_eq!(contents(root), before, "{}: read only", case.name);

    let (code, found) = findings(root, &["--fix"]);
    expect(&found, "mended");
    assert_eq!(code, 1);
    for finding in &found {
        assert_eq!(finding["fixed"], case.is_mended, "{}: {finding}", case.name);
    }
    nothing_is_lost(&before, &contents(root));

    let (code, found) = findings(root, &[]);
    if case.is_mended {
        assert_eq!((code, found), (0, vec![]), "{}", case.name);
    } else {
        expect(&found, "left");
    }
}

#[test]
fn every_damage_is_found_and_mended_and_nothing_is_lost() {
    // Each waits until its directory has come to rest.
    let wrong: Vec<&str> = std::thread::scope(|scope| {
        let cases: Vec<_> = CASES
            .iter()
            .map(|case| (case.name, scope.spawn(|| check(case))))
            .collect();
        cases
            .into_iter()
            .filter_map(|(name, case)| case.join().is_err().then_some(name))
            .collect()
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_sound_tree_is_praised_and_not_written() {
    let tree = sound_tree();
    let before = contents(tree.root());
    let (code, out, err) = run(tree.root(), &["--jobs", "3"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("1 module with 4 versions checked, ")
            && out.ends_with(" of zips: 0 findings\n")
            && out.lines().count() == 1,
        "{out}"
    );
    assert_eq!(run(tree.root(), &["--fix"]).0, 0);
    // Versions that the journal does not know are noted once they have been left alone for a while.
    let after = contents(tree.root());
    nothing_is_lost(&before, &after);
    let but_the_journal = |mut files: BTreeMap<String, Vec<u8>>| {
        files.remove(JOURNAL);
        files
    };
    assert_eq!(but_the_journal(after), but_the_journal(before));
    let (_, out, _) = run(tree.root(), &["--json"]);
    let last: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(last["summary"]["versions"], 4);
    assert_eq!(last["summary"]["failures"], 0);
}

#[test]
fn lines_say_what_is_wrong_and_what_would_help() {
    let tree = sound_tree();
    overwrite(&tree, "v1.1.0.zip", &[0; 100]);
    let (code, out, _) = run(tree.root(), &[]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("example.com/m/@v/v1.1.0.zip can not be used by the go command: ")
            && out.contains("; --fix would move the version to quarantine\n")
            && out.contains("; --fix would make it anew\n")
            && out.ends_with(": 2 findings\n"),
        "{out}"
    );
    let (code, out, _) = run(tree.root(), &["--fix"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("; moved 4 files of the version to .athens/quarantine/")
            && out.ends_with("2 findings, 2 mended, 0 left\n"),
        "{out}"
    );
    let journal = fs::read_to_string(tree.root().join(JOURNAL)).unwrap();
    assert!(
        journal
            .lines()
            .any(|line| line.contains("\"Event\":\"repair\"") && line.contains("v1.1.0"))
    );
}

#[test]
fn a_module_or_a_version_is_checked_alone() {
    let tree = sound_tree();
    tree.add("example.com/other@v1.0.0");
    overwrite(&tree, "v1.1.0.zip", b"torn");
    for (target, code, wanted) in [
        ("example.com/m", 1, "1 module with 4 versions checked"),
        ("example.com/m@v1.1.0", 1, "1 module with 1 version checked"),
        ("example.com/m@v1.0.0", 0, "0 findings"),
        ("example.com/other", 1, "other/@v/list is missing"),
    ] {
        let (got, out, err) = run(tree.root(), &[target]);
        assert_eq!((got, err.as_str()), (code, ""), "{target}: {out}");
        assert!(out.contains(wanted), "{target}: {out}");
    }
    for (target, code, wanted) in [
        ("example.com/none", 1, "holds no example.com/none"),
        ("example.com/m@v7.0.0", 2, "does not fit"),
        ("example.com/m@v1.9.0", 1, "holds no example.com/m@v1.9.0"),
        ("./none", 2, "the root must be a folder"),
        ("not a module", 2, "is no directory, and no MODULE"),
    ] {
        let (got, out, err) = run(tree.root(), &[target]);
        assert_eq!((got, out.as_str()), (code, ""), "{target}: {err}");
        assert!(err.contains(wanted), "{target}: {err}");
    }
    // A directory counts, whatever --root says.
    let mut command = athens();
    command.arg("verify").arg(tree.root()).arg("--root=/none");
    assert_eq!(told(command).0, 1);
    // One version mended: the list follows.
    assert_eq!(run(tree.root(), &["example.com/m@v1.1.0", "--fix"]).0, 1);
    let list = tree.versions_of("example.com/m").join("list");
    assert_eq!(
        fs::read_to_string(list).unwrap(),
        "v1.0.0\nv1.2.0\nv1.3.0-rc.1\n"
    );
}

#[test]
fn a_root_that_cannot_be_written_is_not_mended() {
    let (tree, binary) = (Tree::new(), Tree::new());
    tree.add("example.com/m@v1.0.0");
    let copy = binary.root().join("athens");
    fs::copy(athens().get_program(), &copy).unwrap();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(binary.root(), 0o755);
    mode(tree.root(), 0o555);
    // Root may write everywhere: then it runs as somebody who may not.
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = Command::new(if is_root { Path::new("setpriv") } else { &copy });
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(&copy);
    }
    command.args(["verify", "--fix", "--root"]).arg(tree.root());
    let (code, out, err) = told(command);
    mode(tree.root(), 0o755);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        err.contains("can not be written, so --fix can mend nothing"),
        "{err}"
    );
    assert!(!tree.root().join(".athens").exists());
}
