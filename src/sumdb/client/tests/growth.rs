//! Databases that grow, and what is left when they are gone.

use super::*;
use crate::sumdb::testing::TestDatabase;
use proptest::prelude::*;
use std::sync::LazyLock;

fn records(size: u64) -> Arc<TestDatabase> {
    Arc::new(TestDatabase::new("a.b", size))
}

/// What happens to a client.
#[derive(Debug, Clone)]
enum Step {
    Grow(u64),
    /// Look up one of the records that there are, with a tree of its own time or a later one.
    Lookup(u64, bool),
    Latest,
    Tile(u64),
    /// Forget everything but what is kept.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1..400_u64).prop_map(Step::Grow),
        4 => (any::<u64>(), any::<bool>()).prop_map(|(id, stale)| Step::Lookup(id, stale)),
        1 => Just(Step::Latest),
        1 => any::<u64>().prop_map(Step::Tile),
        1 => Just(Step::Restart),
    ]
}

/// A memory with everything that another one keeps.
fn inherit(old: &Memory, database: Arc<TestDatabase>) -> Memory {
    let size = old.size.load(Ordering::Relaxed);
    let new = Memory::new(0);
    *new.database.lock().unwrap() = database;
    new.size.store(size, Ordering::Relaxed);
    *new.cache.lock().unwrap() = old.cache.lock().unwrap().clone();
    *new.head.lock().unwrap() = old.head.lock().unwrap().clone();
    new
}

fn heads(client: &Client<Memory>, seen: &mut Vec<u64>) {
    if let Some(head) = client.head.load_full() {
        seen.push(head.tree().size);
    }
}

async fn play(start: u64, steps: Vec<Step>) {
    static EVERYTHING: LazyLock<Arc<TestDatabase>> = LazyLock::new(|| records(5000));
    let everything = || EVERYTHING.clone();
    let mut now = client(inherit(&Memory::new(0), everything()));
    let mut seen = Vec::new();
    now.operations().size.store(start, Ordering::Relaxed);
    for step in steps {
        let size = now.operations().size.load(Ordering::Relaxed);
        match step {
            Step::Grow(more) => now.operations().size.store(size + more, Ordering::Relaxed),
            Step::Lookup(id, stale) => {
                let id = id % size;
                let stale = if stale { id + 1 } else { 0 };
                now.operations().stale.store(stale, Ordering::Relaxed);
                assert_eq!(now.lookup(&version(id)).await.unwrap().id, id);
            }
            Step::Latest => {
                let head = now.latest(Freshness::Newest).await.unwrap();
                assert_eq!(head.tree().size, size);
            }
            Step::Tile(id) => {
                let tile = Tile::in_tree(0, (id % size) >> 8, size).unwrap();
                now.tile(&tile).await.unwrap();
            }
            Step::Restart => now = client(inherit(now.operations(), everything())),
        }
        heads(&now, &mut seen);
    }
    assert!(seen.is_sorted(), "a head never goes back: {seen:?}");

    // The database is gone. Nothing is known but what was kept.
    let gone = client(inherit(now.operations(), everything()));
    gone.operations().cut.store(true, Ordering::Relaxed);
    let Some(head) = gone.head().await.unwrap() else {
        return;
    };
    let kept: Vec<String> = gone
        .operations()
        .cache
        .lock()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    for path in &kept {
        if let Some(id) = path.strip_prefix("lookup/example.com/m") {
            let id = id.strip_suffix("@v1.0.0").unwrap().parse().unwrap();
            let answer = gone.lookup(&version(id)).await.unwrap();
            assert_eq!((answer.id, &answer.head), (id, &head));
        } else {
            gone.tile(&tile(path)).await.unwrap();
        }
    }
    // Whoever remembers an earlier head of ours can prove that this one continues it.
    for older in seen {
        let older = everything().note(older);
        let older = TreeHead::verified(older.into(), &gone.key).unwrap();
        assert_eq!(gone.advance(older).await.unwrap(), head);
    }
    assert_eq!(fetches(&gone), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_answered_once_is_answered_without_the_database(
        start in prop_oneof![1..300_u64, 254..259_u64, 500..1100_u64],
        steps in prop::collection::vec(step(), 1..10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(start, steps));
    }
}

#[tokio::test]
async fn a_newer_tree_is_not_followed_without_need() {
    let client = client(inherit(&Memory::new(0), records(900)));
    client.operations().size.store(300, Ordering::Relaxed);
    client.lookup(&version(10)).await.unwrap();
    client.operations().size.store(900, Ordering::Relaxed);
    let answer = client.lookup(&version(299)).await.unwrap();
    assert_eq!(answer.head.tree().size, 300);
    let kept = client.latest(Freshness::Kept).await.unwrap();
    assert_eq!(kept.tree().size, 300);
    let answer = client.lookup(&version(300)).await.unwrap();
    assert_eq!(answer.head.tree().size, 900);
    // A tile that only a newer tree has.
    client.operations().size.store(900, Ordering::Relaxed);
    client.tile(&tile("tile/8/0/003.p/132")).await.unwrap();
}

#[tokio::test]
async fn other_processes_may_be_faster() {
    let client = client(inherit(&Memory::new(0), records(900)));
    let note = |size| Bytes::from(client.operations().database.lock().unwrap().note(size));
    client.operations().size.store(300, Ordering::Relaxed);
    client.latest(Freshness::Newest).await.unwrap();
    client.operations().size.store(900, Ordering::Relaxed);

    // One went further.
    *client.operations().rival.lock().unwrap() = Some(note(800));
    let head = client.latest(Freshness::Newest).await.unwrap();
    assert_eq!(head.tree().size, 900);
    assert_eq!(
        client.operations().head.lock().unwrap().as_ref(),
        Some(head.bytes())
    );

    // One put back what a backup had.
    *client.operations().head.lock().unwrap() = Some(note(100));
    client.operations().cut.store(true, Ordering::Relaxed);
    let error = client.tile(&tile("tile/8/0/003.p/133")).await.unwrap_err();
    assert_eq!(error.kind(), SumdbErrorKind::Upstream, "{error}");
    assert_eq!(client.latest(Freshness::Kept).await.unwrap(), head);
}

#[tokio::test]
async fn what_another_process_found_out_is_used() {
    let client = client(inherit(&Memory::new(0), records(900)));
    client.operations().size.store(300, Ordering::Relaxed);
    client.latest(Freshness::Newest).await.unwrap();
    client.operations().size.store(900, Ordering::Relaxed);
    let other = super::client(inherit(client.operations(), records(900)));
    other.latest(Freshness::Newest).await.unwrap();
    *client.operations().cache.lock().unwrap() = other.operations().cache.lock().unwrap().clone();
    *client.operations().head.lock().unwrap() = other.operations().head.lock().unwrap().clone();

    client.operations().cut.store(true, Ordering::Relaxed);
    client.tile(&tile("tile/8/0/003.p/132")).await.unwrap();
    assert_eq!(
        client.latest(Freshness::Kept).await.unwrap().tree().size,
        900
    );
}

#[tokio::test]
async fn a_cache_of_the_go_command_will_do() {
    // It has tiles, and records with the trees of their time, and keeps its newest tree elsewhere.
    let client = client(inherit(&Memory::new(0), records(900)));
    for size in [300, 900] {
        client.operations().size.store(size, Ordering::Relaxed);
        client.lookup(&version(size - 1)).await.unwrap();
    }
    let copied = super::client(inherit(client.operations(), records(900)));
    *copied.operations().head.lock().unwrap() = None;
    copied.operations().cut.store(true, Ordering::Relaxed);
    for size in [300, 900] {
        let answer = copied.lookup(&version(size - 1)).await.unwrap();
        assert_eq!(answer.head.tree().size, size);
    }
    assert_eq!(
        copied.lookup(&version(299)).await.unwrap().head.tree().size,
        900
    );
    assert_eq!(fetches(&copied), 0);
}
