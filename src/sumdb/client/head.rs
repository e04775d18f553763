//! The newest tree that is known, and how a newer one takes its place.

use std::sync::Arc;

use bytes::Bytes;

use super::error::Inconsistent;
use super::operations::{Fetched, HeadReplacement, Operations};
use super::tiles::Proof;
use super::{Client, SumdbError};
use crate::sumdb::hash::TreeHash;
use crate::sumdb::plan::Plan;
use crate::sumdb::tree::TreeHead;

/// How often replacing the kept head is tried while other processes replace it too.
const TRIES: usize = 16;

/// What is known of the head that the outside keeps.
#[derive(Debug)]
pub(super) enum StoredHead {
    /// It was not read yet.
    Unread,
    /// It is this, or was when it was last looked at.
    Known(Option<Bytes>),
}

impl<O: Operations> Client<O> {
    /// The newest tree that is known; `None` if there is none yet.
    pub(super) async fn head(&self) -> Result<Option<Arc<TreeHead>>, SumdbError<O::Error>> {
        if let Some(head) = self.head.load_full() {
            return Ok(Some(head));
        }
        let mut stored = self.stored.lock().await;
        if matches!(*stored, StoredHead::Unread) {
            self.reload(&mut stored).await?;
        }
        Ok(self.head.load_full())
    }

    /// Asks the database for its newest tree, and makes it ours if it is newer.
    pub(super) async fn refresh(&self) -> Result<Arc<TreeHead>, SumdbError<O::Error>> {
        let path = "/latest";
        let bytes = match self.fetch(path).await? {
            Fetched::Found(bytes) => bytes,
            Fetched::NotFound { message } => {
                let path = path.to_owned();
                return Err(SumdbError::Missing { path, message });
            }
        };
        self.advance(TreeHead::verified(bytes, &self.key)?).await
    }

    /// Makes a signed tree ours if it is newer, and in any case checks that it and ours are one history. One at a time: each moves
    /// only a little, and the next finds most of its tiles in the cache.
    pub(super) async fn advance(
        &self,
        theirs: TreeHead,
    ) -> Result<Arc<TreeHead>, SumdbError<O::Error>> {
        let mut stored = self.stored.lock().await;
        if matches!(*stored, StoredHead::Unread) {
            self.reload(&mut stored).await?;
        }
        for _ in 0..TRIES {
            let ours = self.head.load_full();
            if let Some(ours) = ours.filter(|ours| theirs.tree().size <= ours.tree().size) {
                self.check_older(&theirs, &ours).await?;
                return Ok(ours);
            }
            self.prepare(&theirs).await?;
            let old = match &*stored {
                StoredHead::Known(old) => old.as_ref(),
                StoredHead::Unread => None,
            };
            match self.replace_head(old, theirs.bytes()).await? {
                HeadReplacement::Replaced => {
                    *stored = StoredHead::Known(Some(theirs.bytes().clone()));
                    let head = Arc::new(theirs);
                    self.head.store(Some(head.clone()));
                    return Ok(head);
                }
                HeadReplacement::Conflict => self.reload(&mut stored).await?,
            }
        }
        Err(SumdbError::Contended)
    }

    /// Looks again at what the outside keeps: another process may have gone ahead.
    pub(super) async fn reload_head(&self) -> Result<Option<Arc<TreeHead>>, SumdbError<O::Error>> {
        let mut stored = self.stored.lock().await;
        self.reload(&mut stored).await?;
        Ok(self.head.load_full())
    }

    async fn reload(&self, stored: &mut StoredHead) -> Result<(), SumdbError<O::Error>> {
        let bytes = self.read_head().await?;
        if let StoredHead::Known(known) = &*stored
            && *known == bytes
        {
            return Ok(());
        }
        if let Some(bytes) = &bytes {
            let kept = TreeHead::verified(bytes.clone(), &self.key);
            let kept = kept.map_err(SumdbError::StoredHead)?;
            match self.head.load_full() {
                // At the start there is nothing to compare with.
                None => self.head.store(Some(Arc::new(kept))),
                Some(ours) if kept.tree().size <= ours.tree().size => {
                    self.check_older(&kept, &ours).await?;
                }
                Some(_) => {
                    self.prepare(&kept).await?;
                    self.head.store(Some(Arc::new(kept)));
                }
            }
        }
        *stored = StoredHead::Known(bytes);
        Ok(())
    }

    /// Makes sure that a newer tree continues ours, and that the cache will prove in it all that it proves in ours.
    async fn prepare(&self, newer: &TreeHead) -> Result<(), SumdbError<O::Error>> {
        let ours = self.head.load_full();
        let size = ours.as_ref().map_or(0, |ours| ours.tree().size);
        let plan = Plan::new(newer.tree().size).with_tree(size);
        let proof = self.prove(newer.tree(), &plan).await?;
        if let Some(ours) = ours {
            compare(&ours, newer, &proof)?;
        }
        self.save(&proof).await
    }

    /// Makes sure that a tree that is not larger than ours is the beginning of it.
    async fn check_older(
        &self,
        older: &TreeHead,
        ours: &TreeHead,
    ) -> Result<(), SumdbError<O::Error>> {
        if older.tree() == ours.tree() {
            return Ok(());
        }
        let plan = Plan::new(ours.tree().size).with_tree(older.tree().size);
        let proof = self.prove(ours.tree(), &plan).await?;
        compare(older, ours, &proof)?;
        self.save(&proof).await
    }
}

/// Compares a tree with what it has to be by the tiles of a larger one.
pub(super) fn compare(
    older: &TreeHead,
    newer: &TreeHead,
    proof: &Proof,
) -> Result<(), Box<Inconsistent>> {
    // A plan for the tree has all that its root is made of; were it not so, nothing would be proved.
    let proved = proof.tiles.root(older.tree().size);
    if proved == Some(older.tree().root) {
        return Ok(());
    }
    Err(Box::new(Inconsistent {
        older: older.clone(),
        newer: newer.clone(),
        proved: proved.unwrap_or_else(TreeHash::empty),
    }))
}
