//! A checksum database for the tests of this room: it has records, signs trees and can lie.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};

use super::encoding::to_base64;
use super::hash::TreeHash;
use super::key::{VerifierKey, key_hash};
use super::tile::Tile;
use super::tree::Tree;

/// A key that the name makes, the same in every run.
pub(crate) struct TestKey {
    name: String,
    key: SigningKey,
}

impl TestKey {
    pub(crate) fn new(name: &str) -> Self {
        let seed = TreeHash::of_record(name.as_bytes());
        Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed.as_bytes()),
        }
    }

    fn encoded(&self) -> Vec<u8> {
        [&[1][..], self.key.verifying_key().as_bytes()].concat()
    }

    pub(crate) fn verifier_key(&self) -> String {
        let encoded = self.encoded();
        let hash = u32::from_be_bytes(key_hash(&self.name, &encoded));
        format!("{}+{hash:08x}+{}", self.name, to_base64(&encoded))
    }

    pub(super) fn key(&self) -> VerifierKey {
        self.verifier_key().parse().unwrap()
    }

    /// The text and its signature.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut signature = key_hash(&self.name, &self.encoded()).to_vec();
        signature.extend_from_slice(&self.key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n\u{2014} {} {}\n", self.name, to_base64(&signature))
    }
}

/// A database whose records are about `example.com/mN@v1.0.0`, with N their numbers.
pub(super) struct TestDatabase {
    pub(super) key: TestKey,
    records: Vec<String>,
    /// All hashes of each level of the tree.
    rows: Vec<Vec<TreeHash>>,
}

impl TestDatabase {
    pub(super) fn new(name: &str, size: u64) -> Self {
        Self::with_records(name, (0..size).map(record).collect())
    }

    /// One with the same key that has other sums in its record 5.
    pub(super) fn forked(name: &str, size: u64) -> Self {
        let text = |id| match id {
            5 => record(55).replace("m55", "m5"),
            id => record(id),
        };
        Self::with_records(name, (0..size).map(text).collect())
    }

    pub(super) fn with_records(name: &str, records: Vec<String>) -> Self {
        let mut rows = vec![
            records
                .iter()
                .map(|text| TreeHash::of_record(text.as_bytes()))
                .collect::<Vec<_>>(),
        ];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            let (pairs, _) = row.as_chunks::<2>();
            let next = pairs.iter().map(|[l, r]| TreeHash::of_node(l, r)).collect();
            rows.push(next);
        }
        Self {
            key: TestKey::new(name),
            records,
            rows,
        }
    }

    pub(super) fn record(&self, id: u64) -> &str {
        &self.records[usize::try_from(id).unwrap()]
    }

    pub(super) fn record_hash(&self, id: u64) -> TreeHash {
        self.rows[0][usize::try_from(id).unwrap()]
    }

    /// The tree of the first records, made by the definition of RFC 6962.
    pub(super) fn tree(&self, size: u64) -> Tree {
        fn root(leaves: &[TreeHash]) -> TreeHash {
            match leaves.len() {
                0 => TreeHash::empty(),
                1 => leaves[0],
                n => {
                    let (left, right) = leaves.split_at(n.next_power_of_two() / 2);
                    TreeHash::of_node(&root(left), &root(right))
                }
            }
        }
        let leaves = &self.rows[0][..usize::try_from(size).unwrap()];
        Tree {
            size,
            root: root(leaves),
        }
    }

    pub(super) fn tile(&self, tile: &Tile) -> Bytes {
        let start = usize::try_from(tile.number() * 256).unwrap();
        let row = &self.rows[usize::from(tile.level()) * 8];
        row[start..start + usize::from(tile.width())]
            .iter()
            .flat_map(|hash| *hash.as_bytes())
            .collect()
    }

    /// The signed note of the tree of the first records.
    pub(super) fn note(&self, size: u64) -> String {
        let Tree { size, root } = self.tree(size);
        self.key
            .sign(&format!("go.sum database tree\n{size}\n{root}\n"))
    }
}

/// The text of a record.
pub(super) fn record(id: u64) -> String {
    let sum = |what: &str| {
        let hash = TreeHash::of_record(format!("{what} {id}").as_bytes());
        format!("h1:{hash}")
    };
    let module = format!("example.com/m{id} v1.0.0");
    format!("{module} {}\n{module}/go.mod {}\n", sum("zip"), sum("mod"))
}
