//! The client against a database in memory. Against the real client of Go: `tests/it/sumdb`.

mod growth;
pub(super) mod memory;
mod tampering;

use std::sync::atomic::Ordering;

use super::*;
use crate::module::{ModuleVersion, Sum};
use crate::sumdb::TilePath;
use crate::sumdb::testing::{TestKey, record};
use memory::{Broken, Memory};

type Error = SumdbError<Broken>;

fn client(outside: Memory) -> Client<Memory> {
    Client::new(TestKey::new("a.b").key(), outside)
}

fn version(id: u64) -> ModuleVersion {
    let path = format!("example.com/m{id}").parse().unwrap();
    ModuleVersion::new(path, "v1.0.0".parse().unwrap()).unwrap()
}

fn tile(path: &str) -> Tile {
    match path.parse().unwrap() {
        TilePath::Hashes(tile) => tile,
        TilePath::Data(_) => panic!("{path} has records"),
    }
}

fn fetches(client: &Client<Memory>) -> usize {
    client.operations().fetches.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_record_is_proved_and_kept() {
    let client = client(Memory::new(700));
    let answer = client.lookup(&version(300)).await.unwrap();
    assert_eq!(answer.id, 300);
    assert_eq!(answer.record.as_str(), record(300));
    assert_eq!(answer.head.tree().size, 700);
    let bytes = answer.to_bytes();
    assert!(
        bytes.starts_with(format!("300\n{}\ngo.sum database tree\n700\n", record(300)).as_bytes())
    );
    assert_eq!(
        bytes,
        client.operations().cache.lock().unwrap()["lookup/example.com/m300@v1.0.0"]
    );

    let before = fetches(&client);
    assert_eq!(client.lookup(&version(300)).await.unwrap(), answer);
    assert_eq!(fetches(&client), before, "from the cache");
    let other = client.lookup(&version(301)).await.unwrap();
    assert_eq!(other.id, 301);
    assert_eq!(fetches(&client), before + 1, "its tiles are there");
}

#[tokio::test]
async fn sums_are_compared() {
    let client = client(Memory::new(10));
    let sums = client
        .lookup(&version(3))
        .await
        .unwrap()
        .record
        .sums(&version(3));
    let (zip, go_mod) = (sums.zip.unwrap(), sums.go_mod.unwrap());
    let verify = async |zip: Option<Sum>, go_mod: Option<Sum>| {
        client
            .verify(&version(3), zip.as_ref(), go_mod.as_ref())
            .await
            .unwrap()
    };
    assert_eq!(verify(Some(zip), Some(go_mod)).await, Verdict::Verified);
    assert_eq!(verify(None, Some(go_mod)).await, Verdict::Verified);
    let mismatch = |file, ours, theirs| Verdict::Mismatch(Mismatch { file, ours, theirs });
    assert_eq!(
        verify(Some(go_mod), Some(go_mod)).await,
        mismatch(SummedFile::Zip, go_mod, zip)
    );
    assert_eq!(
        verify(Some(zip), Some(zip)).await,
        mismatch(SummedFile::GoMod, zip, go_mod)
    );
    let unknown = client.verify(&version(11), Some(&zip), None).await;
    assert_eq!(unknown.unwrap(), Verdict::Unknown);
}

#[tokio::test]
async fn not_found_and_not_reached_are_two_things() {
    let client = client(Memory::new(10));
    let error = client.lookup(&version(10)).await.unwrap_err();
    assert_eq!(error.kind(), SumdbErrorKind::NotFound);
    assert!(error.to_string().contains("not here"), "{error}");
    client.operations().cut.store(true, Ordering::Relaxed);
    for error in [
        client.lookup(&version(3)).await.unwrap_err(),
        client.verify(&version(3), None, None).await.unwrap_err(),
        client.tile(&tile("tile/8/0/000.p/3")).await.unwrap_err(),
        client.latest(Freshness::Kept).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), SumdbErrorKind::Upstream, "{error}");
    }
}

#[tokio::test]
async fn tiles_of_the_tree_at_every_width() {
    let client = client(Memory::new(700));
    for path in [
        "tile/8/0/002.p/188",
        "tile/8/0/002.p/1",
        "tile/8/0/000",
        "tile/8/0/000.p/77",
        "tile/8/1/000.p/2",
        "tile/8/1/000.p/1",
    ] {
        let tile = tile(path);
        let expected = client.operations().database.lock().unwrap().tile(&tile);
        assert_eq!(client.tile(&tile).await.unwrap(), expected, "{path}");
    }
    let kept: Vec<_> = client
        .operations()
        .cache
        .lock()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        kept,
        ["tile/8/0/000", "tile/8/0/002.p/188", "tile/8/1/000.p/2"],
        "each once, as wide as it is"
    );
    for path in [
        "tile/8/0/002",
        "tile/8/0/002.p/189",
        "tile/8/0/003.p/1",
        "tile/8/2/000.p/1",
        "tile/8/63/000",
    ] {
        let error = client.tile(&tile(path)).await.unwrap_err();
        assert_eq!(error.kind(), SumdbErrorKind::NotFound, "{path}: {error}");
    }
}

#[tokio::test]
async fn tiles_of_records() {
    let client = client(Memory::new(300));
    let data = |path: &str| match path.parse().unwrap() {
        TilePath::Data(tile) => tile,
        TilePath::Hashes(_) => panic!("{path} has hashes"),
    };
    let part = data("tile/8/data/001.p/44");
    let records = client.data_tile(&part).await.unwrap();
    assert!(records.starts_with(record(256).as_bytes()));
    assert!(records.ends_with(format!("{}\n", record(299)).as_bytes()));
    client.operations().cut.store(true, Ordering::Relaxed);
    assert_eq!(client.data_tile(&part).await.unwrap(), records);
    client.operations().cut.store(false, Ordering::Relaxed);

    let beyond = client
        .data_tile(&data("tile/8/data/001"))
        .await
        .unwrap_err();
    assert_eq!(beyond.kind(), SumdbErrorKind::NotFound);
    let lies: [fn(Bytes) -> Bytes; 4] = [
        |data| data.slice(1..),
        |data| data.slice(..data.len() - 1),
        |data| [data.clone(), data].concat().into(),
        |_| Bytes::new(),
    ];
    for lie in lies {
        let tamper = move |path: &str, answer| {
            if path.contains("data") {
                lie(answer)
            } else {
                answer
            }
        };
        *client.operations().tamper.lock().unwrap() = Some(Box::new(tamper));
        let error = client
            .data_tile(&data("tile/8/data/000"))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::DataTile { .. }), "{error}");
    }
}

#[tokio::test]
async fn many_at_once_share_what_they_fetch() {
    let client = client(Memory::new(700));
    let (a, b, c) = (version(1), version(2), version(1));
    let (a, b, c) = tokio::join!(client.lookup(&a), client.lookup(&b), client.lookup(&c));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    // Two lookups, the two tiles that are not full, the one of both records.
    assert_eq!(fetches(&client), 5);
}
