//! What upstreams answered lately.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::failure::FetchFailure;
use super::question::{Answer, Question};
use crate::metrics::AnswerSource;

/// An answer, and how long it is believed.
#[derive(Debug, Clone)]
pub(in crate::proxy) struct Memory {
    pub(in crate::proxy) answer: Result<Answer, Arc<FetchFailure>>,
    fresh_until: Instant,
    /// Since when the answer has been this one.
    pub(in crate::proxy) changed: SystemTime,
    /// Where the answer comes from, for the one who asks.
    pub(in crate::proxy) source: AnswerSource,
}

impl Memory {
    /// An answer of now that is not kept.
    pub(super) fn passing(answer: Answer) -> Self {
        Self {
            answer: Ok(answer),
            fresh_until: Instant::now(),
            changed: SystemTime::now(),
            source: AnswerSource::Fetched,
        }
    }

    /// The same, as one that comes from there.
    pub(super) fn from(self, source: AnswerSource) -> Self {
        Self { source, ..self }
    }

    pub(in crate::proxy) fn is_fresh(&self) -> bool {
        Instant::now() < self.fresh_until
    }
}

/// How long answers are believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) lists: Duration,
    pub(super) negatives: Duration,
}

/// How long the last good answer is believed after a refresh that failed: so long nobody is asked again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The answers of upstreams, within bounded memory.
#[derive(Debug)]
pub(super) struct Memories {
    by_question: Cache<Question, Memory, ByBytes>,
    lifetimes: Lifetimes,
}

impl Memories {
    /// Keeps about `bytes` of answers.
    pub(super) fn new(bytes: u64, lifetimes: Lifetimes) -> Self {
        const USUAL: u64 = 512;
        let items = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).max(16);
        Self {
            by_question: Cache::with_weighter(items, bytes, ByBytes),
            lifetimes,
        }
    }

    pub(super) fn get(&self, question: &Question) -> Option<Memory> {
        self.by_question.get(question)
    }

    /// Remembers what came of a question, if there is any use in that. A passing failure does not take the place of a
    /// good answer.
    pub(super) fn keep(&self, question: &Question, answer: &Result<Answer, Arc<FetchFailure>>) {
        let now = Instant::now();
        let before = self.get(question);
        let lifetime = match answer {
            Ok(_) if question.is_about_now() => self.lifetimes.lists,
            // The tree has it.
            Ok(_) => return self.forget(question),
            Err(failure) if failure.is_lasting() => self.lifetimes.negatives,
            Err(_) => {
                if let Some(Memory {
                    answer: Ok(answer),
                    changed,
                    ..
                }) = before
                {
                    let memory = Memory {
                        answer: Ok(answer),
                        fresh_until: now + AFTER_FAILURE,
                        changed,
                        source: AnswerSource::Fetched,
                    };
                    self.by_question.insert(question.clone(), memory);
                }
                return;
            }
        };
        let changed = match &before {
            Some(before) if is_same(&before.answer, answer) => before.changed,
            _ => SystemTime::now(),
        };
        self.by_question.insert(
            question.clone(),
            Memory {
                answer: answer.clone(),
                fresh_until: now + lifetime,
                changed,
                source: AnswerSource::Fetched,
            },
        );
    }

    pub(super) fn forget(&self, question: &Question) {
        self.by_question.remove(question);
    }

    /// Forgets everything about a module.
    pub(super) fn forget_module(&self, module: &crate::module::ModulePath) {
        self.by_question
            .retain(|question, _| question.module() != module);
    }
}

fn is_same(
    before: &Result<Answer, Arc<FetchFailure>>,
    now: &Result<Answer, Arc<FetchFailure>>,
) -> bool {
    match (before, now) {
        (Ok(before), Ok(now)) => before == now,
        _ => false,
    }
}

/// About how many bytes a memory takes.
#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Question, Memory> for ByBytes {
    fn weight(&self, _: &Question, memory: &Memory) -> u64 {
        const FIXED: u64 = 512;
        const VERSION: u64 = 64;
        match &memory.answer {
            Ok(Answer::Versions(versions)) => FIXED + VERSION * versions.len() as u64,
            Ok(_) => FIXED,
            // With the sentence of an upstream, which is bounded.
            Err(_) => 2 * FIXED,
        }
    }
}
