//! Repositories that mean no good.

use std::net::TcpListener;

use athens::modzip::create_from_git;

use super::*;

/// Everything in a repository that could make somebody run or fetch something; nothing is, and the zip is what it should
/// be.
#[tokio::test]
async fn nothing_in_a_repository_is_run() {
    let Some(lab) = Lab::new() else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let submodule = format!("http://{}/sub.git", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let trap = lab.directory.path().join("ran");
    let run = format!("touch '{}'", trap.display());

    let (repo, path) = lab.repository("m");
    repo.go_mod("go.mod", path.as_str(), "go 1.24\n")
        .write(
            "id.go",
            "package m\n\n// $Format:%H$ $Id$\n\n//go:generate go run .\n",
        )
        .write("main/main.go", "package main\n\nfunc init() { panic(1) }\n")
        .write("secret.go", "package m\n")
        .write(
            ".gitattributes",
            "id.go export-subst ident\nsecret.go export-ignore\n* filter=run diff=run\n",
        )
        .write(
            ".gitmodules",
            format!("[submodule \"sub\"]\n\tpath = sub\n\turl = {submodule}\n\tupdate = !{run}\n"),
        )
        .write("Makefile", format!("all:\n\t{run}\n"))
        .link("../../../../../../etc/passwd", "link.go")
        .link("/etc", "dir")
        .commit();
    let head = repo.git(["rev-parse", "HEAD"]);
    repo.stage_object("sub", "160000", &head)
        .commit_index()
        .tag("v1.0.0");
    // Of the repository itself, which a clone does not take over.
    repo.git(["config", "filter.run.clean", &run]);
    repo.git(["config", "filter.run.smudge", &run]);
    repo.git(["config", "core.fsmonitor", &run]);
    repo.git(["config", "uploadpack.packObjectsHook", &run]);
    for hook in [
        "post-checkout",
        "pre-receive",
        "post-update",
        "reference-transaction",
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        let hook = repo.root().join(".git/hooks").join(hook);
        repo.write(&hook, format!("#!/bin/sh\n{run}\n"));
        std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    let go = lab.go();
    let of = version(&format!("{path}@v1.0.0"));
    let files = files(&go, &of).await.unwrap();
    go.stop().await;
    assert!(!trap.exists());
    let connected = listener.accept().map(drop).unwrap_err();
    assert_eq!(connected.kind(), std::io::ErrorKind::WouldBlock);
    let mut zip = Vec::new();
    create_from_git(repo.root(), "v1.0.0", "", &of, &mut zip).unwrap();
    let ours = zip_sum(zip.as_slice(), zip.len() as u64, &of).unwrap();
    assert_eq!(files.sum(&of), ours.to_string());
    lab.is_clean_in_the_end();
}

#[tokio::test]
async fn a_huge_repository_ends_at_the_bound() {
    let Some(mut lab) = Lab::new() else { return };
    let (repo, path) = lab.repository("m");
    let mut noise = vec![0; 8 << 20];
    let mut state = 1_u64;
    for byte in &mut noise {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    repo.go_mod("go.mod", path.as_str(), "")
        .write("noise", noise)
        .commit()
        .tag("v1.0.0");
    let of = version(&format!("{path}@v1.0.0"));
    assert!(zip(&lab.go(), &of).await.is_ok());

    lab.settings.max_disk = 2 << 20;
    let error = zip(&lab.go(), &of).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::TooLarge, "{error}");
    lab.is_clean_in_the_end();
}

/// Each file is small, and it does not end by itself.
#[tokio::test]
async fn many_files_end_at_the_bound() {
    let Some(mut lab) = Lab::new() else { return };
    lab.fake_go(
        "for i in 1 2 3 4 5 6 7 8; do head -c 1000000 /dev/zero | tr '\\0' x >\"$TMPDIR/$i\"; done; sleep 1000",
    );
    lab.settings.max_disk = 4 << 20;
    let error = list(&lab.go(), &module("m")).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::TooLarge, "{error}");
    assert!(
        error.why().contains("more than 4194304 bytes on the disk"),
        "{error}"
    );
    lab.is_clean_in_the_end();
}

#[tokio::test]
async fn many_processes_end_at_the_bound() {
    let Some(mut lab) = Lab::new() else { return };
    lab.fake_go("for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait");
    lab.settings.max_processes = 8;
    let error = list(&lab.go(), &module("m")).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::Failed, "{error}");
    assert!(error.why().contains("more than 8 processes"), "{error}");
    lab.is_clean_in_the_end();
}

/// What it says is bounded, and what it leaves running ends with it.
#[tokio::test]
async fn endless_output_ends() {
    let Some(mut lab) = Lab::new() else { return };
    lab.fake_go("head -c 20000000 /dev/zero");
    let error = list(&lab.go(), &module("m")).await.unwrap_err();
    assert_eq!(error.kind(), FetchErrorKind::TooLarge, "{error}");

    lab.fake_go("head -c 20000000 /dev/zero >&2; sleep 1000 & echo '{\"Versions\":[\"v1.0.0\"]}'");
    assert_eq!(list(&lab.go(), &module("m")).await.unwrap(), ["v1.0.0"]);
    lab.is_clean_in_the_end();
}

/// Output of a go command that is none.
#[tokio::test]
async fn strange_answers() {
    let Some(mut lab) = Lab::new() else { return };
    for script in [
        "",
        "echo hello",
        "echo '{\"Version\":7}'",
        "echo '['; exit 2",
        "kill -9 $$",
    ] {
        lab.fake_go(script);
        let go = lab.go();
        let of = version(&format!("{}@v1.0.0", module("m")));
        for error in [
            list(&go, &module("m")).await.unwrap_err(),
            query(&go, &module("m"), "main").await.unwrap_err(),
            go.go_mod(&of).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), FetchErrorKind::Failed, "{script}: {error}");
        }
    }
    lab.is_clean_in_the_end();
}
