//! The database that this machine's own go command uses, as far as the go command has asked it.

use std::process::Command;
use std::sync::atomic::Ordering;

use athens::module::ModuleVersion;
use athens::sumdb::{Client, Database, DatabaseSetting, TilePath, Verdict};
use tempfile::TempDir;

use super::world::{World, read};
use crate::support::tools::{files_below, require_tool, skip};

/// A module that the tests of this repository need anyway.
const MODULE: (&str, &str) = ("golang.org/x/mod", "v0.42.0");

/// Its database; `None` where there is no go, or it uses none.
fn database() -> Option<Box<Database>> {
    let go = require_tool("go")?;
    let output = Command::new(go).args(["env", "GOSUMDB"]).output().unwrap();
    let setting = String::from_utf8(output.stdout).unwrap();
    match setting.parse().unwrap() {
        DatabaseSetting::Database(database) => Some(database),
        DatabaseSetting::Off => {
            skip("the go command uses no checksum database");
            None
        }
    }
}

#[test]
fn the_setting_is_understood() {
    // The default is a name alone, whose key go knows; so do we.
    if let Some(database) = database() {
        assert_eq!(database.key().name(), database.name().as_str());
    }
}

#[tokio::test]
async fn what_the_go_command_has_verified_is_proved() {
    let Some(database) = database() else {
        return;
    };
    let gopath = TempDir::new().unwrap();
    let (path, version) = MODULE;
    let output = Command::new("go")
        .args(["mod", "download", "-json", &format!("{path}@{version}")])
        .current_dir(&gopath)
        .env("GOPATH", gopath.path())
        .env("GOMODCACHE", gopath.path().join("pkg/mod"))
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-modcacherw")
        .output()
        .unwrap();
    if !output.status.success() {
        skip("the go command cannot download a module");
        return;
    }
    let downloaded: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sum = |what: &str| downloaded[what].as_str().unwrap().parse().unwrap();

    // Its cache and the newest tree that it knows are ours; there is no other way to the database.
    let name = database.name().as_str();
    let cache = gopath
        .path()
        .join("pkg/mod/cache/download/sumdb")
        .join(name);
    let kept = files_below(&cache);
    assert!(kept.len() > 3, "{kept:?}");
    let world = World::new(cache.clone());
    world.cut.store(true, Ordering::Relaxed);
    world
        .cache
        .lock()
        .unwrap()
        .extend(kept.iter().map(|file| (file.clone(), read(&cache, file))));
    let latest = gopath.path().join("pkg/sumdb").join(name);
    *world.head.lock().unwrap() = Some(read(&latest, "latest"));

    let client = Client::new(database.key().clone(), world);
    let module = ModuleVersion::new(path.parse().unwrap(), version.parse().unwrap()).unwrap();
    let answer = client.lookup(&module).await.unwrap();
    assert!(answer.id < answer.head.tree().size);
    let (zip, go_mod) = (sum("Sum"), sum("GoModSum"));
    let verdict = client.verify(&module, Some(&zip), Some(&go_mod)).await;
    assert_eq!(verdict.unwrap(), Verdict::Verified);
    let wrong = client.verify(&module, Some(&go_mod), None).await;
    assert!(matches!(wrong.unwrap(), Verdict::Mismatch(_)));
    for file in kept.iter().filter(|file| file.starts_with("tile/")) {
        match file.parse().unwrap() {
            TilePath::Hashes(tile) => {
                assert_eq!(client.tile(&tile).await.unwrap(), read(&cache, file))
            }
            TilePath::Data(_) => panic!("{file}"),
        }
    }
    assert_eq!(client.operations().fetches.load(Ordering::Relaxed), 0);
}
