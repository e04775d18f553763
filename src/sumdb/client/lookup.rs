//! Looking up a version.

use std::sync::Arc;

use bytes::Bytes;

use super::answer::{Answer, Mismatch, SummedFile, Verdict};
use super::error::SumdbErrorKind;
use super::head::compare;
use super::operations::{Fetched, Operations};
use super::{Client, SumdbError};
use crate::module::{ModuleVersion, Sum};
use crate::sumdb::plan::Plan;
use crate::sumdb::record::Lookup;
use crate::sumdb::tree::TreeHead;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Cache,
    Database,
}

impl<O: Operations> Client<O> {
    /// The record of a version, proved: from the cache, or asked for and kept.
    ///
    /// What is kept is asked for again only if it is damaged.
    ///
    /// # Errors
    ///
    /// Of kind `NotFound` when the database does not know the version; of others when the database or the cache fails, or what
    /// the database says cannot be believed.
    pub async fn lookup(&self, version: &ModuleVersion) -> Result<Answer, SumdbError<O::Error>> {
        let path = path(version);
        if let Some(answer) = self.kept(version, &path).await? {
            return Ok(answer);
        }
        // Others may be asking, or just have kept what they were told.
        let _turn = self.lookups.take(&path).await;
        if let Some(answer) = self.kept(version, &path).await? {
            return Ok(answer);
        }
        let remote = format!("/{path}");
        let bytes = match self.fetch(&remote).await? {
            Fetched::Found(bytes) => bytes,
            Fetched::NotFound { message } => {
                return Err(SumdbError::NotFound {
                    path: remote,
                    message,
                });
            }
        };
        let answer = self.accept(version, &bytes, Origin::Database).await?;
        self.write_cache(&path, &bytes).await?;
        Ok(answer)
    }

    /// The record of a version as it is kept; `None` if it is not, or is damaged.
    async fn kept(
        &self,
        version: &ModuleVersion,
        path: &str,
    ) -> Result<Option<Answer>, SumdbError<O::Error>> {
        let Some(cached) = self.read_cache(path).await? else {
            return Ok(None);
        };
        match self.accept(version, &cached, Origin::Cache).await {
            Err(error) if error.kind() == SumdbErrorKind::Invalid => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// What the database says of the sums of a version that is here.
    ///
    /// # Errors
    ///
    /// As [`Client::lookup`], but that the database does not know the version is a [`Verdict::Unknown`].
    pub async fn verify(
        &self,
        version: &ModuleVersion,
        zip: Option<&Sum>,
        go_mod: Option<&Sum>,
    ) -> Result<Verdict, SumdbError<O::Error>> {
        let answer = match self.lookup(version).await {
            Err(error) if error.kind() == SumdbErrorKind::NotFound => return Ok(Verdict::Unknown),
            answer => answer?,
        };
        let sums = answer.record.sums(version);
        let mut verdict = Verdict::Verified;
        for (file, ours, theirs) in [
            (SummedFile::Zip, zip, sums.zip),
            (SummedFile::GoMod, go_mod, sums.go_mod),
        ] {
            match (ours, theirs) {
                (Some(&ours), Some(theirs)) if ours != theirs => {
                    return Ok(Verdict::Mismatch(Mismatch { file, ours, theirs }));
                }
                (Some(_), None) => verdict = Verdict::Unknown,
                _ => {}
            }
        }
        Ok(verdict)
    }

    /// Proves an answer in the head, which moves on if the record is beyond it.
    async fn accept(
        &self,
        version: &ModuleVersion,
        answer: &Bytes,
        origin: Origin,
    ) -> Result<Answer, SumdbError<O::Error>> {
        let Lookup { id, record, note } =
            Lookup::parse(answer).map_err(|kind| SumdbError::Lookup {
                version: version.clone(),
                kind,
            })?;
        let sums = record.sums(version);
        if sums.zip.is_none() && sums.go_mod.is_none() {
            let version = version.clone();
            return Err(SumdbError::Foreign { version, id });
        }

        let covers = |head: &Arc<TreeHead>| id < head.tree().size;
        let head = self.head().await?.filter(covers);
        let (head, older) = match (head, origin) {
            // What came with a record that we kept was verified then.
            (Some(head), Origin::Cache) => (head, None),
            (head, _) => {
                let theirs = TreeHead::verified(note, &self.key)?;
                let size = theirs.tree().size;
                if id >= size {
                    let version = version.clone();
                    return Err(SumdbError::Beyond { version, id, size });
                }
                match head {
                    None => (self.advance(theirs).await?, None),
                    // A newer tree is not followed: whoever is ahead of us proves our head, not we theirs.
                    Some(head) if size > head.tree().size => (head, None),
                    Some(head) => (head, Some(theirs)),
                }
            }
        };

        let mut plan = Plan::new(head.tree().size).with_record(id);
        if let Some(older) = &older {
            plan = plan.with_tree(older.tree().size);
        }
        let proof = self.prove(head.tree(), &plan).await?;
        if let Some(older) = &older {
            compare(older, &head, &proof)?;
        }
        if proof.tiles.record(id) != Some(record.hash()) {
            return Err(SumdbError::Record {
                version: version.clone(),
                id,
                tree: *head.tree(),
            });
        }
        self.save(&proof).await?;
        Ok(Answer { id, record, head })
    }
}

/// Where a version's record is, in the cache and, after a slash, at the database.
fn path(version: &ModuleVersion) -> String {
    let (path, version) = (version.path().escaped(), version.version().escaped());
    format!("lookup/{path}@{version}")
}
