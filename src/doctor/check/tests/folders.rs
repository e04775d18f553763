//! Folders of servers on which something is wrong.

use super::*;

/// A change of the facts, and what is said then.
type Broken = (
    fn(&mut LocalFacts),
    (&'static str, &'static str, &'static str),
);

#[test]
fn folders_of_a_server() {
    let whole = || LocalFacts {
        root: PathBuf::from("/srv/modules"),
        readable: Ok(()),
        is_writable: true,
        free: Some(10 << 30),
        journal: Ok((10, 0, true)),
        state: Some((PathBuf::from("/var/lib/athens"), Ok(()))),
        watches: Some(524_288),
        open_files: Some(65_536),
    };
    let mut good = facts(&[], &[]);
    good.local = Some(whole());
    assert_eq!(findings(&good), [""; 0]);
    let rows: &[Broken] = &[
        (
            |local| local.readable = Err("no".to_owned()),
            ("error", "can not be read: no", ""),
        ),
        (
            |local| local.is_writable = false,
            ("warning", "takes nothing in", ""),
        ),
        (
            |local| local.free = Some(1 << 20),
            ("warning", "1 MiB are free", ""),
        ),
        (
            |local| local.journal = Ok((10, 2, true)),
            (
                "warning",
                "2 lines of the journal",
                "athens verify --root /srv/modules",
            ),
        ),
        (
            |local| local.journal = Ok((10, 0, false)),
            ("warning", "is torn", "athens verify --root /srv/modules"),
        ),
        (
            |local| local.journal = Err("no".to_owned()),
            ("error", "the journal can not be read", ""),
        ),
        (
            |local| local.state = Some((PathBuf::from("/s"), Err("others may read /s".to_owned()))),
            ("error", "others may read /s", ""),
        ),
        (
            |local| local.watches = Some(8192),
            (
                "warning",
                "max_user_watches is 8192",
                "sudo sysctl -w fs.inotify.max_user_watches=524288",
            ),
        ),
        (
            |local| local.open_files = Some(1024),
            ("warning", "1024 files open", "ulimit -n 65536"),
        ),
    ];
    for (break_it, expected) in rows {
        let mut local = whole();
        break_it(&mut local);
        let mut facts = facts(&[], &[]);
        facts.local = Some(local);
        expect(&facts, expected.1, *expected);
    }
}
