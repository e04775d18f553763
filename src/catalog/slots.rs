//! The modules whose lists are kept in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;

use super::index::{ModuleIndex, Snapshot};
use super::watch::{Held, Hint};
use crate::metrics::Metrics;

/// A module whose list is kept.
#[derive(Debug)]
pub(crate) struct Slot {
    snapshot: ArcSwapOption<Snapshot>,
    /// Counts the hints that a file of the module changed.
    generation: AtomicU64,
    /// The directory may be gone, or be another: the slot is of no use any more.
    dead: AtomicBool,
    /// The watches on its directories; none, and it is polled.
    held: Mutex<Option<Held>>,
    watched: AtomicBool,
    weight: AtomicU64,
    last_used: AtomicU64,
    /// Held by the one who reads the directory.
    pub(crate) reading: Arc<tokio::sync::Mutex<()>>,
}

impl Slot {
    fn new(weight: u64) -> Self {
        Self {
            snapshot: ArcSwapOption::empty(),
            generation: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            held: Mutex::new(None),
            watched: AtomicBool::new(false),
            weight: AtomicU64::new(weight),
            last_used: AtomicU64::new(0),
            reading: Arc::default(),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Acquire)
    }

    fn set_held(&self, held: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        self.watched.store(true, Ordering::Release);
    }

    fn take_held(&self) -> Option<Held> {
        self.watched.store(false, Ordering::Release);
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(crate) fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.load_full()
    }

    pub(crate) fn set_snapshot(&self, snapshot: Snapshot) {
        self.snapshot.store(Some(Arc::new(snapshot)));
    }

    /// Whether the directory is to be read again soon, although no hint comes: something in it is too young to be judged, or
    /// a hint has come and it was read a moment ago.
    pub(crate) fn is_to_be_looked_at_again(&self) -> bool {
        let snapshot = self.snapshot.load();
        (snapshot.as_ref()).is_some_and(|snapshot| {
            snapshot.look_again.is_some() || snapshot.generation != self.generation()
        })
    }

    /// The answers, if they are still to be believed: no hint came since the directory was read, and it was read at most
    /// `trust` ago.
    pub(crate) fn current(&self, trust: Duration) -> Option<Option<Arc<ModuleIndex>>> {
        let snapshot = self.snapshot.load();
        let snapshot = snapshot.as_ref()?;
        if self.is_dead() {
            return None;
        }
        let now = Instant::now();
        let age = now.saturating_duration_since(snapshot.began);
        // A large directory under a storm of changes is not read over and over: between two readings four times as
        // long passes as one takes.
        let just_read = age < (snapshot.took * 5).min(LONGEST_PAUSE);
        let unchanged = snapshot.generation == self.generation()
            && age < trust
            && snapshot.look_again.is_none_or(|at| now < at);
        (just_read || unchanged).then(|| snapshot.index.clone())
    }
}

/// The longest time that a list is believed in spite of hints, under a storm of changes.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What a slot takes besides its list: itself, its key, its watches.
const SLOT_WEIGHT: u64 = 1024;

/// All slots, by escaped module path.
#[derive(Debug)]
pub(crate) struct Slots {
    by_module: RwLock<BTreeMap<Arc<str>, Arc<Slot>>>,
    started: Instant,
    weight: AtomicU64,
    /// The memory that lists may take, in bytes.
    limit: u64,
    /// How many slots have watches.
    watched: AtomicU64,
    /// Counts the hints that anything of any version changed.
    changes: AtomicU64,
    metrics: Metrics,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    /// How many lists.
    pub(crate) lists: u64,
    /// How many of them are not watched.
    pub(crate) polled: u64,
    /// How much memory they take, in bytes.
    pub(crate) weight: u64,
}

impl Slots {
    pub(crate) fn new(limit: u64, metrics: Metrics) -> Self {
        Self {
            by_module: RwLock::default(),
            started: Instant::now(),
            weight: AtomicU64::new(0),
            limit,
            watched: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            metrics,
        }
    }

    /// How much is kept now.
    pub(crate) fn kept(&self) -> Kept {
        let slots = self
            .by_module
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let lists = slots.len() as u64;
        Kept {
            lists,
            polled: lists.saturating_sub(self.watched.load(Ordering::Relaxed)),
            weight: self.weight.load(Ordering::Relaxed),
        }
    }

    /// A number that is another one after each hint that a version, wherever it is, may have changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Says that what is answered now is not to be given again: it may be another answer in a moment, and no hint will say so.
    pub(crate) fn count_change(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// The slot of a module, if it has one.
    pub(crate) fn get(&self, module: &str) -> Option<Arc<Slot>> {
        let slots = self
            .by_module
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(module)?;
        slot.last_used.store(self.now(), Ordering::Relaxed);
        Some(Arc::clone(slot))
    }

    /// The slot of a module, a new one if it has none that lives. Gives back the watches of those that had to go for it.
    pub(crate) fn get_or_insert(&self, module: &str) -> (Arc<Slot>, Vec<Held>) {
        let mut slots = self
            .by_module
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut released = Vec::new();
        if let Some(slot) = slots.get(module) {
            if !slot.is_dead() {
                return (Arc::clone(slot), released);
            }
            self.drop_slot(&mut slots, module, &mut released);
        }
        let slot = Arc::new(Slot::new(SLOT_WEIGHT + module.len() as u64));
        slot.last_used.store(self.now(), Ordering::Relaxed);
        self.weight
            .fetch_add(slot.weight.load(Ordering::Relaxed), Ordering::Relaxed);
        slots.insert(module.into(), Arc::clone(&slot));
        if self.weight.load(Ordering::Relaxed) > self.limit {
            self.evict(&mut slots, &mut released);
        }
        (slot, released)
    }

    /// Forgets a slot, if it is still this one; gives back its watches.
    pub(crate) fn remove(&self, module: &str, slot: &Arc<Slot>) -> Vec<Held> {
        let mut slots = self
            .by_module
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut released = Vec::new();
        if slots
            .get(module)
            .is_some_and(|found| Arc::ptr_eq(found, slot))
        {
            self.drop_slot(&mut slots, module, &mut released);
        }
        released
    }

    /// Notes how much memory a slot's answers take, in bytes.
    pub(crate) fn weigh(&self, module: &str, slot: &Arc<Slot>, index: u64) {
        // The lock keeps the slot from being dropped between the two steps.
        let slots = self
            .by_module
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if slots
            .get(module)
            .is_some_and(|found| Arc::ptr_eq(found, slot))
        {
            let weight = SLOT_WEIGHT + module.len() as u64 + index;
            let old = slot.weight.swap(weight, Ordering::Relaxed);
            self.weight.fetch_add(weight, Ordering::Relaxed);
            self.weight.fetch_sub(old, Ordering::Relaxed);
        }
    }

    /// Gives a slot its watches; back they come if the slot was dropped meanwhile.
    pub(crate) fn attach(&self, module: &str, slot: &Arc<Slot>, held: Held) -> Option<Held> {
        let slots = self
            .by_module
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if slots
            .get(module)
            .is_some_and(|found| Arc::ptr_eq(found, slot))
        {
            slot.set_held(held);
            self.watched.fetch_add(1, Ordering::Relaxed);
            None
        } else {
            Some(held)
        }
    }

    /// Takes a hint. Called on the watcher's thread: marks, and nothing that waits for that thread.
    pub(crate) fn hint(&self, hint: &Hint<'_>) {
        self.mark(hint);
        // After the marks: who finds none yet must not take the new number for his answer.
        if !matches!(hint, Hint::Derived(_)) {
            self.count_change();
        }
    }

    fn mark(&self, hint: &Hint<'_>) {
        let slots = self
            .by_module
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match *hint {
            Hint::Versions(module) => {
                if let Some(slot) = slots.get(module) {
                    slot.generation.fetch_add(1, Ordering::AcqRel);
                }
            }
            Hint::Derived(_) => {}
            Hint::Moved(path) => {
                let below = format!("{path}/");
                let range =
                    slots.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
                let inside = range
                    .take_while(|(module, _)| module.starts_with(&below))
                    .map(|(_, slot)| slot);
                for slot in slots.get(path).into_iter().chain(inside) {
                    slot.dead.store(true, Ordering::Release);
                }
            }
            Hint::Lost => {
                for slot in slots.values() {
                    slot.dead.store(true, Ordering::Release);
                }
            }
        }
    }

    /// Drops the slots that were not used for longest, until a tenth of the memory is free again.
    fn evict(&self, slots: &mut BTreeMap<Arc<str>, Arc<Slot>>, released: &mut Vec<Held>) {
        let mut by_age: Vec<(u64, Arc<str>)> = slots
            .iter()
            .map(|(module, slot)| (slot.last_used.load(Ordering::Relaxed), Arc::clone(module)))
            .collect();
        by_age.sort_unstable();
        for (_, module) in by_age {
            if slots.len() <= 1 || self.weight.load(Ordering::Relaxed) <= self.limit / 10 * 9 {
                return;
            }
            self.drop_slot(slots, &module, released);
            self.metrics.catalog.evicted.add_one();
        }
    }

    fn drop_slot(
        &self,
        slots: &mut BTreeMap<Arc<str>, Arc<Slot>>,
        module: &str,
        released: &mut Vec<Held>,
    ) {
        if let Some(slot) = slots.remove(module) {
            // Whoever is still reading for it must not hand it watches that nobody gives back.
            slot.dead.store(true, Ordering::Release);
            self.weight
                .fetch_sub(slot.weight.load(Ordering::Relaxed), Ordering::Relaxed);
            if let Some(held) = slot.take_held() {
                self.watched.fetch_sub(1, Ordering::Relaxed);
                released.push(held);
            }
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_used_last_within_its_memory() {
        let slots = Slots::new(100 * SLOT_WEIGHT, Metrics::default());
        for number in 0..1000 {
            slots.get_or_insert(&format!("example.com/m{number:03}"));
        }
        let kept = slots.kept();
        assert!(kept.lists <= 100 && kept.polled == kept.lists, "{kept:?}");
        assert!(kept.weight <= slots.limit, "{kept:?}");
    }

    #[test]
    fn a_moved_directory_ends_what_lies_below_it_and_nothing_else() {
        let slots = Slots::new(u64::MAX, Metrics::default());
        let names = ["a.com/m", "a.com/m/v2", "a.com/m-x", "a.com/mm", "b.com/m"];
        let made: Vec<_> = names
            .iter()
            .map(|name| slots.get_or_insert(name).0)
            .collect();
        slots.hint(&Hint::Moved("a.com/m"));
        let dead: Vec<bool> = made.iter().map(|slot| slot.is_dead()).collect();
        assert_eq!(dead, [true, true, false, false, false]);
        let (again, _) = slots.get_or_insert("a.com/m");
        assert!(!again.is_dead());
        slots.hint(&Hint::Moved("b.com"));
        assert!(made[4].is_dead());
        slots.hint(&Hint::Lost);
        assert!(again.is_dead());
    }

    #[test]
    fn an_answer_that_a_hint_has_overtaken_is_to_be_looked_at_again() {
        let slots = Slots::new(u64::MAX, Metrics::default());
        let (slot, _) = slots.get_or_insert("a.com/m");
        assert!(!slot.is_to_be_looked_at_again());
        slot.set_snapshot(Snapshot {
            index: None,
            generation: slot.generation(),
            began: Instant::now(),
            // So long that it is believed in spite of hints.
            took: LONGEST_PAUSE,
            look_again: None,
        });
        assert!(!slot.is_to_be_looked_at_again());
        slots.hint(&Hint::Versions("a.com/m"));
        assert!(slot.current(Duration::MAX).is_some());
        assert!(slot.is_to_be_looked_at_again());
    }

    #[test]
    fn changes_are_counted_wherever_they_are_but_not_what_follows_from_them() {
        let slots = Slots::new(u64::MAX, Metrics::default());
        let mut before = slots.changes();
        for (hint, counts) in [
            (Hint::Versions("a.com/unknown"), true),
            (Hint::Derived("a.com/m"), false),
            (Hint::Moved("a.com"), true),
            (Hint::Lost, true),
        ] {
            slots.hint(&hint);
            assert_eq!(slots.changes() != before, counts, "{hint:?}");
            before = slots.changes();
        }
    }
}
