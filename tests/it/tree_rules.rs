//! What lies in the folder and what is answered for it: torn files, leftovers of a module cache, links, devices.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use athens::catalog::WatchMode;
use athens::module::{ModulePath, ModuleVersion, VersionQuery};
use athens::proxy::{Caller, ErrorKind, ModuleProxy, ProxyError, ProxySettings};
use athens::store::{Content, ModuleFile, Object};

use tokio::runtime::Runtime;

use crate::support::tools::eventually;
use crate::support::tree::{Tree, go_mod, info_of, version, zip_of, zip_with};

/// The library over a root, asked from a test that is not asynchronous.
struct Asked {
    proxy: Arc<ModuleProxy>,
    runtime: Runtime,
}

fn open(tree: &Tree, read_only: bool) -> Asked {
    let proxy = ModuleProxy::open(&ProxySettings {
        read_only,
        watch: WatchMode::Off,
        scan_interval: Duration::ZERO,
        ..ProxySettings::of_folder(tree.root().to_owned())
    });
    Asked {
        proxy: proxy.unwrap(),
        runtime: tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
    }
}

fn text(object: Object) -> String {
    match object.content {
        Content::Memory(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Content::File(file) => {
            String::from_utf8(file.read_all_blocking().unwrap().to_vec()).unwrap()
        }
    }
}

impl Asked {
    fn file(&self, version: &ModuleVersion, file: ModuleFile) -> Result<Object, ProxyError> {
        self.runtime
            .block_on(self.proxy.file(version, file, &Caller::default()))
    }

    fn info(&self, module: &str, query: &str) -> Result<Object, ProxyError> {
        let query = VersionQuery::from_escaped(query).unwrap();
        self.runtime.block_on(
            self.proxy
                .info(&module.parse().unwrap(), &query, &Caller::default()),
        )
    }

    fn latest(&self, module: &str) -> String {
        text(
            self.runtime
                .block_on(
                    self.proxy
                        .latest(&module.parse().unwrap(), &Caller::default()),
                )
                .unwrap(),
        )
    }

    fn list(&self, module: &str) -> Option<String> {
        let module: ModulePath = module.parse().unwrap();
        match self
            .runtime
            .block_on(self.proxy.list(&module, &Caller::default()))
        {
            Ok(list) => Some(text(list)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until files that were just written are old enough to be judged.
    fn settled_list(&self, module: &str, want: &str) {
        eventually(&format!("the list of {module} is {want:?}"), || {
            (self.list(module).as_deref() == Some(want)).then_some(())
        });
    }
}

/// Waits until a file has this content.
fn file_becomes(path: &Path, want: &str) {
    eventually(&format!("{} is {want:?}", path.display()), || {
        fs::read_to_string(path)
            .is_ok_and(|content| content == want)
            .then_some(())
    });
}

#[test]
fn lists_tagged_versions_in_order_and_no_others() {
    let tree = Tree::new();
    for version in [
        "v1.10.0",
        "v1.9.0",
        "v1.10.0-rc.1",
        "v0.0.0-20260102150405-abcdef123456",
        "v1.9.0-RC2",
    ] {
        tree.add(&format!("example.com/Corp/m@{version}"));
    }
    let versions = "example.com/!corp/m/@v";
    for (name, content) in [
        ("v1.11.0.info", "{\"Version\":\"v1.11.0\"}"),
        ("v1.12.0.mod", "module example.com/Corp/m\n"),
        ("v1.13.0.lock", ""),
        ("v1.13.0.zip1234.tmp", "PK"),
        ("v1.13.0.partial", ""),
        ("v1.13.0.ziphash", "h1:x"),
        ("list", "v9.9.9\nv0.0.0-20260102150405-abcdef123456\n"),
        ("v1.9.0-RC9.zip", "unescaped"),
        ("master.info", "{\"Version\":\"v1.10.0\"}"),
        ("v1.14.zip", "short"),
        ("v2.0.0.zip", "wrong major"),
        ("v1.14.0+meta.zip", "build metadata"),
        (".DS_Store", "x"),
        ("README", "x"),
    ] {
        tree.write_path(&format!("{versions}/{name}"), content.as_bytes());
    }
    fs::create_dir_all(tree.root().join(versions).join("v1.15.0.zip")).unwrap();
    let proxy = open(&tree, false);
    proxy.settled_list(
        "example.com/Corp/m",
        "v1.9.0-RC2\nv1.9.0\nv1.10.0-rc.1\nv1.10.0\n",
    );
    assert!(proxy.latest("example.com/Corp/m").contains("\"v1.10.0\""));
    // Alone, for somebody's module graph: served by name, never listed.
    let alone = version("example.com/Corp/m@v1.12.0");
    assert_eq!(
        text(proxy.file(&alone, ModuleFile::Mod).unwrap()),
        "module example.com/Corp/m\n"
    );
    let pseudo = version("example.com/Corp/m@v0.0.0-20260102150405-abcdef123456");
    assert!(proxy.file(&pseudo, ModuleFile::Zip).is_ok());
    assert_eq!(
        proxy
            .info("example.com/Corp/m", "master")
            .unwrap_err()
            .kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn an_untagged_module_has_an_empty_list_and_an_unknown_one_none() {
    let tree = Tree::new();
    tree.add("example.com/new@v0.0.0-20260102150405-abcdef123456");
    tree.add("example.com/new@v0.0.0-20250102150405-bbbbbbbbbbbb");
    tree.write(
        &version("example.com/graph@v1.0.0"),
        ModuleFile::Mod,
        b"module example.com/graph\n",
    );
    let proxy = open(&tree, false);
    proxy.settled_list("example.com/new", "");
    assert!(
        proxy
            .latest("example.com/new")
            .contains("v0.0.0-20260102150405-abcdef123456")
    );
    assert_eq!(proxy.list("example.com/none"), None);
    assert_eq!(proxy.list("example.com/new/package"), None);
    assert_eq!(proxy.list("example.com/graph"), None);
}

#[test]
fn what_is_torn_is_neither_listed_nor_served() {
    let zip = |text: &str| zip_of(&version(text));
    let cases: [(&str, ModuleFile, Vec<u8>); 13] = [
        ("v1.0.1", ModuleFile::Zip, vec![]),
        ("v1.0.2", ModuleFile::Zip, vec![0; 500]),
        (
            "v1.0.3",
            ModuleFile::Zip,
            zip("example.com/m@v1.0.3")[..100].to_vec(),
        ),
        ("v1.0.4", ModuleFile::Zip, zip("example.com/other@v1.0.4")),
        ("v1.0.5", ModuleFile::Zip, zip("example.com/m@v1.0.4")),
        ("v1.0.6", ModuleFile::Info, vec![]),
        ("v1.0.7", ModuleFile::Info, vec![0; 60]),
        (
            "v1.0.8",
            ModuleFile::Info,
            info_of(&version("example.com/m@v1.0.7")).into(),
        ),
        (
            "v1.0.9",
            ModuleFile::Info,
            b"{\"Version\":\"v1.0.9\",\"Time\":\"\"}".to_vec(),
        ),
        ("v1.0.10", ModuleFile::Info, b"<html>".to_vec()),
        ("v1.0.11", ModuleFile::Mod, vec![]),
        ("v1.0.12", ModuleFile::Mod, vec![0; 30]),
        (
            "v1.0.13",
            ModuleFile::Mod,
            b"//vgo 0.0.4\nmodule example.com/m\n".to_vec(),
        ),
    ];
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    for (name, file, content) in &cases {
        let text = format!("example.com/m@{name}");
        tree.add(&text);
        tree.write(&version(&text), *file, content);
    }
    // Sound by itself, but not the go.mod that the zip has: not listed, for the graph still served.
    tree.add("example.com/m@v1.0.14");
    tree.write(
        &version("example.com/m@v1.0.14"),
        ModuleFile::Mod,
        b"module example.com/fork\n",
    );
    let proxy = open(&tree, false);
    proxy.settled_list("example.com/m", "v1.0.0\n");
    for (name, file, _) in &cases {
        let error = proxy
            .file(&version(&format!("example.com/m@{name}")), *file)
            .unwrap_err();
        assert!(
            matches!(error, ProxyError::Unservable { .. }),
            "{name}{file}: {error}"
        );
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    assert!(
        proxy
            .file(&version("example.com/m@v1.0.14"), ModuleFile::Mod)
            .is_ok()
    );
}

#[test]
fn a_lone_zip_gets_its_other_files() {
    for read_only in [false, true] {
        let tree = Tree::new();
        let (with, without) = (
            version("example.com/m@v1.0.0"),
            version("example.com/m@v1.1.0"),
        );
        let pseudo = version("example.com/m@v0.0.0-20240102030405-abcdef123456");
        tree.write(&with, ModuleFile::Zip, &zip_of(&with));
        tree.write(
            &without,
            ModuleFile::Zip,
            &zip_with(&without, &[("m.go", b"package m\n")]),
        );
        tree.write(&pseudo, ModuleFile::Zip, &zip_of(&pseudo));
        let proxy = open(&tree, read_only);
        proxy.settled_list("example.com/m", "v1.0.0\nv1.1.0\n");
        assert_eq!(
            text(proxy.file(&with, ModuleFile::Mod).unwrap()),
            go_mod(&with)
        );
        assert_eq!(
            text(proxy.file(&without, ModuleFile::Mod).unwrap()),
            "module example.com/m\n"
        );
        let info = text(proxy.file(&pseudo, ModuleFile::Info).unwrap());
        assert_eq!(
            info,
            format!(
                "{{\"Version\":\"{}\",\"Time\":\"2024-01-02T03:04:05Z\"}}",
                pseudo.version()
            )
        );
        let info = text(proxy.file(&with, ModuleFile::Info).unwrap());

        if read_only {
            assert!(
                !tree.path_of(&with, ModuleFile::Mod).exists()
                    && !tree.root().join(".athens").exists()
            );
        } else {
            file_becomes(
                &tree.versions_of("example.com/m").join("list"),
                "v1.0.0\nv1.1.0\n",
            );
            file_becomes(&tree.path_of(&with, ModuleFile::Info), &info);
            file_becomes(
                &tree.path_of(&without, ModuleFile::Mod),
                "module example.com/m\n",
            );
            file_becomes(
                &tree.root().join("example.com/m/@latest"),
                &proxy.latest("example.com/m"),
            );
        }
    }
}

#[test]
fn derived_files_come_back() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0").add("example.com/m@v1.1.0");
    let proxy = open(&tree, false);
    proxy.settled_list("example.com/m", "v1.0.0\nv1.1.0\n");
    let list_file = tree.versions_of("example.com/m").join("list");
    let latest_file = tree.root().join("example.com/m/@latest");
    file_becomes(&list_file, "v1.0.0\nv1.1.0\n");
    file_becomes(&latest_file, &info_of(&version("example.com/m@v1.1.0")));
    drop(proxy);
    fs::write(&list_file, "v6.6.6\n").unwrap();
    fs::remove_file(&latest_file).unwrap();
    // A new start brings them back, asked or not.
    let _proxy = open(&tree, false);
    file_becomes(&list_file, "v1.0.0\nv1.1.0\n");
    file_becomes(&latest_file, &info_of(&version("example.com/m@v1.1.0")));
}

#[test]
fn nothing_but_regular_files_below_the_root_is_read() {
    let outside = Tree::new();
    outside.add("example.com/m@v1.0.0");
    let tree = Tree::new();
    let at = |number: usize| version(&format!("example.com/m@v1.0.{number}"));
    tree.add("example.com/m@v1.0.0");
    let versions = tree.versions_of("example.com/m");
    let secret = outside.path_of(&version("example.com/m@v1.0.0"), ModuleFile::Mod);
    let place = |number: usize| tree.path_of(&at(number), ModuleFile::Mod);
    symlink(&secret, place(1)).unwrap();
    symlink("../../../../../../../../etc/passwd", place(2)).unwrap();
    symlink("/dev/zero", place(3)).unwrap();
    symlink("v1.0.4.mod", place(4)).unwrap();
    fs::create_dir(place(5)).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(place(6))
        .status()
        .unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(place(7)).unwrap();
    // Only root may make a device; for others there is no such case.
    let has_device = std::process::Command::new("mknod")
        .arg(place(8))
        .args(["c", "1", "5"])
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let proxy = open(&tree, false);
    for number in 1..=if has_device { 8 } else { 7 } {
        let error = proxy.file(&at(number), ModuleFile::Mod).unwrap_err();
        assert!(
            matches!(error, ProxyError::Unservable { .. }),
            "case {number}: {error:?}"
        );
    }
    // Whole directories that lead out.
    symlink(
        outside.root().join("example.com/m"),
        tree.root().join("example.com/linked"),
    )
    .unwrap();
    symlink(outside.root(), tree.root().join("example.net")).unwrap();
    for text in ["example.com/linked@v1.0.0", "example.net/m@v1.0.0"] {
        let error = proxy.file(&version(text), ModuleFile::Mod).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert_eq!(proxy.list(version(text).path().as_str()), None);
    }
    // A link that stays is followed.
    symlink("v1.0.0.mod", versions.join("v1.0.9.mod")).unwrap();
    assert!(proxy.file(&at(9), ModuleFile::Mod).is_ok());
    proxy.settled_list("example.com/m", "v1.0.0\n");
}
