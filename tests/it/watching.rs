//! Versions that come and go in the folder while the server is busy: its lists follow, and never run ahead.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use athens::module::ModulePath;
use athens::store::{ModuleFile, StoreKey};

use crate::support::http::get;
use crate::support::server::TestServer;
use crate::support::tools::{eventually, until};
use crate::support::tree::{Tree, go_mod, info_of, version, zip_of};

#[test]
fn with_native_events() {
    follow("native events", &["--watch", "native"]);
}

#[test]
fn with_polling() {
    follow("polling", &["--watch", "poll", "--poll-interval", "300ms"]);
}

#[test]
fn with_next_to_no_watches() {
    follow("3 watches", &["--watch", "native", "--max-watches", "3"]);
}

#[test]
fn without_keeping_lists() {
    follow("no watching", &["--watch", "off"]);
}

/// The system keeps some ten thousand events for a reader that is behind, and drops the rest.
#[test]
fn when_events_are_lost() {
    let tree = Tree::new();
    tree.add("example.com/Busy/m@v1.0.0");
    let server = TestServer::start(tree.root(), &["--watch", "native", "--log-level", "debug"]);
    let path = list_path("example.com/Busy/m");
    assert_eq!(get(&server.url(), &path).text(), "v1.0.0\n");
    let limit: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    server.signal("STOP");
    let noise = tree.versions_of("example.com/Busy/m");
    for number in 0..=limit / 2 {
        // Made and deleted: two events, and different names, which the system does not merge.
        let file = noise.join(format!("{number}.tmp"));
        fs::write(&file, "").unwrap();
        fs::remove_file(file).unwrap();
    }
    tree.add("example.com/Busy/m@v1.1.0");
    server.signal("CONT");
    eventually("the list is read again", || {
        (get(&server.url(), &path).text() == "v1.0.0\nv1.1.0\n").then_some(())
    });
    tree.add("example.com/Busy/m@v1.2.0");
    eventually("events are heard again", || {
        (get(&server.url(), &path).text() == "v1.0.0\nv1.1.0\nv1.2.0\n").then_some(())
    });
    assert!(
        server.stderr().contains("queue overflowed"),
        "{}",
        server.stderr()
    );
    assert!(server.stop().success());
}

/// A server over a tree, under load, and what its lists took to follow.
struct Scene {
    tree: Tree,
    /// Where things are made before they are moved in: on the same file system, outside the root.
    workshop: Tree,
    server: TestServer,
    load: Vec<JoinHandle<u64>>,
    stop: Arc<AtomicBool>,
    /// While something is taken away from a module its list may be behind for a moment.
    shrinking: Arc<Shrinking>,
    slowest: (Duration, String),
}

/// How often something began, and ended, to be taken away from a module: odd while it is.
#[derive(Default)]
struct Shrinking(Mutex<HashMap<String, u32>>);

impl Shrinking {
    fn of(&self, module: &str) -> u32 {
        self.0
            .lock()
            .unwrap()
            .get(module)
            .copied()
            .unwrap_or_default()
    }

    fn begin(&self, module: &str) {
        *self.0.lock().unwrap().entry(module.to_owned()).or_default() |= 1;
    }

    fn end(&self, module: &str) {
        if let Some(count) = self.0.lock().unwrap().get_mut(module) {
            *count += *count % 2;
        }
    }
}

fn follow(mode: &str, flags: &[&str]) {
    let mut scene = Scene::start(flags);
    let module = "example.com/Busy/m";
    let versions = scene.tree.versions_of(module);

    // Copied, file by file, the zip in two halves.
    let copied = version("example.com/Busy/m@v1.1.0");
    let zip = zip_of(&copied);
    scene
        .tree
        .write(&copied, ModuleFile::Info, info_of(&copied).as_bytes());
    scene
        .tree
        .write(&copied, ModuleFile::Zip, &zip[..zip.len() / 2]);
    scene
        .tree
        .write(&copied, ModuleFile::Mod, go_mod(&copied).as_bytes());
    scene.tree.write(&copied, ModuleFile::Zip, &zip);
    scene.expect(module, Some("v1.0.0\nv1.1.0\n"), "copy");

    // Moved in from elsewhere, the info first.
    scene.workshop.add("example.com/Busy/m@v1.2.0");
    for file in [ModuleFile::Info, ModuleFile::Mod, ModuleFile::Zip] {
        let moved = version("example.com/Busy/m@v1.2.0");
        fs::rename(
            scene.workshop.path_of(&moved, file),
            scene.tree.path_of(&moved, file),
        )
        .unwrap();
    }
    scene.expect(module, Some("v1.0.0\nv1.1.0\nv1.2.0\n"), "move of files");

    // A torn file is overwritten by a sound one.
    scene.tree.add("example.com/Busy/m@v1.3.0");
    scene
        .tree
        .write(&version("example.com/Busy/m@v1.3.0"), ModuleFile::Mod, b"");
    scene.expect(module, Some("v1.0.0\nv1.1.0\nv1.2.0\n"), "torn file");
    scene.tree.add("example.com/Busy/m@v1.3.0");
    scene.expect(
        module,
        Some("v1.0.0\nv1.1.0\nv1.2.0\nv1.3.0\n"),
        "overwrite",
    );

    // Deleted.
    scene.shrink(module, |tree| {
        tree.remove("example.com/Busy/m@v1.1.0");
        tree.remove("example.com/Busy/m@v1.3.0");
    });
    scene.expect(module, Some("v1.0.0\nv1.2.0\n"), "delete");

    // A zip alone.
    let lone = version("example.com/Busy/m@v1.4.0");
    scene.tree.write(&lone, ModuleFile::Zip, &zip_of(&lone));
    scene.expect(module, Some("v1.0.0\nv1.2.0\nv1.4.0\n"), "lone zip");
    eventually("the list file follows", || {
        let list = fs::read_to_string(versions.join("list")).ok()?;
        (list == "v1.0.0\nv1.2.0\nv1.4.0\n").then_some(())
    });

    whole_modules(&mut scene);
    archives(&mut scene);
    scene.finish(mode);
}

/// Directories of modules that are moved in, out, and replaced by others.
fn whole_modules(scene: &mut Scene) {
    let module = "example.com/dir/moved";
    let at = |tree: &Tree| tree.root().join("example.com/dir/moved");
    scene.expect(module, None, "nothing there");
    scene
        .workshop
        .add("example.com/dir/moved@v1.0.0")
        .add("example.com/dir/moved@v1.0.1");
    scene.tree.write_path("example.com/dir/README", b"");
    fs::rename(at(&scene.workshop), at(&scene.tree)).unwrap();
    scene.expect(module, Some("v1.0.0\nv1.0.1\n"), "module moved in");

    let aside = scene.workshop.root().join("aside");
    scene.shrink(module, |tree| fs::rename(at(tree), &aside).unwrap());
    scene.expect(module, None, "module moved out");
    scene.workshop.add("example.com/dir/moved@v1.5.0");
    fs::rename(at(&scene.workshop), at(&scene.tree)).unwrap();
    scene.expect(module, Some("v1.5.0\n"), "another moved in");

    // A directory above it goes, and another takes its place.
    let (above, other) = (
        scene.tree.root().join("example.com/dir"),
        scene.workshop.root().join("other"),
    );
    scene.shrink(module, |_| fs::rename(&above, &other).unwrap());
    scene.expect(module, None, "directory above moved out");
    fs::create_dir(&above).unwrap();
    fs::rename(&aside, above.join("moved")).unwrap();
    scene.expect(module, Some("v1.0.0\nv1.0.1\n"), "directory above replaced");
    scene.tree.add("example.com/dir/moved@v1.0.2");
    scene.expect(
        module,
        Some("v1.0.0\nv1.0.1\nv1.0.2\n"),
        "copy into what was moved in",
    );
    // The server may write a derived file into the directory while it is emptied; `rm -r` says so, and is run again.
    scene.shrink(module, |tree| {
        until("the module is deleted", || {
            fs::remove_dir_all(at(tree)).is_ok()
        })
    });
    scene.expect(module, None, "module deleted");
}

/// Many files at once.
fn archives(scene: &mut Scene) {
    let packed = Tree::new();
    for module in 0..150 {
        packed
            .add(&format!("example.com/tar/m{module}@v1.0.0"))
            .add(&format!("example.com/tar/m{module}@v1.0.1"));
    }
    let tar = scene.workshop.root().join("modules.tar");
    run(Command::new("tar")
        .arg("-cf")
        .arg(&tar)
        .args(["-C"])
        .arg(packed.root())
        .arg("example.com"));
    run(Command::new("tar")
        .arg("-xf")
        .arg(&tar)
        .arg("-C")
        .arg(scene.tree.root()));
    for module in [0, 1, 75, 149] {
        scene.expect(
            &format!("example.com/tar/m{module}"),
            Some("v1.0.0\nv1.0.1\n"),
            "untar",
        );
    }

    let mut list = String::new();
    for patch in 0..1000 {
        scene.tree.add(&format!("example.com/many@v1.0.{patch}"));
        list.push_str(&format!("v1.0.{patch}\n"));
    }
    scene.expect("example.com/many", Some(&list), "3000 files");
    scene.shrink("example.com/many", |tree| {
        for patch in 1..1000 {
            tree.remove(&format!("example.com/many@v1.0.{patch}"));
        }
    });
    scene.expect("example.com/many", Some("v1.0.0\n"), "2997 files deleted");
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

impl Scene {
    fn start(flags: &[&str]) -> Self {
        let tree = Tree::new();
        tree.add("example.com/Busy/m@v1.0.0");
        let server = TestServer::start(tree.root(), &[flags, &["--log-level", "warn"]].concat());
        let stop = Arc::new(AtomicBool::new(false));
        let shrinking: Arc<Shrinking> = Arc::default();
        let load = [
            "example.com/Busy/m",
            "example.com/dir/moved",
            "example.com/many",
        ]
        .map(|module| {
            let (url, stop, shrinking) = (server.url(), Arc::clone(&stop), Arc::clone(&shrinking));
            std::thread::spawn(move || watch_a_list(&url, module, &stop, &shrinking))
        })
        .into();
        Self {
            tree,
            workshop: Tree::new(),
            server,
            load,
            stop,
            shrinking,
            slowest: Default::default(),
        }
    }

    /// Waits until the list is this (`None`: not found), and notes how long that took.
    fn expect(&mut self, module: &str, want: Option<&str>, what: &str) {
        let changed = Instant::now();
        let path = list_path(module);
        eventually(&format!("{what}: the list of {module} is {want:?}"), || {
            let answer = get(&self.server.url(), &path);
            match want {
                Some(list) => (answer.status == 200 && answer.text() == list).then_some(()),
                None => (answer.status == 404).then_some(()),
            }
        });
        if changed.elapsed() > self.slowest.0 {
            self.slowest = (changed.elapsed(), what.to_owned());
        }
        self.shrinking.end(module);
    }

    /// Takes something away from a module, having said so.
    fn shrink(&self, module: &str, take: impl FnOnce(&Tree)) {
        self.shrinking.begin(module);
        take(&self.tree);
    }

    fn finish(mut self, mode: &str) {
        self.stop.store(true, Ordering::Relaxed);
        let requests: u64 = self
            .load
            .drain(..)
            .map(|load| load.join().expect("a list ran ahead"))
            .sum();
        assert!(requests > 0);
        let (took, what) = &self.slowest;
        println!(
            "{mode}: the slowest list followed after {} ms ({what}), under {requests} requests",
            took.as_millis()
        );
        assert!(self.server.stop().success());
    }
}

fn list_path(module: &str) -> String {
    let module: ModulePath = module.parse().unwrap();
    format!("/{}", StoreKey::List(&module).relative_path())
}

/// Asks for a list over and over, and for the files of every version that is new in it: whatever is listed is there.
fn watch_a_list(url: &str, module: &str, stop: &AtomicBool, shrinking: &Shrinking) -> u64 {
    let path = list_path(module);
    let directory = Path::new(&path)
        .parent()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let mut known: HashSet<String> = HashSet::new();
    let mut requests = 0;
    while !stop.load(Ordering::Relaxed) {
        let before = shrinking.of(module);
        let list = get(url, &path);
        requests += 1;
        assert!(matches!(list.status, 200 | 404), "{list:?}");
        let listed: HashSet<String> = if list.status == 200 {
            list.text().lines().map(str::to_owned).collect()
        } else {
            HashSet::new()
        };
        // A few of many are enough; every one of few is looked at.
        for new in listed.difference(&known).take(20) {
            for file in ["info", "mod", "zip"] {
                let answer = get(url, &format!("{directory}/{new}.{file}"));
                requests += 1;
                let excused = before % 2 == 1 || shrinking.of(module) != before;
                assert!(
                    answer.status == 200 || excused,
                    "{module} lists {new}, its {file} is {answer:?}"
                );
            }
        }
        known = listed;
    }
    requests
}
