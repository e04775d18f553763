//! What a site without a network has is enough for go commands, also for those that remember.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use athens::sumdb::{Client, Freshness, TilePath};
use bytes::Bytes;
use tempfile::TempDir;

use super::world::{Databases, World, hex, lookup_path, request, version};
use crate::support::oracle;
use crate::support::random::Random;

const SIZES: [u64; 10] = [1, 3, 200, 255, 256, 257, 511, 512, 600, 1030];

fn write(dir: &Path, path: &str, content: &[u8]) {
    let file = dir.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

/// A life of a database and of a client: what the client keeps, and every head that it ever had.
async fn live(databases: &Databases, random: &mut Random) -> (World, BTreeSet<Bytes>) {
    let (mut time, mut heads) = (random.below(4), BTreeSet::new());
    let mut client = Client::new(
        databases.verifier_key(),
        World::new(databases.honest(SIZES[time])),
    );
    for _ in 0..25 {
        let size = SIZES[time];
        match random.below(10) {
            0 | 1 => time = (time + 1).min(SIZES.len() - 1),
            2 => drop(client.latest(Freshness::Newest).await.unwrap()),
            3 => client = Client::new(databases.verifier_key(), client.operations().inherit()),
            _ => {
                let id = random.below(usize::try_from(size).unwrap()) as u64;
                // Sometimes with a tree of an earlier time.
                let earlier = SIZES.into_iter().find(|size| *size > id).unwrap();
                let answer = super::world::read(&databases.honest(earlier), &lookup_path(id));
                if random.below(2) == 0 {
                    let mut lies = client.operations().lies.lock().unwrap();
                    lies.insert(lookup_path(id), answer);
                }
                client.lookup(&version(id)).await.unwrap();
            }
        }
        *client.operations().remote.lock().unwrap() = databases.honest(SIZES[time]);
        heads.extend(client.operations().head.lock().unwrap().clone());
    }
    (client.operations().inherit(), heads)
}

#[tokio::test]
async fn go_commands_verify_without_the_database() {
    let Some(databases) = Databases::new(&SIZES) else {
        return;
    };
    let dir = TempDir::new().unwrap();
    let (mut requests, mut expected) = (Vec::new(), Vec::new());
    for seed in 0..8 {
        let (kept, heads) = live(&databases, &mut Random::new(seed)).await;
        assert!(!heads.is_empty());
        let client = Client::new(databases.verifier_key(), kept);
        client.operations().cut.store(true, Ordering::Relaxed);

        let answers = dir.path().join(seed.to_string());
        let paths: Vec<String> = client
            .operations()
            .cache
            .lock()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        for path in paths {
            let Some(id) = path.strip_prefix("lookup/example.com/m") else {
                let TilePath::Hashes(tile) = path.parse().unwrap() else {
                    panic!("{path}");
                };
                write(&answers, &path, &client.tile(&tile).await.unwrap());
                continue;
            };
            let id: u64 = id.strip_suffix("@v1.0.0").unwrap().parse().unwrap();
            let answer = client.lookup(&version(id)).await.unwrap();
            write(&answers, &path, &answer.to_bytes());
            let zip = answer.record.as_str().lines().next().unwrap().to_owned();
            // A client that knows nothing, and each that remembers one of our heads.
            for head in std::iter::once(&Bytes::new()).chain(&heads) {
                let module = format!("example.com/m{id}");
                let dir = answers.to_str().unwrap();
                requests.push(request([
                    "client",
                    &databases.key,
                    dir,
                    &hex(head),
                    &module,
                    "v1.0.0",
                    "",
                ]));
                expected.push(zip.clone());
            }
        }
        assert_eq!(client.operations().fetches.load(Ordering::Relaxed), 0);
    }
    assert!(requests.len() > 100, "{}", requests.len());
    let verdicts = oracle::ask("sumdb", &requests).unwrap();
    for ((request, verdict), zip) in requests.iter().zip(&verdicts).zip(&expected) {
        assert_eq!(verdict["lines"][0], *zip, "{request:?}: {verdict}");
    }
}
