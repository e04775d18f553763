//! Collecting what is wrong with an archive, without letting a hostile one fill the memory.

use super::rule::Fault;

/// How many are kept.
pub(super) const MAX_FOUND: usize = 100;

/// The first faults, and how many more there were.
#[derive(Debug, Default)]
pub(super) struct Found {
    list: Vec<(Option<u32>, Fault)>,
    more: u64,
}

impl Found {
    /// Adds a fault of the archive (`None`) or of the entry of this number.
    pub(super) fn push(&mut self, entry: Option<u32>, fault: Fault) {
        if self.list.len() < MAX_FOUND {
            self.list.push((entry, fault));
        } else {
            self.more += 1;
        }
    }

    /// Adds what another has found.
    pub(super) fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
        self.more += other.more;
    }

    /// The first ones, in the order of the archive: those of the whole archive, then entry by entry; and how many more.
    pub(super) fn into_first(mut self) -> (Vec<(Option<u32>, Fault)>, u64) {
        self.list.sort_by_key(|(entry, fault)| (*entry, fault.rule));
        let cut = self.list.len().saturating_sub(MAX_FOUND);
        self.list.truncate(MAX_FOUND);
        (self.list, self.more + cut as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Rule;
    use super::*;

    #[test]
    fn keeps_the_first_and_counts_the_rest() {
        let mut a = Found::default();
        let mut b = Found::default();
        for entry in 0..150 {
            a.push(Some(entry), Fault::new(Rule::Prefix, ""));
        }
        b.push(Some(7), Fault::new(Rule::Method, ""));
        b.push(None, Fault::new(Rule::EntryCount, ""));
        a.append(b);
        let (list, more) = a.into_first();
        assert_eq!((list.len(), more), (MAX_FOUND, 52));
        assert_eq!(list[0].1.rule, Rule::EntryCount);
        assert_eq!((list[8].0, list[8].1.rule), (Some(7), Rule::Prefix));
        assert_eq!((list[9].0, list[9].1.rule), (Some(7), Rule::Method));
    }
}
