//! Chance that is the same in every run.

/// A small generator (`SplitMix64`). Not for secrets; good enough to stir strings.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let z = z ^ (z >> 31);
        (z % bound as u64) as usize
    }

    /// One of the items, of which there must be one.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One to `most` pieces in a row.
    pub(crate) fn join(&mut self, pieces: &[String], most: usize) -> String {
        (0..=self.below(most))
            .map(|_| self.pick(pieces).as_str())
            .collect()
    }

    /// The text with one or two characters removed, doubled, swapped, replaced or inserted.
    pub(crate) fn mutate(&mut self, text: &str, alphabet: &[char]) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(2) {
            let at = self.below(chars.len() + 1);
            let here = chars.get(at).copied();
            match (self.below(5), here) {
                (0, Some(_)) => {
                    chars.remove(at);
                }
                (1, Some(c)) => chars.insert(at, c),
                (2, Some(_)) if at > 0 => chars.swap(at - 1, at),
                (3, Some(_)) => chars[at] = *self.pick(alphabet),
                _ => chars.insert(at, *self.pick(alphabet)),
            }
        }
        chars.into_iter().collect()
    }

    /// Shuffles in place.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
