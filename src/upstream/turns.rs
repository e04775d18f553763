//! Who is asked next, and whose error counts in the end.

use super::error::{FetchError, FetchErrorKind};
use super::upstreams::Source;

/// The order of errors: the last one of the highest rank is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Somebody does not have it.
    NotFound,
    /// A proxy failed.
    Proxy,
    /// Version control was asked: its errors say most.
    Direct,
}

/// One walk through a list of upstreams.
///
/// Source of the rules: the go command's `TryProxies`. One difference: a list that ends in `off` tells what the last proxy
/// said, not that nobody else was asked.
pub(super) struct Turns<'a> {
    sources: std::slice::Iter<'a, Source>,
    current: Option<&'a Source>,
    best: Option<(Rank, FetchError)>,
}

impl<'a> Turns<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self {
            sources: sources.iter(),
            current: None,
            best: None,
        }
    }

    /// Whom to ask now; `None` at the end.
    pub(super) fn next(&mut self) -> Option<&'a Source> {
        self.current = self.sources.next();
        self.current
    }

    /// Takes note of what the one that was asked answered instead of giving what was wanted.
    pub(super) fn failed(&mut self, error: FetchError) {
        let is_not_found = error.is_not_found();
        let rank = match self.current {
            Some(Source::Direct(_)) => Rank::Direct,
            _ if is_not_found => Rank::NotFound,
            _ => Rank::Proxy,
        };
        if self.best.as_ref().is_none_or(|(best, _)| rank >= *best) {
            self.best = Some((rank, error));
        }
        let goes_on = match self.current {
            Some(Source::Mirror {
                falls_back_on_error,
                ..
            }) => is_not_found || *falls_back_on_error,
            _ => false,
        };
        if !goes_on {
            self.sources = [].iter();
        }
    }

    /// Whether somebody was asked, and all who were do not have it.
    pub(super) fn is_absent_so_far(&self) -> bool {
        matches!(self.best, Some((Rank::NotFound, _)))
    }

    /// What to tell when nobody gave it; `asked` is what, for the case that there was nobody to ask.
    pub(super) fn into_error(self, asked: &str) -> FetchError {
        match self.best {
            Some((_, error)) => error,
            None => FetchError::new(
                FetchErrorKind::NotFound,
                "no upstream",
                asked,
                "nobody may be asked for it",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::folder::Folder;
    use crate::upstream::mirror::Mirror;
    use crate::upstream::tests::NoDirect;
    use std::sync::Arc;

    const NOT_FOUND: FetchErrorKind = FetchErrorKind::NotFound;
    const FAILED: FetchErrorKind = FetchErrorKind::Failed;

    /// What is told for a list and what each of its entries says, and how many of them were asked.
    fn told(list: &str, says: &[FetchErrorKind]) -> (FetchErrorKind, String, usize) {
        let sources: Vec<Source> = list
            .chars()
            .map(|entry| match entry {
                'd' => Source::Direct(Arc::new(NoDirect)),
                separator => Source::Mirror {
                    mirror: Mirror::Folder(Folder::new("/".into(), "file:///")),
                    falls_back_on_error: separator == '|',
                },
            })
            .collect();
        let mut turns = Turns::new(&sources);
        let mut asked = 0;
        while turns.next().is_some() {
            let error = FetchError::new(says[asked], &asked.to_string(), "a", "w");
            turns.failed(error);
            asked += 1;
        }
        let error = turns.into_error("a");
        (error.kind(), error.upstream().to_owned(), asked)
    }

    #[test]
    fn whose_error_counts() {
        for (list, says, kind, who, asked) in [
            (",,", &[NOT_FOUND, NOT_FOUND][..], NOT_FOUND, "1", 2),
            (",,", &[FAILED][..], FAILED, "0", 1),
            ("||", &[FAILED, NOT_FOUND][..], FAILED, "0", 2),
            ("||", &[FAILED, FAILED][..], FAILED, "1", 2),
            ("|,,", &[NOT_FOUND, FAILED][..], FAILED, "1", 2),
            (",d", &[NOT_FOUND, NOT_FOUND][..], NOT_FOUND, "1", 2),
            ("|d", &[FAILED, NOT_FOUND][..], NOT_FOUND, "1", 2),
            (",d", &[FAILED][..], FAILED, "0", 1),
            ("d", &[FAILED][..], FAILED, "0", 1),
            ("", &[][..], NOT_FOUND, "no upstream", 0),
        ] {
            let expected = (kind, who.to_owned(), asked);
            assert_eq!(told(list, says), expected, "{list} {says:?}");
        }
    }
}
