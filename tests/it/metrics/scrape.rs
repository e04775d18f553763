//! Figures as they are read.

use std::collections::{BTreeMap, BTreeSet};

/// What a server said in the text format of Prometheus.
#[derive(Debug)]
pub(super) struct Scrape {
    /// Samples by their name and labels, as they are written.
    samples: BTreeMap<String, f64>,
    /// The names of the families.
    pub(super) families: BTreeSet<String>,
}

impl Scrape {
    /// Reads all of it.
    ///
    /// # Panics
    ///
    /// If a line is neither a comment nor a sample, or a sample is there twice or has no family.
    pub(super) fn parse(text: &str) -> Self {
        let mut scrape = Self {
            samples: BTreeMap::new(),
            families: BTreeSet::new(),
        };
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.split(' ');
                if words.next() == Some("TYPE") {
                    scrape.families.insert(words.next().unwrap().to_owned());
                }
                continue;
            }
            let (key, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            let name = key.split('{').next().unwrap();
            assert!(scrape.has(name), "{line} is of no family");
            let before = scrape.samples.insert(key.to_owned(), value);
            assert!(before.is_none(), "{line} is there twice");
        }
        scrape
    }

    /// Whether a sample may have this name.
    pub(super) fn has(&self, name: &str) -> bool {
        let endings = ["_bucket", "_sum", "_count"];
        let family = endings.iter().find_map(|ending| name.strip_suffix(ending));
        self.families.contains(name) || family.is_some_and(|name| self.families.contains(name))
    }

    /// A sample, by its name and labels as they are written.
    pub(super) fn get(&self, key: &str) -> Option<f64> {
        self.samples.get(key).copied()
    }

    /// All samples of a name together.
    pub(super) fn sum(&self, name: &str) -> f64 {
        self.of(name).map(|(_, value)| value).sum()
    }

    fn of(&self, name: &str) -> impl Iterator<Item = (&str, f64)> {
        let samples = self.samples.iter();
        samples
            .filter(move |(key, _)| key.split('{').next() == Some(name))
            .map(|(key, value)| (key.as_str(), *value))
    }

    /// What has been added to the samples of a name since then: labels and how much, where it is something.
    pub(super) fn since(&self, before: &Self, name: &str) -> Vec<(String, u64)> {
        assert!(self.families.contains(name), "{name}");
        self.of(name)
            .map(|(key, value)| {
                let added = value - before.get(key).unwrap_or(0.0);
                (key[name.len()..].to_owned(), added as u64)
            })
            .filter(|(_, added)| *added > 0)
            .collect()
    }
}
