//! What the pages name and a test must not use: addresses that may be taken, directories at the top of the file system, a host
//! name. Each stands for something of the scratch machine, and that is written in its place.

use std::path::Path;

/// Where servers of the pages listen.
const LISTENED: [&str; 3] = ["127.0.0.1:3000", "0.0.0.0:3000", "0.0.0.0:443"];
/// How clients of the pages name a server.
const SERVERS: [&str; 2] = ["http://127.0.0.1:3000", "https://goproxy.corp.example"];
/// What the pages take from the top of the file system.
const DIRECTORIES: [&str; 5] = [
    "/srv/modules",
    "/mnt/old-root",
    "/var/lib/athens",
    "/etc/athens",
    "/run/athens",
];

/// The command of a server, which takes a free port of this machine.
pub(super) fn listening_anywhere(command: &str) -> String {
    LISTENED
        .iter()
        .fold(command.to_owned(), |command, address| {
            command.replace(address, "127.0.0.1:0")
        })
}

/// Commands with the names of a machine in them: its directory, and the URL of its server, if there is one.
pub(super) fn in_place(commands: &str, scratch: &Path, url: Option<&str>) -> String {
    let mut commands = commands.to_owned();
    for server in SERVERS {
        if let Some(url) = url {
            commands = commands.replace(server, url);
        }
    }
    for directory in DIRECTORIES {
        let here = format!("{}{directory}", scratch.display());
        commands = commands.replace(directory, &here);
    }
    commands
}

#[test]
fn names_of_the_pages_are_those_of_the_machine() {
    assert_eq!(
        listening_anywhere("athens serve --listen 0.0.0.0:443 --root /srv/modules"),
        "athens serve --listen 127.0.0.1:0 --root /srv/modules"
    );
    let commands = "athens login https://goproxy.corp.example --state /var/lib/athens/state";
    assert_eq!(
        in_place(commands, Path::new("/s"), Some("https://127.0.0.1:1")),
        "athens login https://127.0.0.1:1 --state /s/var/lib/athens/state"
    );
}
