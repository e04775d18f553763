//! Databases that lie, and caches that are damaged.

use super::*;
use crate::sumdb::testing::TestDatabase;

/// What is kept.
fn kept(client: &Client<Memory>) -> Vec<(String, Bytes)> {
    let head = client.operations().head.lock().unwrap().clone();
    let cache = client.operations().cache.lock().unwrap();
    let head = head.map(|head| ("head".to_owned(), head));
    cache.clone().into_iter().chain(head).collect()
}

fn tamper(
    client: &Client<Memory>,
    tamper: impl Fn(&str, String) -> String + Send + Sync + 'static,
) {
    let tamper = move |path: &str, answer: Bytes| match String::from_utf8(answer.to_vec()) {
        Ok(text) => tamper(path, text).into(),
        Err(_) => answer,
    };
    *client.operations().tamper.lock().unwrap() = Some(Box::new(tamper));
}

#[tokio::test]
async fn answers_that_are_refused() {
    let client = client(Memory::new(300));
    client.lookup(&version(1)).await.unwrap();
    let before = kept(&client);
    let other = TestDatabase::new("c.d", 300).note(300);
    type Lie = Box<dyn Fn(String) -> String + Send + Sync>;
    type Expected = fn(&Error) -> bool;
    let lies: [(Lie, Expected); 9] = [
        (
            Box::new(|answer| {
                answer.replacen("example.com/m7 v1.0.0 h1:", "example.com/m7 v1.0.0 h1:A", 1)
            }),
            |e| matches!(e, Error::Record { id: 7, .. }),
        ),
        (Box::new(|answer| answer.replacen('7', "8", 1)), |e| {
            matches!(e, Error::Record { id: 8, .. })
        }),
        (Box::new(|answer| answer.replacen('7', "300", 1)), |e| {
            matches!(
                e,
                Error::Beyond {
                    id: 300,
                    size: 300,
                    ..
                }
            )
        }),
        (Box::new(|answer| answer.replacen("m7", "m6", 2)), |e| {
            matches!(e, Error::Foreign { id: 7, .. })
        }),
        (Box::new(|answer| answer.replacen("\n\n", "\n", 1)), |e| {
            matches!(e, Error::Head(_) | Error::Lookup { .. })
        }),
        (Box::new(|answer| answer.replacen("h1:", "\rh1:", 1)), |e| {
            matches!(e, Error::Lookup { .. })
        }),
        (
            Box::new(|answer| answer.replacen("\n300\n", "\n301\n", 1)),
            |e| matches!(e, Error::Head(_)),
        ),
        (
            Box::new(|answer| answer + "example.com/m7 v1.0.0 h1:x\n"),
            |e| matches!(e, Error::Head(_)),
        ),
        (
            Box::new(move |answer| answer.split("go.sum").next().unwrap().to_owned() + &other),
            |e| matches!(e, Error::Head(_)),
        ),
    ];
    for (number, (lie, expected)) in lies.into_iter().enumerate() {
        tamper(&client, move |path, answer| {
            if path.contains("lookup") {
                lie(answer)
            } else {
                answer
            }
        });
        let error = client.lookup(&version(7)).await.unwrap_err();
        assert!(expected(&error), "{number}: {error:?}");
        assert_eq!(error.kind(), SumdbErrorKind::Invalid);
        assert_eq!(kept(&client), before, "{number}");
    }
    *client.operations().tamper.lock().unwrap() = None;
    client.lookup(&version(7)).await.unwrap();
}

#[tokio::test]
async fn lines_around_the_record_are_not_handed_on() {
    let client = client(Memory::new(300));
    // A text that the database did sign may follow the tree, for later.
    let root = client.operations().database.lock().unwrap().tree(300).root;
    let text = format!("go.sum database tree\n300\n{root}\n\nexample.com/m7 v1.0.0 h1:x\n");
    let note = TestKey::new("a.b").sign(&text);
    tamper(&client, move |path, answer| match path.contains("m7") {
        true => answer.split("go.sum").next().unwrap().to_owned() + &note,
        false => answer,
    });
    client.latest(Freshness::Newest).await.unwrap();
    let answer = client.lookup(&version(7)).await.unwrap().to_bytes();
    assert!(!String::from_utf8(answer.to_vec()).unwrap().contains("h1:x"));
}

#[tokio::test]
async fn wrong_tiles_are_refused() {
    let lies: [fn(Bytes) -> Bytes; 4] = [
        |tile| tile.slice(1..),
        |tile| [tile, Bytes::from_static(b"x")].concat().into(),
        |tile| {
            let mut tile = tile.to_vec();
            tile[8] ^= 1;
            tile.into()
        },
        |_| Bytes::new(),
    ];
    for lie in lies {
        for wrong in ["tile/8/0/000", "tile/8/0/001.p/44", "tile/8/1/000.p/1"] {
            let client = client(Memory::new(300));
            let tamper = move |path: &str, answer| {
                if path.ends_with(wrong) {
                    lie(answer)
                } else {
                    answer
                }
            };
            *client.operations().tamper.lock().unwrap() = Some(Box::new(tamper));
            let error = client.lookup(&version(7)).await.unwrap_err();
            assert!(matches!(error, Error::Tiles(_)), "{error:?}");
            let kept = kept(&client);
            assert!(
                kept.iter()
                    .all(|(path, _)| path != wrong && !path.starts_with("lookup")),
                "{kept:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_database_that_lacks_its_own_tiles_has_failed() {
    let client = client(Memory::new(300));
    // Signed, but not there yet.
    tamper(&client, {
        let note = TestDatabase::new("a.b", 400).note(400);
        move |path, answer| match path.contains("lookup") {
            true => answer.split("go.sum").next().unwrap().to_owned() + &note,
            false => answer,
        }
    });
    let error = client.verify(&version(7), None, None).await.unwrap_err();
    assert!(matches!(error, Error::Missing { .. }), "{error:?}");
    assert_eq!(error.kind(), SumdbErrorKind::Upstream);
    assert!(kept(&client).is_empty());
}

#[tokio::test]
async fn two_histories() {
    let forked = Arc::new(TestDatabase::forked("a.b", 900));
    for (size, newest) in [
        (300, 300),
        (300, 299),
        (300, 6),
        (300, 301),
        (300, 900),
        (1, 900),
        (6, 7),
    ] {
        let client = client(Memory::new(900));
        client.operations().size.store(size, Ordering::Relaxed);
        client.lookup(&version(0)).await.unwrap();
        let before = kept(&client);
        *client.operations().database.lock().unwrap() = forked.clone();
        client.operations().size.store(newest, Ordering::Relaxed);
        let latest = client.latest(Freshness::Newest).await;
        if size == 1 {
            // So far they are the same.
            assert_eq!(latest.unwrap().tree().size, newest);
            continue;
        }
        let error = latest.unwrap_err();
        assert_eq!(
            error.kind(),
            SumdbErrorKind::Inconsistent,
            "{size} {newest}: {error:?}"
        );
        let Error::Inconsistent(inconsistent) = &error else {
            panic!("{error:?}");
        };
        let sizes = [&inconsistent.older, &inconsistent.newer].map(|head| head.tree().size);
        assert_eq!(sizes, [size.min(newest), size.max(newest)]);
        assert_ne!(inconsistent.proved, inconsistent.older.tree().root);
        assert!(
            error
                .to_string()
                .contains(&inconsistent.newer.tree().root.to_string())
        );
        // Also when it comes with a record.
        let record = client.lookup(&version(newest - 1)).await.unwrap_err();
        assert_eq!(record.kind(), SumdbErrorKind::Inconsistent, "{record:?}");
        assert_eq!(kept(&client), before, "{size} {newest}");
    }
}

#[tokio::test]
async fn a_smaller_tree_of_the_same_history_is_only_old() {
    let client = client(Memory::new(900));
    client.lookup(&version(0)).await.unwrap();
    client.operations().size.store(100, Ordering::Relaxed);
    let head = client.latest(Freshness::Newest).await.unwrap();
    assert_eq!(head.tree().size, 900);
}

#[tokio::test]
async fn a_damaged_cache_is_mended() {
    let client = client(Memory::new(300));
    client.lookup(&version(7)).await.unwrap();
    let whole = kept(&client);
    for (path, content) in &whole {
        if path == "head" {
            continue;
        }
        let mut flipped = content.to_vec();
        flipped[10] ^= 1;
        for damaged in [content.slice(1..), Bytes::new(), flipped.into()] {
            let mut cache = client.operations().cache.lock().unwrap().clone();
            cache.insert(path.clone(), damaged.clone());
            *client.operations().cache.lock().unwrap() = cache;
            client.operations().cut.store(true, Ordering::Relaxed);
            let error = client.lookup(&version(7)).await.unwrap_err();
            assert_eq!(error.kind(), SumdbErrorKind::Upstream, "{path}: {error}");
            client.operations().cut.store(false, Ordering::Relaxed);
            client.lookup(&version(7)).await.unwrap();
            assert_eq!(kept(&client), whole, "{path}");
        }
    }
}

#[tokio::test]
async fn a_kept_tree_of_another_key_is_not_used() {
    let client = client(Memory::new(300));
    let other = TestDatabase::new("c.d", 300).note(300);
    *client.operations().head.lock().unwrap() = Some(other.into());
    let error = client.lookup(&version(7)).await.unwrap_err();
    assert!(matches!(error, Error::StoredHead(_)), "{error:?}");
    assert_eq!(error.kind(), SumdbErrorKind::Storage);
}

#[tokio::test]
async fn a_head_is_not_moved_before_its_tiles_are_written() {
    let client = client(Memory::new(300));
    client.operations().full.store(true, Ordering::Relaxed);
    let error = client.lookup(&version(7)).await.unwrap_err();
    assert_eq!(error.kind(), SumdbErrorKind::Storage, "{error}");
    assert!(kept(&client).is_empty());
}
