//! Whether requests can be answered, for whoever sends them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::ModuleProxy;
use crate::catalog::WatcherState;
use crate::store::{StoreError, Writable};
use crate::upstream::Flights;

/// How long an answer is given again: whoever asks, and however often, the folder is looked at once in this time.
const FRESH: Duration = Duration::from_secs(1);
/// How long the folder may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether requests can be answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why not, a sentence each; empty if they can.
    pub reasons: Vec<String>,
    /// What an operator may want to know, though requests are answered, a sentence each.
    pub notes: Vec<String>,
}

/// The last answer, and who is finding out the next one.
#[derive(Debug, Default)]
pub(super) struct Probe {
    last: Mutex<Option<(Instant, Readiness)>>,
    flights: Flights<(), Readiness>,
}

impl Probe {
    fn fresh(&self) -> Option<Readiness> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, readiness) = last.as_ref()?;
        (at.elapsed() < FRESH).then(|| readiness.clone())
    }

    fn keep(&self, readiness: &Readiness) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), readiness.clone()));
    }
}

impl ModuleProxy {
    /// Whether requests can be answered: the root can be read, and written unless it is read-only. As of at most a second
    /// ago; a folder that does not answer costs one thread, however many ask.
    pub async fn readiness(&self) -> Readiness {
        if let Some(readiness) = self.probe.fresh() {
            return readiness;
        }
        let (store, room) = (self.catalog.store().clone(), Arc::clone(&self.room));
        let look = || async move {
            let looked = tokio::task::spawn_blocking(move || {
                let writable = store.probe()?;
                match writable {
                    Writable::Yes => room.admit(0).map(|()| writable),
                    Writable::ReadOnly => Ok(writable),
                }
            });
            match looked.await {
                Ok(looked) => of_root(looked),
                Err(error) => failed(format!("the root could not be looked at: {error}")),
            }
        };
        let looked = tokio::time::timeout(PATIENCE, self.probe.flights.join((), look)).await;
        let mut readiness = match looked {
            Ok(Ok(readiness)) => readiness,
            Ok(Err(lost)) => failed(lost.to_string()),
            Err(_) => failed(format!(
                "the root did not answer within {} seconds",
                PATIENCE.as_secs()
            )),
        };
        readiness
            .notes
            .extend(of_watcher(self.catalog.watcher()).map(str::to_owned));
        self.probe.keep(&readiness);
        readiness
    }
}

fn failed(reason: String) -> Readiness {
    Readiness {
        reasons: vec![reason],
        notes: Vec::new(),
    }
}

/// A disk that is full, or almost, hinders no reader: whoever took the server out of service for it would end the reading too.
fn of_root(looked: Result<Writable, StoreError>) -> Readiness {
    let (mut reasons, mut notes) = (Vec::new(), Vec::new());
    match looked {
        Ok(Writable::Yes) => {}
        Ok(Writable::ReadOnly) => {
            notes
                .push("the root is read-only: nothing is fetched, published or deleted".to_owned());
        }
        Err(error) if error.is_full() => notes.push(format!("only for reading: {error}")),
        Err(error) => reasons.push(error.to_string()),
    }
    Readiness { reasons, notes }
}

fn of_watcher(state: WatcherState) -> Option<&'static str> {
    match state {
        WatcherState::Alive | WatcherState::NotWanted => None,
        WatcherState::NotToBeHad => {
            Some("no filesystem watcher can be had: lists are polled instead")
        }
        WatcherState::Ended => Some("the filesystem watcher has ended: lists are polled instead"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::{ProxySettings, WatchMode};
    use std::path::Path;

    fn proxy(root: &Path) -> Arc<ModuleProxy> {
        let settings = ProxySettings {
            watch: WatchMode::Off,
            scan_interval: Duration::ZERO,
            ..ProxySettings::of_folder(root.to_owned())
        };
        ModuleProxy::open(&settings).unwrap()
    }

    #[test]
    fn what_is_told() {
        assert_eq!(of_root(Ok(Writable::Yes)), Readiness::default());
        assert_eq!(of_root(Ok(Writable::ReadOnly)).notes.len(), 1);
        let failing = |kind| {
            let error = std::io::Error::from(kind);
            of_root(Err(StoreError::io("write", "a", error)))
        };
        assert_eq!(
            failing(std::io::ErrorKind::PermissionDenied).reasons.len(),
            1
        );
        let full = failing(std::io::ErrorKind::StorageFull);
        assert!(full.reasons.is_empty() && full.notes[0].starts_with("only for reading: "));
        assert_eq!(of_watcher(WatcherState::Alive), None);
        assert!(of_watcher(WatcherState::Ended).is_some());
    }

    #[tokio::test]
    async fn an_answer_is_given_again_for_a_second() {
        let root = tempfile::tempdir().unwrap();
        let proxy = proxy(root.path());
        assert_eq!(proxy.readiness().await, Readiness::default());
        // Nobody looks as long as this one is fresh.
        let made_up = failed("made up".to_owned());
        proxy.probe.keep(&made_up);
        assert_eq!(proxy.readiness().await, made_up);
        let before = Instant::now().checked_sub(FRESH * 2).unwrap();
        *proxy.probe.last.lock().unwrap() = Some((before, made_up));
        assert_eq!(proxy.readiness().await, Readiness::default());
    }
}
