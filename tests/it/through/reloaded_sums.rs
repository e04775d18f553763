use std::fs;

use super::site::{Site, path_of};
use super::sums_world::{GOOD, LATER, NAME, UNKNOWN, UPPER, World};
use crate::support::tools::until;

/// A server whose file says this, and what writes it anew and has it read.
fn start(world: &World, file: &str) -> (Site, impl Fn(&Site, &str) + use<>) {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("athens.toml");
    fs::write(&config, file).unwrap();
    let flags = ["--config", config.to_str().unwrap(), "--sumdb", &world.key];
    let site = Site::start(&world.upstream.url(), &flags);
    let reload = move |site: &Site, file: &str| {
        let config = directory.path().join("athens.toml");
        fs::write(config, file).unwrap();
        let done = |site: &Site| site.server.stderr().matches("reloaded ").count();
        let before = done(site);
        site.server.signal("HUP");
        until("it is reloaded", || done(site) > before);
    };
    (site, reload)
}

/// Also where nothing is left of it in the folder, and whatever way leads to the database from now on.
#[test]
fn a_database_does_not_go_back_behind_what_it_has_shown() {
    let Some(world) = World::new() else { return };
    world.at("grown");
    let (site, reload) = start(&world, "negative-ttl = 0\n");
    assert_eq!(site.get(&path_of(LATER, "mod")).status, 200);
    assert_eq!(site.get(&path_of(GOOD, "mod")).status, 200);
    fs::remove_dir_all(site.tree.root().join("sumdb")).unwrap();
    world.at("forked");
    // Other upstreams: another client of the database.
    reload(&site, "negative-ttl = 0\nmax-upstream-requests = 7\n");
    let (status, said) = site.said(&path_of(UPPER, "mod"));
    assert_eq!(status, 502, "{said}");
    assert!(said.contains("can not be verified"), "{said}");
    assert_eq!(site.stored_of(UPPER), [""; 0]);
    // A server that knows nothing of what was shown believes the fork.
    let site = site.restart(
        &world.upstream.url(),
        &["--sumdb", &world.key, "--negative-ttl", "0"],
    );
    assert_eq!(site.get(&path_of(UPPER, "mod")).status, 200);
}

#[test]
fn another_database_or_none() {
    let Some(world) = World::new() else { return };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("athens.toml");
    let write = |sumdb: &str| {
        let common =
            "private = \"unused.example\"\ndirect = \"unused.example\"\nlisten = \"127.0.0.1:0\"\n";
        let upstream = world.upstream.url();
        let text = format!("{common}upstream = \"{upstream}\"\nsumdb = \"{sumdb}\"\n");
        fs::write(&config, text).unwrap();
    };
    write(&world.key);
    let root = tempfile::tempdir().unwrap();
    let mut command = crate::support::server::athens();
    command
        .env_remove("ATHENS_UPSTREAM")
        .args(["serve", "--root"]);
    command.arg(root.path()).arg("--config").arg(&config);
    let server = crate::support::server::TestServer::start_command(command);
    let status = |path: &str| crate::support::http::get(&server.url(), path).status;
    let supported = format!("/sumdb/{NAME}/supported");
    let supported = supported.as_str();
    assert_eq!(
        (status(supported), status(&path_of(UNKNOWN, "mod"))),
        (200, 403)
    );
    write("off");
    server.signal("HUP");
    until("it is off", || status(supported) == 404);
    // That nobody knows it was what the other database said.
    assert_eq!(status(&path_of(UNKNOWN, "mod")), 200);
}
