use std::fs;
use std::path::Path;

use super::*;
use crate::module::ModuleVersion;
use crate::store::{Cursor, DirStore, Event, EventKind, OpenMode};

/// Some four lines.
const SHORT: u64 = 500;

fn version(number: usize) -> ModuleVersion {
    let version = format!("v1.0.{number}").parse().unwrap();
    ModuleVersion::new("example.com/m".parse().unwrap(), version).unwrap()
}

fn open(root: &Path) -> DirStore {
    DirStore::open(root, OpenMode::ReadWrite).unwrap()
}

fn append(store: &DirStore, number: usize) -> Event {
    let mut event = Event::new(EventKind::Fetch, &version(number));
    store.journal().sealed_at(SHORT).append(&mut event).unwrap();
    event
}

fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(root.join(SEGMENTS))
        .map(|entries| {
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            entries
                .map(|entry| name(entry).into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}

/// Versions that a reader sees that goes on from where it was, and whether it could.
fn go_on(store: &DirStore, cursor: &mut Cursor) -> (bool, Vec<String>) {
    let resumed = store.journal().read_on(cursor).unwrap();
    let could = resumed.is_some();
    let mut reader = resumed.unwrap_or_else(|| store.journal().read(None).unwrap());
    let mut seen = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        seen.extend(line.event.map(|event| event.version));
    }
    *cursor = reader.into_cursor().unwrap();
    assert!(store.journal().is_unchanged(cursor));
    (could, seen)
}

#[test]
fn names_are_times() {
    for (time, name) in [
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T030405.000006Z"),
        ("2026-01-02T03:04:05Z", "2026-01-02T030405.000000Z"),
    ] {
        let segment = Segment(time.parse().unwrap());
        assert_eq!(segment.stem(), name);
        assert_eq!(
            Segment::parse(&format!("{name}.jsonl")),
            Some((segment, true))
        );
        assert_eq!(
            Segment::parse(&format!("{name}.jsonl.gz")),
            Some((segment, false))
        );
    }
    for name in [
        "",
        ".jsonl",
        "x.jsonl",
        "2026-01-02T030405Z.jsonl",
        "2026-01-02T030405.000006Z.jsonl.gz.tmp",
        "2026-01-02T03:04:05.000006Z.jsonl.gz",
        "T\u{e9}\u{e9}.jsonl",
    ] {
        assert_eq!(Segment::parse(name), None, "{name}");
    }
}

#[test]
fn grows_over_many_files_and_is_read_as_one() {
    let scratch = tempfile::tempdir().unwrap();
    let store = open(scratch.path());
    let reading = open(scratch.path());
    let mut cursor = Cursor::default();
    let mut events = Vec::new();
    for number in 0..40 {
        events.push(append(&store, number));
        if number % 3 == 0 {
            let (could, seen) = go_on(&reading, &mut cursor);
            assert!(could);
            let since = number.saturating_sub(2);
            let wanted: Vec<String> = (since..=number).map(|at| format!("v1.0.{at}")).collect();
            assert_eq!(seen, wanted);
            assert_eq!(go_on(&reading, &mut cursor), (true, Vec::new()));
        }
        let of = reading.provenance().of(&version(number)).unwrap();
        assert_eq!(of, Some(EventKind::Fetch));
    }
    assert_eq!(store.journal().events().unwrap(), events);
    assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time));
    let names = names(scratch.path());
    assert!(names.len() >= 5, "{names:?}");
    assert!(names.iter().all(|name| name.ends_with(".gz")), "{names:?}");
    for at in 0..events.len() {
        let mut reader = store.journal().read(Some(events[at].time)).unwrap();
        let mut rest = Vec::new();
        while let Some(line) = reader.next_line().unwrap() {
            rest.extend(line.event);
        }
        assert_eq!(rest, events[at..]);
    }
    let parts = store.journal().read(None).unwrap().split();
    assert_eq!(parts.len(), names.len() + 1);
    let mut last = parts.into_iter().next_back().unwrap();
    while last.next_line().unwrap().is_some() {}
    let mut cursor = last.into_cursor().unwrap();
    assert_eq!(go_on(&store, &mut cursor), (true, Vec::new()));
}

#[test]
fn many_append_over_many_files() {
    let scratch = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let root = scratch.path();
            scope.spawn(move || {
                let store = open(root);
                for number in 0..30 {
                    append(&store, writer * 100 + number);
                }
            });
        }
        let root = scratch.path();
        scope.spawn(move || {
            let store = open(root);
            let (mut cursor, mut seen) = (Cursor::default(), Vec::new());
            while seen.len() < 120 {
                let (could, more) = go_on_racing(&store, &mut cursor);
                assert!(could);
                seen.extend(more);
            }
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 120);
        });
    });
    let events = open(scratch.path()).journal().events().unwrap();
    assert_eq!(events.len(), 120);
    assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time));
}

/// As [`go_on`], while others write.
fn go_on_racing(store: &DirStore, cursor: &mut Cursor) -> (bool, Vec<String>) {
    let Some(mut reader) = store.journal().read_on(cursor).unwrap() else {
        return (false, Vec::new());
    };
    let mut seen = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        seen.extend(line.event.map(|event| event.version));
    }
    *cursor = reader.into_cursor().unwrap();
    (true, seen)
}

/// A journal that is due to be sealed, and what it says.
fn due() -> (tempfile::TempDir, Vec<Event>) {
    let scratch = tempfile::tempdir().unwrap();
    let store = open(scratch.path());
    let mut events = Vec::new();
    while fs::metadata(scratch.path().join(JOURNAL)).map_or(0, |it| it.len()) < SHORT {
        events.push(append(&store, events.len()));
    }
    (scratch, events)
}

fn sealed_name(events: &[Event], ending: &str) -> String {
    Segment(events[0].time).path(ending)
}

#[test]
fn whoever_is_stopped_at_whichever_step_loses_and_repeats_nothing() {
    type Step = fn(&Path, &[Event]);
    let steps: [(&str, Step); 5] = [
        ("before", |_, _| {}),
        ("the directory is made", |root, _| {
            fs::create_dir(root.join(SEGMENTS)).unwrap();
        }),
        ("it has its name", |root, events| {
            fs::create_dir(root.join(SEGMENTS)).unwrap();
            fs::rename(root.join(JOURNAL), root.join(sealed_name(events, PLAIN))).unwrap();
        }),
        ("a new one is begun", |root, events| {
            fs::create_dir(root.join(SEGMENTS)).unwrap();
            fs::rename(root.join(JOURNAL), root.join(sealed_name(events, PLAIN))).unwrap();
            fs::write(root.join(JOURNAL), "").unwrap();
            fs::create_dir_all(root.join(".athens/staging")).unwrap();
            fs::write(root.join(".athens/staging/1-1"), "half of a packed one").unwrap();
        }),
        ("it is packed and there twice", |root, events| {
            fs::create_dir(root.join(SEGMENTS)).unwrap();
            let plain = fs::read(root.join(JOURNAL)).unwrap();
            let packed = File::create(root.join(sealed_name(events, PACKED))).unwrap();
            let mut encoder = GzEncoder::new(packed, Compression::default());
            io::Write::write_all(&mut encoder, &plain).unwrap();
            encoder.finish().unwrap();
            fs::rename(root.join(JOURNAL), root.join(sealed_name(events, PLAIN))).unwrap();
        }),
    ];
    for (what, step) in steps {
        let (scratch, mut events) = due();
        let reading = open(scratch.path());
        let mut cursor = Cursor::default();
        go_on(&reading, &mut cursor);
        assert!(reading.provenance().of(&version(0)).unwrap().is_some());
        step(scratch.path(), &events);

        let store = open(scratch.path());
        assert_eq!(store.journal().events().unwrap(), events, "{what}");
        assert_eq!(go_on(&reading, &mut cursor), (true, Vec::new()), "{what}");
        let before = events.len();
        while events.len() < before * 2 + 1 {
            events.push(append(&store, events.len()));
        }
        assert_eq!(store.journal().events().unwrap(), events, "{what}");
        assert!(events.windows(2).all(|pair| pair[0].time < pair[1].time));
        let (could, seen) = go_on(&reading, &mut cursor);
        assert!(could, "{what}");
        assert_eq!(seen.len(), events.len() - before, "{what}");
        let last = version(events.len() - 1);
        assert!(reading.provenance().of(&last).unwrap().is_some());
        let names = names(scratch.path());
        assert!(names.iter().all(|name| name.ends_with(".gz")), "{names:?}");
        assert_eq!(names.len(), 2, "{what}: {names:?}");
    }
}

#[test]
fn a_torn_line_is_passed_over_when_it_is_sealed() {
    let (scratch, mut events) = due();
    let store = open(scratch.path());
    let path = scratch.path().join(JOURNAL);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"{\"Time\":");
    fs::write(&path, bytes).unwrap();
    assert_eq!(store.provenance().unreadable_lines().unwrap(), 1);
    events.push(append(&store, 9));
    assert_eq!(store.journal().events().unwrap(), events);
    assert_eq!(store.provenance().unreadable_lines().unwrap(), 1);
}

#[test]
fn a_damaged_file_costs_what_it_held_and_is_said() {
    let (scratch, events) = due();
    let store = open(scratch.path());
    let last = append(&store, 100);
    let path = scratch.path().join(sealed_name(&events, PACKED));
    let packed = fs::read(&path).unwrap();
    for (what, bytes) in [
        ("cut", &packed[..packed.len() - 9]),
        ("empty", &b""[..]),
        ("no gzip", b"nothing of the kind"),
    ] {
        fs::write(&path, bytes).unwrap();
        let mut damaged = 0;
        let mut seen = Vec::new();
        let each = store.journal().each_line(|line| {
            damaged += u64::from(line.is_damaged);
            seen.extend(line.event);
            Ok::<(), StoreError>(())
        });
        each.unwrap();
        // An empty file is what a power cut makes of one that was not synced.
        assert_eq!(damaged, 1, "{what}");
        assert_eq!(seen.pop(), Some(last.clone()), "{what}");
        assert!(store.provenance().unreadable_lines().unwrap() > 0, "{what}");
    }
    fs::write(&path, &packed).unwrap();
    assert_eq!(store.journal().events().unwrap().len(), events.len() + 1);
}
