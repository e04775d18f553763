use super::*;

use std::io::Write as _;

fn write(path: &Path, text: &str) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn go(goproxy: &str, goprivate: &str) -> GoEnvironment {
    GoEnvironment {
        goproxy: goproxy.to_owned(),
        goprivate: goprivate.to_owned(),
        gosumdb: "off".to_owned(),
        ..GoEnvironment::default()
    }
}

fn typed(file: &str) -> ServeSettings {
    toml::from_str(file).unwrap()
}

#[test]
fn what_changed_and_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athens.toml");
    write(
        &file,
        "upstream = \"off\"\nblock = \"a.example\"\nroot = \"one\"\n",
    );
    let flags = typed("block = \"b.example\"");
    let loaded = LoadedConfig::load(flags, Some(&file), || None).unwrap();

    let same = loaded.read_again(|| None).unwrap();
    assert_eq!((same.changed.len(), same.waiting.len()), (0, 0));

    // A flag is stronger than the file, as at the start.
    write(
        &file,
        "upstream = \"off\"\nblock = \"c.example\"\nroot = \"two\"\noffline = true\nmax-connections = 5\n",
    );
    let reread = loaded.read_again(|| None).unwrap();
    assert_eq!(reread.changed, ["offline"]);
    assert_eq!(reread.waiting, ["root", "max-connections"]);
    let config = &reread.loaded.config;
    assert_eq!(config.proxy.root, Path::new("one"));
    assert_eq!(config.limits.max_connections, 4096);
    assert!(config.proxy.offline);
    // They still wait the next time, and are no change.
    let again = reread.loaded.read_again(|| None).unwrap();
    assert_eq!(again.changed.len(), 0);
    assert_eq!(again.waiting, ["root", "max-connections"]);
}

#[test]
fn what_waits_is_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athens.toml");
    write(&file, "upstream = \"off\"\n");
    let loaded = LoadedConfig::load(ServeSettings::default(), Some(&file), || None).unwrap();
    write(&file, "upstream = \"off\"\nmax-connections = 0\n");
    let error = loaded.read_again(|| None).unwrap_err();
    assert!(error.to_string().contains("max-connections"), "{error}");
}

#[test]
fn what_go_says_may_change_and_not_vanish() {
    let loaded = LoadedConfig::load(ServeSettings::default(), None, || {
        Some(go("https://a.example", "corp.example"))
    })
    .unwrap();
    let other = || Some(go("https://b.example", "corp.example"));
    let reread = loaded.read_again(other).unwrap();
    assert_eq!(reread.changed, ["upstream"]);
    let silent = loaded.read_again(|| None).unwrap();
    assert_eq!(silent.changed.len(), 0);
    let private = &silent.loaded.config.proxy.policy.private;
    assert_eq!(private.to_string(), "corp.example");
}

#[test]
fn where_settings_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("athens.toml");
    write(&file, "max-uploads = 3\nmax-watches = 4\n");
    let loaded = LoadedConfig::load(
        typed("max-watches = 5\nlist-ttl = \"9s\""),
        Some(&file),
        || Some(go("https://me:s3cret@a.example", "")),
    )
    .unwrap();
    let effective = loaded.effective(&["list-ttl".to_owned()]);
    let row = |key: &str| effective.iter().find(|row| row.key == key).unwrap().clone();
    for (key, value, from, variable) in [
        ("list-ttl", "9s", Provenance::Flag, None),
        (
            "max-watches",
            "5",
            Provenance::Variable,
            Some("ATHENS_MAX_WATCHES"),
        ),
        ("max-uploads", "3", Provenance::File, None),
        (
            "upstream",
            "https://xxxxx@a.example",
            Provenance::Go,
            Some("GOPROXY"),
        ),
        ("sumdb", "off", Provenance::Go, Some("GOSUMDB")),
        ("cache-size", "16MiB", Provenance::Default, None),
        ("log-level", "info", Provenance::Default, None),
    ] {
        let row = row(key);
        assert_eq!(
            row.value.map(|value| value.to_string()).as_deref(),
            Some(value),
            "{key}"
        );
        assert_eq!(
            (row.from, row.variable.as_deref()),
            (from, variable),
            "{key}"
        );
    }
    assert_eq!(row("block").value, None);
    assert!(
        !serde_json::to_string(&effective)
            .unwrap()
            .contains("s3cret")
    );
}
