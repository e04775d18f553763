//! What repositories give, against `athens publish` and the go command itself.

use std::process::Command;

use athens::module::GoMod;
use athens::modzip::create_from_git;

use super::*;

/// What `athens publish` makes of a commit.
fn published(repo: &Repo, revision: &str, subdirectory: &str, of: &ModuleVersion) -> String {
    let mut zip = Vec::new();
    create_from_git(repo.root(), revision, subdirectory, of, &mut zip).unwrap();
    zip_sum(zip.as_slice(), zip.len() as u64, of)
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn every_kind_of_version() {
    let Some(lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "")
        .files(&["m.go", "LICENSE"])
        .commit()
        .tag("v1.0.0");
    repo.go_mod("sub/go.mod", &format!("{path}/sub"), "go 1.24\n")
        .files(&["sub/s.go", "vendor/modules.txt", "vendor/a.b/c/c.go"])
        .commit()
        .tag("sub/v0.3.0");
    repo.go_mod("v3/go.mod", &format!("{path}/v3"), "")
        .files(&["v3/m.go"])
        .commit()
        .tag("v3.0.0");
    repo.git(["checkout", "--quiet", "-b", "two"]);
    repo.git(["rm", "-r", "--quiet", "v3"]);
    repo.go_mod("go.mod", &format!("{path}/v2"), "")
        .commit()
        .tag("v2.1.0-RC1");

    let go = lab.go();
    for (module, tag, subdirectory) in [
        (format!("{path}@v1.0.0"), "v1.0.0", ""),
        (format!("{path}/sub@v0.3.0"), "sub/v0.3.0", "sub"),
        (format!("{path}/v3@v3.0.0"), "v3.0.0", "v3"),
        (format!("{path}/v2@v2.1.0-RC1"), "v2.1.0-RC1", ""),
    ] {
        let of = version(&module);
        let files = files(&go, &of).await.unwrap();
        assert_eq!(files.sum(&of), published(&repo, tag, subdirectory, &of));
        assert_eq!(files.info.version(), of.version().as_str());
        assert_eq!(
            files.info.time().unwrap().to_string(),
            "2023-11-14T22:13:21Z"
        );
        let origin = files.info.origin().unwrap();
        assert!(
            origin.contains(&format!(r#""Ref":"refs/tags/{tag}""#)),
            "{origin}"
        );
        let go_mod = GoMod::parse(&files.go_mod).unwrap();
        assert_eq!(go_mod.module_path(), Some(of.path().as_str()));
    }
    go.stop().await;
    lab.is_clean_in_the_end();
}

#[tokio::test]
async fn branches_and_commits() {
    let Some(lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "").commit();
    let first = repo.git(["rev-parse", "HEAD"]);
    repo.tag("v1.2.0").files(&["later.go"]).commit();
    let second = repo.git(["rev-parse", "HEAD"]);
    // They are there for git, and no go command will ever have them.
    repo.git(["branch", "v9.9.9"]);
    repo.git(["update-ref", "refs/heads/-dash", "HEAD"]);

    let go = lab.go();
    let later = format!("v1.2.1-0.20231114221321-{}", &second[..12]);
    for (word, expected) in [
        ("latest", "v1.2.0"),
        ("main", &later),
        ("HEAD", &later),
        (&second, &later),
        (&second[..7], &later),
        (&first, "v1.2.0"),
        ("v1.2", "v1.2.0"),
        (&later, &later),
    ] {
        let info = query(&go, &path, word).await.unwrap();
        assert_eq!(info.version(), expected, "{word}");
    }
    let of = version(&format!("{path}@{later}"));
    let files = files(&go, &of).await.unwrap();
    assert_eq!(files.sum(&of), published(&repo, "HEAD", "", &of));

    for absent in ["v9.9.9", "-dash", "nope", "v1.9.0", "0123456789ab"] {
        let error = query(&go, &path, absent).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::NotFound, "{absent}: {error}");
    }
    assert_eq!(list(&go, &path).await.unwrap(), ["v1.2.0"]);
}

#[tokio::test]
async fn lists() {
    let Some(lab) = Lab::new() else { return };
    let go = lab.go();

    let (repo, retracted) = lab.repository("retracted");
    repo.go_mod("go.mod", retracted.as_str(), "").commit();
    repo.tag("v1.0.0").tag("v1.1.0-pre").tag("v2.0.0").tag("x");
    repo.go_mod("go.mod", retracted.as_str(), "retract [v1.0.0, v1.9.9]\n")
        .commit()
        .tag("v1.5.0");
    // Clients find in v1.5.0 that it is retracted, with all others.
    assert_eq!(
        list(&go, &retracted).await.unwrap(),
        ["v1.0.0", "v1.1.0-pre", "v1.5.0"]
    );

    let (repo, untagged) = lab.repository("untagged");
    repo.go_mod("go.mod", untagged.as_str(), "").commit();
    assert_eq!(list(&go, &untagged).await.unwrap().len(), 0);
    let info = query(&go, &untagged, "latest").await.unwrap();
    assert!(info.version().starts_with("v0.0.0-20231114221321-"));

    let (repo, old) = lab.repository("old");
    repo.files(&["x.go"]).commit().tag("v1.0.0").tag("v4.0.0");
    assert_eq!(
        list(&go, &old).await.unwrap(),
        ["v1.0.0", "v4.0.0+incompatible"]
    );
    let of = version(&format!("{old}@v4.0.0+incompatible"));
    let files = files(&go, &of).await.unwrap();
    assert_eq!(files.go_mod, format!("module {old}\n").into_bytes());
    assert_eq!(files.sum(&of), published(&repo, "v4.0.0", "", &of));

    let (_, empty) = lab.repository("empty");
    let sub: ModulePath = format!("{untagged}/sub").parse().unwrap();
    for absent in [&empty, &sub] {
        let error = list(&go, absent).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::NotFound, "{error}");
    }
}

/// A version costs one job, however many of its files are asked for, and by however many.
#[tokio::test]
async fn one_job_for_all_files() {
    let Some(mut lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "")
        .commit()
        .tag("v1.0.0");
    let log = lab.directory.path().join("log");
    let real = require_tool("go").unwrap();
    lab.fake_go(&format!(
        "echo \"$*\" >>'{}'\nexec '{}' \"$@\"",
        log.display(),
        real.display()
    ));
    let go = lab.go();
    let of = version(&format!("{path}@v1.0.0"));
    let (first, second, zip) = tokio::join!(files(&go, &of), files(&go, &of), go.zip(&of));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.zip, second.zip);
    // It is read from a file, which stays as long as somebody reads.
    let mut zip = zip.unwrap();
    go.stop().await;
    let mut read = Vec::new();
    while let Some(chunk) = zip.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, first.zip);
    drop(zip);
    let calls = std::fs::read_to_string(log).unwrap();
    assert_eq!(calls, format!("mod download -json {of}\n"));
    lab.is_clean_in_the_end();
}

/// A version whose go.mod asks for a newer go command than there is has all but a zip; nothing is downloaded for it.
#[tokio::test]
async fn a_newer_go_command_is_not_fetched() {
    let Some(lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "go 1.21\ntoolchain go1.999.0\n")
        .commit()
        .tag("v1.0.0");
    repo.go_mod("go.mod", path.as_str(), "go 1.999\n")
        .commit()
        .tag("v1.1.0");
    let go = lab.go();
    let of = version(&format!("{path}@v1.0.0"));
    let files = files(&go, &of).await.unwrap();
    assert_eq!(files.sum(&of), published(&repo, "v1.0.0", "", &of));

    let of = version(&format!("{path}@v1.1.0"));
    assert_eq!(
        query(&go, &path, "latest").await.unwrap().version(),
        "v1.1.0"
    );
    assert!(go.go_mod(&of).await.unwrap().ends_with(b"go 1.999\n"));
    let error = zip(&go, &of).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Failed);
    assert!(error.why().contains("requires go >= 1.999"), "{error}");
}

#[tokio::test]
async fn tells_which_go_command_there_is() {
    let Some(lab) = Lab::new() else { return };
    let said = Command::new(require_tool("go").unwrap())
        .arg("version")
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let version = lab.go().probe().await.unwrap();
    assert!(said.contains(version.as_str()), "{said} {version}");
}
