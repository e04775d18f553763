//! The tokens of a running server.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::state::Identity;
use super::{Access, PlainToken, StateDirectory, Tokens, TokensError, TokensFile};
use crate::module::Time;

/// How old the answer to "has the file changed?" may be.
const INTERVAL: Duration = Duration::from_millis(250);

/// The tokens of a running server: what the tokens file says, as it changes.
///
/// A request costs a look into a table. At most every quarter of a second one of them also asks whether the file is
/// still the same (one `stat`), and only when it is not, it is read. A token that is not known is asked for at once, so
/// that a new one works from the moment in which `athens token create` has printed it; a revoked one is refused a
/// quarter of a second later at the latest.
///
/// If the file can not be read or is broken, the tokens that were known stay good, and the log says so once. If it is
/// gone, there are no tokens.
#[derive(Debug)]
pub struct TokenStore {
    file: TokensFile,
    tokens: ArcSwap<Tokens>,
    interval: Duration,
    started: Instant,
    /// Nanoseconds after `started` at which the file is to be looked at again.
    due: AtomicU64,
    seen: Mutex<Seen>,
}

/// The state of the file that was last looked at.
#[derive(Debug)]
struct Seen {
    identity: Option<Identity>,
    /// What was said about it in the log.
    complaint: Option<String>,
}

impl TokenStore {
    /// Reads the tokens of a state directory. Waits for the disk.
    ///
    /// # Errors
    ///
    /// If there is a file that can not be read, is exposed to others or is not understood: a server does not start
    /// with half of its tokens.
    pub fn open(directory: StateDirectory) -> Result<Self, TokensError> {
        Self::with_interval(directory, INTERVAL)
    }

    fn with_interval(directory: StateDirectory, interval: Duration) -> Result<Self, TokensError> {
        let file = TokensFile::new(directory);
        let (tokens, identity) = file.load()?;
        let store = Self {
            file,
            tokens: ArcSwap::from_pointee(tokens),
            interval,
            started: Instant::now(),
            due: AtomicU64::new(0),
            seen: Mutex::new(Seen {
                identity,
                complaint: None,
            }),
        };
        store.wait_an_interval();
        Ok(store)
    }

    /// The tokens, at most a quarter of a second old.
    pub fn current(&self) -> Arc<Tokens> {
        if self.now() >= self.due.load(Ordering::Relaxed) {
            // Whoever finds another one looking takes what is there.
            match self.seen.try_lock() {
                Ok(seen) => self.look(seen),
                Err(TryLockError::Poisoned(seen)) => self.look(seen.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.tokens.load_full()
    }

    /// What the holder of this token may do at `now`; `None` if there is no such token. An expired one is found, and
    /// [`Access::check`] says so.
    pub fn authenticate(&self, token: &PlainToken, now: Time) -> Option<Access> {
        if let Some(access) = self.current().access(token, now) {
            return Some(access);
        }
        // It may be new.
        self.look(self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.tokens.load().access(token, now)
    }

    /// Looks at the file now, also if it is one that was refused before: somebody asks for it. How many tokens there are.
    /// Waits for the disk.
    ///
    /// # Errors
    /// If the file can not be used. The tokens that were known stay good.
    pub fn read_again(&self) -> Result<usize, TokensError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait_an_interval();
        let (tokens, identity) = self.file.load()?;
        seen.identity = identity;
        seen.complaint = None;
        let number = tokens.len();
        self.tokens.store(Arc::new(tokens));
        Ok(number)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wait_an_interval(&self) {
        let interval = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX);
        let due = self.now().saturating_add(interval);
        self.due.store(due, Ordering::Relaxed);
    }

    /// Brings the tokens up to date with the file.
    fn look(&self, mut seen: MutexGuard<'_, Seen>) {
        self.wait_an_interval();
        let complaint = match self.file.identity() {
            Ok(identity) if identity == seen.identity => return,
            Ok(identity) => {
                // If it can not be used, it is not tried again before it changes.
                seen.identity = identity;
                match self.file.load() {
                    Ok((tokens, identity)) => {
                        tracing::info!(tokens = tokens.len(), "the tokens were changed");
                        seen.identity = identity;
                        seen.complaint = None;
                        self.tokens.store(Arc::new(tokens));
                        return;
                    }
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        if seen.complaint.as_ref() != Some(&complaint) {
            tracing::error!("{complaint}; the tokens that were known before stay good");
            seen.complaint = Some(complaint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::auth::{Grant, LocalToken, Right, Rights, ensure_local_token, read_local_token};

    fn grant(name: &str) -> Grant {
        Grant {
            name: name.parse().unwrap(),
            rights: Rights::ALL,
            modules: "*".parse().unwrap(),
            expires: None,
            created: NOW,
        }
    }

    const NOW: Time = Time::UNIX_EPOCH;

    fn scratch() -> (tempfile::TempDir, StateDirectory) {
        let scratch = tempfile::tempdir().unwrap();
        let state = StateDirectory::new(scratch.path().join("state"));
        (scratch, state)
    }

    /// Looks at the file each time.
    fn eager(directory: &StateDirectory) -> TokenStore {
        TokenStore::with_interval(directory.clone(), Duration::ZERO).unwrap()
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn follows_the_file() {
        let (_scratch, state) = scratch();
        let store = eager(&state);
        assert!(store.current().is_empty());
        let file = TokensFile::new(state);
        let token = file.create(grant("ci")).unwrap();
        assert!(store.authenticate(&token, NOW).is_some());
        assert_eq!(store.current().len(), 1);
        file.revoke(&"ci".parse().unwrap()).unwrap();
        assert!(store.authenticate(&token, NOW).is_none());
        assert!(store.current().is_empty());
    }

    #[test]
    fn a_new_token_works_at_once_and_a_known_one_costs_no_disk() {
        let (_scratch, state) = scratch();
        let store = TokenStore::with_interval(state.clone(), Duration::from_secs(3600)).unwrap();
        let file = TokensFile::new(state);
        let token = file.create(grant("ci")).unwrap();
        assert!(store.current().is_empty(), "not looked at");
        assert!(store.authenticate(&token, NOW).is_some());
        file.revoke(&"ci".parse().unwrap()).unwrap();
        assert!(store.authenticate(&token, NOW).is_some(), "not looked at");
        let unknown = PlainToken::generate().unwrap();
        assert!(store.authenticate(&unknown, NOW).is_none());
        assert!(store.authenticate(&token, NOW).is_none());
    }

    #[test]
    fn a_broken_file_keeps_the_old_tokens() {
        let (_scratch, state) = scratch();
        let file = TokensFile::new(state.clone());
        let token = file.create(grant("ci")).unwrap();
        let store = eager(&state);
        let path = state.path().join("tokens.json");
        let whole = fs::read(&path).unwrap();
        let said = || store.seen.lock().unwrap().complaint.clone();

        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(store.authenticate(&token, NOW).is_some());
        assert!(said().unwrap().contains("it is malformed"), "{:?}", said());
        assert!(TokenStore::open(state.clone()).is_err(), "not at the start");

        fs::write(&path, &whole).unwrap();
        assert!(store.authenticate(&token, NOW).is_some());
        assert_eq!(said(), None);

        set_mode(&path, 0o644);
        assert!(store.authenticate(&token, NOW).is_some());
        assert!(said().unwrap().contains("chmod 600"), "{:?}", said());
        set_mode(&path, 0o600);
        assert!(store.authenticate(&token, NOW).is_some());
        assert_eq!(said(), None);

        fs::remove_file(&path).unwrap();
        assert!(store.authenticate(&token, NOW).is_none());
        assert_eq!(said(), None);
    }

    #[test]
    fn the_local_token() {
        let (_scratch, state) = scratch();
        assert!(read_local_token(&state).unwrap().is_none());
        assert_eq!(ensure_local_token(&state, NOW).unwrap(), LocalToken::Made);
        let store = eager(&state);
        let first = read_local_token(&state).unwrap().unwrap();
        let access = store.authenticate(&first, NOW).unwrap();
        assert_eq!(access.name().as_str(), "local");
        for right in Right::ALL {
            access
                .check(right, &"any.example/m".parse().unwrap())
                .unwrap();
        }
        assert_eq!(ensure_local_token(&state, NOW).unwrap(), LocalToken::Kept);
        assert!(store.authenticate(&first, NOW).is_some());

        let path = state.path().join("local-token");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let ways_to_lose_it: [&dyn Fn(); 5] = [
            &|| fs::remove_file(&path).unwrap(),
            &|| fs::write(&path, "spoilt").unwrap(),
            &|| set_mode(&path, 0o644),
            &|| fs::write(&path, PlainToken::generate().unwrap().reveal()).unwrap(),
            &|| {
                let file = TokensFile::new(state.clone());
                assert!(file.revoke(&"local".parse().unwrap()).unwrap());
                assert!(!path.exists());
            },
        ];
        for (number, lose) in ways_to_lose_it.into_iter().enumerate() {
            let old = read_local_token(&state).unwrap().unwrap();
            lose();
            assert_eq!(
                ensure_local_token(&state, NOW).unwrap(),
                LocalToken::Made,
                "{number}"
            );
            assert!(store.authenticate(&old, NOW).is_none(), "{number}");
            let new = read_local_token(&state).unwrap().unwrap();
            assert!(store.authenticate(&new, NOW).is_some(), "{number}");
            assert_eq!(store.current().len(), 1, "{number}");
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let (_scratch, state) = scratch();
        let token = TokensFile::new(state.clone()).create(grant("ci")).unwrap();
        let store = eager(&state);
        let access = store.authenticate(&token, NOW).unwrap();
        let shown = format!("{store:?} {access:?} {token:?} {:?}", store.current());
        assert!(shown.contains("ci"), "{shown}");
        assert!(!shown.contains(&token.reveal()[7..]), "{shown}");
        assert!(!shown.contains(&token.hash().to_hex()), "{shown}");
    }
}
