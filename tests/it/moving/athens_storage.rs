use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Naming, holds, in_an_athens_bucket, lay_out, on_athens_disk, with_latest, write};
use crate::support::carrier::{Told, import, is_verified, journal, run};
use crate::support::corpus::corpus;
use crate::support::go::installed;
use crate::support::server::TestServer;
use crate::support::tools::files_below;
use crate::support::workspace::Project;

/// Imports the corpus from a folder that is laid out so; serves the result to a go command.
#[track_caller]
fn comes_in_whole(naming: Naming, flags: &[&str]) -> (TempDir, Told) {
    let corpus = corpus().unwrap();
    let scratch = TempDir::new().unwrap();
    let [old, root] = ["old", "root"].map(|name| scratch.path().join(name));
    fs::create_dir_all(&root).unwrap();
    let files = lay_out(corpus, &old, naming);
    // What locks leave behind in a bucket is nothing of ours.
    write(&old.join("lease/example.com/m@v1.0.0"), [1]);

    let (told, outcomes) = import(&root, &old, flags);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert_eq!(outcomes.len(), files.len() / 3);
    assert!(outcomes.values().all(|(outcome, _)| outcome == "imported"));
    holds(&root, &files);
    is_verified(&root);
    let noted = journal(&root);
    assert_eq!(noted.len(), outcomes.len());
    assert!(noted.iter().all(|line| line.starts_with("import ")));

    if let Some(client) = installed() {
        let server = TestServer::start(&root, &[]);
        let project = Project::Requires(Vec::new());
        let mut command: Vec<String> = ["go", "mod", "download", "-json"].map(str::to_owned).into();
        command.extend(with_latest(&corpus.modules(), 12));
        let outcome = client.perform(&server.url(), &project, &[command]);
        outcome.succeeded("github.com/BurntSushi/toml").unwrap();
    }

    // Again, as one does when everybody has moved: what is there is passed.
    let before = files_below(&root);
    let (again, outcomes) = import(&root, &old, flags);
    assert_eq!(again.code, 0);
    assert!(
        outcomes
            .values()
            .all(|(outcome, _)| outcome == "already-there")
    );
    assert_eq!(files_below(&root), before);
    assert_eq!(journal(&root), noted);
    (scratch, told)
}

#[test]
fn a_disk_storage_is_recognised() {
    if corpus().is_some() {
        comes_in_whole(on_athens_disk, &[]);
    }
}

#[test]
fn a_bucket_that_was_copied_to_a_disk() {
    if corpus().is_some() {
        let (_scratch, told) = comes_in_whole(in_an_athens_bucket, &["--from", "proxy-cache"]);
        let passed = told.text().lines().find(|line| line.contains("lease"));
        assert!(passed.is_some_and(|line| line.contains("no dot in its name")));
    }
}

/// A folder with one version, of which one kind of file is missing.
fn without(missing: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let module = "github.com/BurntSushi/toml";
    let version = crate::support::tree::version(&format!("{module}@v1.0.0"));
    let [info, go_mod, zip] = on_athens_disk(module, "v1.0.0");
    let contents = [
        (info, crate::support::tree::info_of(&version).into_bytes()),
        (go_mod, crate::support::tree::go_mod(&version).into_bytes()),
        (zip, crate::support::tree::zip_of(&version)),
    ];
    for (name, content) in contents {
        if !name.ends_with(missing) {
            write(&folder.path().join(name), content);
        }
    }
    folder
}

/// Athens writes go.mod, source.zip and the .info one after the other, in place: a version in the making has some of them.
#[test]
fn a_version_that_was_only_half_saved() {
    let flags = ["--from", "athens-disk"];
    for (missing, outcome) in [
        (".info", "imported"),
        ("go.mod", "imported"),
        ("source.zip", "incomplete"),
    ] {
        let (folder, root) = (without(missing), TempDir::new().unwrap());
        let (told, outcomes) = import(root.path(), folder.path(), &flags);
        assert_eq!(told.code, 0, "{missing}: {told:?}");
        let (found, _) = &outcomes["github.com/BurntSushi/toml@v1.0.0"];
        assert_eq!(found, outcome, "{missing}");
        is_verified(root.path());
    }
    let (folder, root) = (without("nothing"), TempDir::new().unwrap());
    let zip = folder
        .path()
        .join("github.com/BurntSushi/toml/v1.0.0/source.zip");
    let len = fs::metadata(&zip).unwrap().len();
    fs::File::options()
        .write(true)
        .open(&zip)
        .unwrap()
        .set_len(len / 2)
        .unwrap();
    let (told, outcomes) = import(root.path(), folder.path(), &flags);
    assert_eq!(told.code, 1);
    let (outcome, why) = &outcomes["github.com/BurntSushi/toml@v1.0.0"];
    assert_eq!(outcome, "refused");
    assert!(why.contains("zip that the go command can not use"), "{why}");
    assert_eq!(served(root.path()), Vec::<String>::new());
}

/// The files of a root that can be asked for.
fn served(root: &Path) -> Vec<String> {
    let files = files_below(root).into_iter();
    files.filter(|name| !name.starts_with(".athens")).collect()
}

#[test]
fn what_somebody_says_a_folder_is_counts() {
    let (folder, root) = (without("nothing"), TempDir::new().unwrap());
    for (kind, code, said) in [
        ("athens-disk", 0, "1 version would be imported"),
        // No `@v` in it, so there is nothing for those.
        ("proxy-cache", 0, "there was nothing that could be imported"),
        ("root", 0, "there was nothing that could be imported"),
        ("bundle", 2, "athens: "),
        ("athens", 2, "invalid value 'athens'"),
    ] {
        let source = folder.path().to_str().unwrap();
        let told = run(
            root.path(),
            &["import", "--dry-run", "--from", kind, source],
        );
        assert_eq!(told.code, code, "{kind}: {told:?}");
        let all = format!("{}{}", told.text(), told.err);
        assert!(all.contains(said), "{kind}: {told:?}");
    }
    let told = run(root.path(), &["import", "--from", "athens-disk", "-"]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("bundle on standard input"), "{told:?}");
    assert_eq!(served(root.path()), Vec::<String>::new());
}
