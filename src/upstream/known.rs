//! Modules that a proxy knows, remembered for a moment.

use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use crate::module::ModulePath;

/// How long it is believed.
const BELIEVED: Duration = Duration::from_secs(60);
/// How many paths are remembered.
const MOST: usize = 10_000;
/// How many prefixes of a path are asked for at most. Repositories lie at a depth of three or four.
const MOST_PREFIXES: usize = 16;

/// What proxies said lately of module paths.
#[derive(Debug)]
pub(super) struct Known(Cache<ModulePath, (bool, Instant)>);

impl Known {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// Whether some proxy knows it; `None` if none was asked in the last minute.
    pub(super) fn get(&self, path: &ModulePath) -> Option<bool> {
        let (is_known, at) = self.0.get(path)?;
        (at.elapsed() < BELIEVED).then_some(is_known)
    }

    pub(super) fn insert(&self, path: &ModulePath, is_known: bool) {
        self.0.insert(path.clone(), (is_known, Instant::now()));
    }
}

/// The proper prefixes of a path that are module paths themselves, shortest first, for most repositories are near the
/// host; at most 16.
pub(super) fn prefixes(path: &ModulePath) -> Vec<ModulePath> {
    let text = path.as_str();
    text.match_indices('/')
        .filter_map(|(at, _)| text.get(..at)?.parse().ok())
        .take(MOST_PREFIXES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_paths() {
        let of = |path: &str| -> Vec<String> {
            let path: ModulePath = path.parse().unwrap();
            prefixes(&path).iter().map(ToString::to_string).collect()
        };
        assert_eq!(of("a.b"), [""; 0]);
        assert_eq!(of("a.b/c/d/v2"), ["a.b", "a.b/c", "a.b/c/d"]);
        assert_eq!(of("a.b/c/v2/d"), ["a.b", "a.b/c", "a.b/c/v2"]);
        assert_eq!(of("a.b/v1/d"), ["a.b"]);
        assert_eq!(of(&format!("a.b{}", "/c".repeat(100))).len(), MOST_PREFIXES);
    }
}
