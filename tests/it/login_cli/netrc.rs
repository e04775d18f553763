//! What becomes of a `.netrc` that was there before.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use super::mode;
use crate::support::member::{Member, feed};

#[test]
fn others_stay_and_nobody_else_reads_it() {
    let Some(member) = Member::new(&[]) else {
        return;
    };
    let url = member.url();
    let machine = url.strip_prefix("https://").unwrap();
    let token = member.token("dev", "read", "*");
    let before = "# mine\nmachine a.example login me password hunter2\nmacdef init\nmachine x\n\n";
    let real = member.publisher.write("dotfiles/netrc", before);
    symlink(&real, member.home(".netrc")).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();

    let login = member.athens(None, &["login", &url], &token);
    assert_eq!(login.code, Some(0), "{login:?}");
    assert!(
        login.stderr.contains("(mode 0644); it is 0600 now"),
        "{login:?}"
    );
    // There is no go command: the lines are said all the same, and a token for everything names no modules.
    for line in [
        format!("  go env -w GOPROXY={url}\n"),
        "  go env -w GONOSUMDB='corp.example/*'\n".to_owned(),
    ] {
        assert!(login.stdout.contains(&line), "{line} in {login:?}");
    }
    let line = format!("machine {machine} login athens password {token}\n");
    assert_eq!(
        std::fs::read_to_string(&real).unwrap(),
        format!("{line}{before}")
    );
    assert_eq!(mode(&real), 0o600);
    assert!(member.home(".netrc").is_symlink());

    // $NETRC names another one.
    let other = member.home("other");
    let mut command = Command::new(env!("CARGO_BIN_EXE_athens"));
    command.args(["login", &url]);
    member.settle(&mut command, None);
    command.env("NETRC", &other);
    let elsewhere = feed(command, &token);
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    assert_eq!(std::fs::read_to_string(&other).unwrap(), line);

    let logout = member.athens(None, &["logout", &url], "");
    assert_eq!(logout.code, Some(0), "{logout:?}");
    assert_eq!(std::fs::read_to_string(&real).unwrap(), before);
}

#[test]
fn another_password_is_not_lost() {
    let Some(member) = Member::new(&[]) else {
        return;
    };
    let url = member.url();
    let machine = url.strip_prefix("https://").unwrap();
    let token = member.token("dev", "read", "*");
    let before = format!("machine {machine} login me password hunter2\n");
    std::fs::write(member.home(".netrc"), &before).unwrap();
    let refused = member.athens(None, &["login", &url], &token);
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (Some(1), ""),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("--force replaces"), "{refused:?}");
    assert!(!refused.stderr.contains("hunter2"), "{refused:?}");
    let logout = member.athens(None, &["logout", &url], "");
    assert_eq!(logout.code, Some(0), "{logout:?}");
    assert!(logout.stderr.contains("another password"), "{logout:?}");
    let text = || std::fs::read_to_string(member.home(".netrc")).unwrap();
    assert_eq!(text(), before);
    let forced = member.athens(None, &["login", &url, "--force"], &token);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert_eq!(text(), before.replace("hunter2", &token));
}
