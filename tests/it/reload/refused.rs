use super::{REFUSED, Site};
use crate::support::tools::until;
use crate::support::tree::Tree;
use crate::support::upstream::Upstream;

const LIST: &str = "/example.com/m/@v/list";

#[test]
fn a_file_with_a_mistake_changes_nothing() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    let config = site.config();
    for (file, said) in [
        (
            "block = \"example.com/m\"\n\nblok = \"a\"\n",
            ":3: unknown key `blok`; did you mean `block`?",
        ),
        (
            "block = \"example.com/m\"\nmax-uploads = \"many\"\n",
            ":2: `max-uploads`: invalid type: string \"many\", expected u32",
        ),
        ("block = [\n", ":"),
    ] {
        site.write(file);
        site.hang_up(REFUSED);
        let log = site.log();
        let line = log.lines().rfind(|line| line.contains(REFUSED)).unwrap();
        let said = format!("{}{said}", config.display());
        assert!(line.contains("ERROR") && line.contains(&said), "{line}");
        assert_eq!(site.status(LIST), 200);
    }
    std::fs::remove_file(&config).unwrap();
    site.hang_up(REFUSED);
    assert_eq!(site.status(LIST), 200);
    site.reload("block = \"example.com/m\"\n");
    assert_eq!(site.status(LIST), 403);
}

#[test]
fn files_that_it_names_count_too() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let upstream = Upstream::start();
    let site = Site::over(tree, "");
    let missing = site.directory.path().join("missing.pem");
    site.write(&format!(
        "block = \"example.com/m\"\nupstream = \"{}\"\nca-file = \"{}\"\n",
        upstream.url(),
        missing.display()
    ));
    site.hang_up(REFUSED);
    assert!(site.log().contains("missing.pem"));
    assert_eq!(site.status(LIST), 200);
}

#[test]
fn itself_as_an_upstream() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    site.write(&format!(
        "upstream = \"{}\"\nblock = \"example.com/m\"\n",
        site.url()
    ));
    site.hang_up(REFUSED);
    assert!(site.log().contains("is this server itself"));
    assert_eq!(site.status(LIST), 200);
}

#[test]
fn what_needs_a_restart_is_named_once() {
    let tree = Tree::new();
    tree.add("example.com/m@v1.0.0");
    let site = Site::over(tree, "");
    let waits = "path-prefix = \"/go\"\nwatch = \"off\"\nmax-connections = 7\n";
    let warning = "applied by a restart only: path-prefix, watch, max-connections\n";
    site.reload(waits);
    until("it is named", || site.count(warning) == 1);
    assert_eq!(site.status(LIST), 200);
    assert_eq!(site.status("/go/example.com/m/@v/list"), 404);
    // The rest applies, and what waits is not said again.
    site.reload(&format!("block = \"example.com/m\"\n{waits}"));
    assert_eq!(site.status(LIST), 403);
    assert_eq!(site.count("applied by a restart only"), 1);
    site.reload("watch = \"off\"\n");
    until("the rest is named", || {
        site.count("applied by a restart only: watch\n") == 1
    });
    site.reload("");
    assert_eq!(site.count("applied by a restart only"), 2);
    // What waits is checked as well.
    site.write("max-connections = 0\n");
    site.hang_up(REFUSED);
    assert!(site.log().contains("`max-connections`: 0 is too small"));
}

#[test]
fn secrets_are_not_logged() {
    let site = Site::start("");
    site.reload("upstream = \"https://me:s3cret@a.example\"\n");
    site.write("upstream = \"http://me:s3cret@a.example,ftp://me:s3cret@a.example\"\n");
    site.hang_up(REFUSED);
    let log = site.log();
    assert!(log.contains(": changed upstream, direct\n"), "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}
