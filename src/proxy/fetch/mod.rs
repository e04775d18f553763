//! Asking upstreams: once for all who want to know, within a bounded wait, and remembering the answers.
//!
//! What was fetched is checked, verified with the checksum database, and in the tree before anybody sees it; the answer
//! to a question about a file is therefore only that it is there.

mod failure;
mod files;
mod memory;
mod question;
mod resolve;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

pub use failure::{FetchFailure, SumMismatch};
pub(super) use memory::Memory;
pub(super) use question::{Answer, Question};
pub(super) use resolve::best_of;

use self::memory::{Lifetimes, Memories};
use super::sums::Sums;
use crate::catalog::Catalog;
use crate::housekeeping::{Janitor, Room};
use crate::metrics::{AnswerSource, FetchOutcome, Metrics};
use crate::module::ModulePath;
use crate::trace::{self, Outcome};
use crate::upstream::{Ask, Flights, Privacy, Upstreams};

/// How answers of upstreams are waited for and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchSettings {
    /// How long a request waits for an upstream; the fetch itself goes on.
    pub fetch_timeout: Duration,
    /// How long a version list, what is latest, and what a branch means are believed.
    pub list_ttl: Duration,
    /// How long it is believed that something does not exist.
    pub negative_ttl: Duration,
}

/// How long a fetch may take when nobody waits for it any more.
const LONGEST_FETCH: Duration = Duration::from_secs(3600);
/// How long a request waits that can be answered from the tree too.
const PATIENCE_WITH_TREE: Duration = Duration::from_secs(3);
/// How long after a failure of the upstreams nobody waits for them who has an answer from the tree.
const OUTAGE: Duration = Duration::from_secs(10);

/// How many fetched zips are checked at once.
const MOST_CHECKS: usize = 4;

/// What a fetch has to do with keeping the folder within its bounds.
#[derive(Debug)]
pub(super) struct FetchHousekeeping {
    pub(super) room: Arc<Room>,
    pub(super) janitor: Option<Arc<Janitor>>,
    /// Whether what is fetched is here on purpose, and never removed to make room.
    pub(super) keeps_fetched: bool,
}

/// The upstreams, and what is known from them.
#[derive(Debug)]
pub(super) struct Fetching {
    this: Weak<Self>,
    catalog: Catalog,
    upstreams: Upstreams,
    sums: Arc<Sums>,
    metrics: Metrics,
    settings: FetchSettings,
    flights: Flights<Question, Result<Answer, Arc<FetchFailure>>>,
    memories: Memories,
    housekeeping: FetchHousekeeping,
    /// Places for checks of fetched zips: they read and inflate, and must leave room for everything else.
    checks: tokio::sync::Semaphore,
    started: Instant,
    /// Milliseconds since `started` at the last failure of the upstreams, and one more; 0 for none.
    failed_at: AtomicU64,
}

impl Fetching {
    pub(super) fn new(
        catalog: Catalog,
        upstreams: Upstreams,
        sums: Arc<Sums>,
        housekeeping: FetchHousekeeping,
        settings: FetchSettings,
        cache_size: u64,
        metrics: Metrics,
    ) -> Arc<Self> {
        let lifetimes = Lifetimes {
            lists: settings.list_ttl,
            negatives: settings.negative_ttl,
        };
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            catalog,
            upstreams,
            sums,
            metrics,
            settings,
            flights: Flights::default(),
            memories: Memories::new(cache_size, lifetimes),
            housekeeping,
            checks: tokio::sync::Semaphore::new(MOST_CHECKS),
            started: Instant::now(),
            failed_at: AtomicU64::new(0),
        })
    }

    /// Whether it waits and remembers as these settings say.
    pub(super) fn is_set(&self, settings: FetchSettings) -> bool {
        self.settings == settings
    }

    /// The upstreams that it asks.
    pub(super) fn upstreams(&self) -> &Upstreams {
        &self.upstreams
    }

    /// Whether anybody may be asked about a private module.
    pub(super) fn reaches_private(&self, module: &ModulePath) -> bool {
        self.upstreams.reaches_private(module)
    }

    /// What the upstreams say now, or said lately: an answer that is no longer fresh is given at once, and asked for
    /// anew behind the scenes. With `has_other`, whoever asks has an answer from the tree, and waits less.
    pub(super) async fn ask(
        &self,
        question: Question,
        ask: &Ask,
        has_other: bool,
    ) -> Result<Memory, Arc<FetchFailure>> {
        if let Some(memory) = self.memories.get(&question) {
            if memory.is_fresh() {
                return Ok(memory.from(AnswerSource::Remembered));
            }
            if memory.answer.is_ok() {
                trace::note_outcome(Outcome::Stale);
                tokio::spawn(trace::in_current(self.fly(question, ask)));
                return Ok(memory.from(AnswerSource::Stale));
            }
        }
        let flight = self.fly(question.clone(), ask);
        let patience = match has_other {
            true if self.is_out() => return Err(Arc::new(self.too_slow(Duration::ZERO))),
            true => self.settings.fetch_timeout.min(PATIENCE_WITH_TREE),
            false => self.settings.fetch_timeout,
        };
        let answer = match tokio::time::timeout(patience, flight).await {
            Ok(answer) => answer?,
            Err(_) => return Err(Arc::new(self.too_slow(patience))),
        };
        trace::note_outcome(Outcome::Fetched);
        Ok(self
            .memories
            .get(&question)
            .unwrap_or_else(|| Memory::passing(answer)))
    }

    /// Asks, whatever is remembered, and waits.
    pub(super) async fn ask_anew(
        &self,
        question: Question,
        ask: &Ask,
    ) -> Result<Answer, Arc<FetchFailure>> {
        let patience = self.settings.fetch_timeout;
        match tokio::time::timeout(patience, self.fly(question, ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(Arc::new(self.too_slow(patience))),
        }
    }

    /// Forgets what the upstreams said of a module.
    pub(super) fn forget(&self, module: &ModulePath) {
        self.memories.forget_module(module);
    }

    /// Starts to ask, or joins who does; the asking goes on when the result is dropped.
    fn fly(
        &self,
        question: Question,
        ask: &Ask,
    ) -> impl Future<Output = Result<Answer, Arc<FetchFailure>>> + Send + use<> {
        let (this, ask, asked) = (Weak::clone(&self.this), ask.clone(), question.clone());
        let flights = self.flights.clone();
        let work = move || {
            // For the one who begins it, also when he is gone.
            trace::in_current(async move {
                let Some(this) = this.upgrade() else {
                    return Err(Arc::new(FetchFailure::Lost));
                };
                let began = Instant::now();
                let _running = this.metrics.running(|table| &table.fetch.running);
                let answer = tokio::time::timeout(LONGEST_FETCH, this.answer(&asked, &ask)).await;
                let answer = answer
                    .unwrap_or_else(|_| Err(this.too_slow(LONGEST_FETCH)))
                    .map_err(Arc::new);
                let took = began.elapsed();
                this.count(&asked, &answer, took);
                this.learn(&asked, &answer, took);
                answer
            })
        };
        let (metrics, kind) = (self.metrics.clone(), question.kind());
        async move {
            let joined = || metrics.fetch.joined[kind].add_one();
            let answer = flights.join_or(question, work, joined).await;
            answer.unwrap_or_else(|_| Err(Arc::new(FetchFailure::Lost)))
        }
    }

    fn count(
        &self,
        question: &Question,
        answer: &Result<Answer, Arc<FetchFailure>>,
        took: Duration,
    ) {
        let outcome = match answer {
            Ok(_) => FetchOutcome::Ok,
            Err(failure) => failure.outcome(),
        };
        let (fetch, kind) = (&self.metrics.fetch, question.kind());
        fetch.ended[kind][outcome].add_one();
        fetch.duration[kind].took(took);
    }

    fn learn(
        &self,
        question: &Question,
        answer: &Result<Answer, Arc<FetchFailure>>,
        took: Duration,
    ) {
        let is_outage = matches!(answer, Err(failure) if failure.is_outage(took));
        let at = if is_outage { self.now() } else { 0 };
        self.failed_at.store(at, Ordering::Relaxed);
        self.memories.keep(question, answer);
    }

    fn is_out(&self) -> bool {
        let failed_at = self.failed_at.load(Ordering::Relaxed);
        let outage = u64::try_from(OUTAGE.as_millis()).unwrap_or(u64::MAX);
        failed_at != 0 && self.now().saturating_sub(failed_at) < outage
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX) + 1
    }

    fn too_slow(&self, patience: Duration) -> FetchFailure {
        FetchFailure::TooSlow { patience }
    }

    async fn answer(&self, question: &Question, ask: &Ask) -> Result<Answer, FetchFailure> {
        match question {
            Question::List(module) => {
                let versions = self.upstreams.list(module, ask).await?;
                Ok(Answer::Versions(versions.into()))
            }
            Question::Latest(module) => self.latest(module, ask).await,
            Question::Revision(module, revision) => self.revision(module, revision, ask).await,
            Question::File(version, file) => self.file(version, *file, ask).await,
        }
    }

    /// Whether modules of this standing are verified: only what everybody can see is in a checksum database.
    fn is_verified(&self, ask: &Ask) -> bool {
        ask.privacy == Privacy::Public
    }
}
