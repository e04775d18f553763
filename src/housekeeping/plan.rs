//! What goes: all that was not used for too long, and of the rest the least recently used until the folder is small
//! enough.

use super::Limits;

/// What may go: when it was last used, and what it takes in units of 512 bytes. Eight bytes, as there may be a million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    pub(super) used: u32,
    blocks: u32,
}

impl Candidate {
    pub(super) fn new(used: u32, bytes: u64) -> Self {
        let blocks = u32::try_from(bytes / 512).unwrap_or(u32::MAX);
        Self { used, blocks }
    }

    fn bytes(self) -> u64 {
        u64::from(self.blocks) * 512
    }
}

/// What is to go, said without naming it: everything that was last used before one time, and of what was used in that
/// very second only so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    before: u32,
    /// What may still go of what was last used just then, in bytes.
    ties: u64,
}

/// What a plan comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// What goes; `None` for nothing.
    pub(super) cut: Option<Cut>,
    /// What the folder is too large by, when all is gone that may go, in bytes.
    pub(super) excess: u64,
    /// Whether some of that is only too new to go.
    pub(super) is_waiting: bool,
}

impl Plan {
    /// Makes a plan for a folder of this size. Nothing goes that was used after `settled`; the times are seconds since
    /// 1970.
    pub(super) fn new(
        mut candidates: Vec<Candidate>,
        size: u64,
        limits: &Limits,
        now: u32,
        settled: u32,
    ) -> Self {
        candidates.sort_unstable();
        let too_old = limits.max_age.map_or(0, |age| {
            let age = u32::try_from(age.as_secs()).unwrap_or(u32::MAX);
            now.saturating_sub(age).min(settled.saturating_add(1))
        });
        let mut need = match limits.max_size {
            Some(most) if size > most => size - Limits::target(most),
            _ => 0,
        };
        let mut cut = Cut {
            before: too_old,
            ties: 0,
        };
        let mut is_waiting = false;
        for candidate in &candidates {
            if candidate.used >= too_old {
                if need == 0 {
                    break;
                }
                if candidate.used > settled {
                    is_waiting = true;
                    break;
                }
                if cut.before < candidate.used {
                    cut = Cut {
                        before: candidate.used,
                        ties: 0,
                    };
                }
                cut.ties += candidate.bytes();
            }
            need = need.saturating_sub(candidate.bytes());
        }
        let goes = |candidate: &Candidate| cut.may_take(candidate.used);
        let gone: u64 = candidates
            .iter()
            .filter(|candidate| goes(candidate))
            .map(|candidate| candidate.bytes())
            .sum();
        Self {
            cut: candidates.iter().any(goes).then_some(cut),
            excess: limits
                .max_size
                .map_or(0, |most| size.saturating_sub(gone).saturating_sub(most)),
            is_waiting,
        }
    }
}

impl Cut {
    fn may_take(&self, used: u32) -> bool {
        used < self.before || (used == self.before && self.ties > 0)
    }

    /// Everything that was last used before this goes.
    pub(super) fn before(&self) -> u32 {
        self.before
    }

    /// Whether something goes that was last used then and takes so many bytes; if so, it counts as gone.
    pub(super) fn take(&mut self, used: u32, bytes: u64) -> bool {
        let takes = self.may_take(used);
        if takes && used == self.before {
            self.ties = self.ties.saturating_sub(bytes.max(1));
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: u32 = 10_000;
    const KIB: u64 = 1024;

    fn goes(limits: Limits, size: u64, uses: &[u32]) -> (Vec<u32>, Plan) {
        let candidates = uses.iter().map(|used| Candidate::new(*used, KIB)).collect();
        let plan = Plan::new(candidates, size, &limits, NOW, NOW - 5);
        let mut gone = Vec::new();
        if let Some(mut cut) = plan.cut {
            gone.extend(uses.iter().filter(|used| cut.take(**used, KIB)));
        }
        (gone, plan)
    }

    fn size(most: u64) -> Limits {
        Limits {
            max_size: Some(most * KIB),
            max_age: None,
        }
    }

    #[test]
    fn the_least_recently_used_go_down_to_nine_tenths() {
        let uses = [50, 10, 40, 20, 30];
        for (most, folder, want) in [
            (100, 100, &[][..]),
            (100, 101, &[50, 10, 40, 20, 30]),
            (20, 21, &[10, 20, 30]),
            (10, 11, &[10, 20]),
            (10, 10, &[]),
        ] {
            let (gone, plan) = goes(size(most), folder * KIB, &uses);
            assert_eq!(gone, want, "{most} {folder}");
            assert!(!plan.is_waiting);
        }
    }

    #[test]
    fn of_those_used_in_one_second_only_as_many_as_needed() {
        let (gone, plan) = goes(size(20), 21 * KIB, &[7, 7, 7, 7, 7, 3]);
        assert_eq!(gone, [7, 7, 3]);
        assert_eq!(plan.excess, 0);
    }

    #[test]
    fn what_was_just_used_waits() {
        let (gone, plan) = goes(size(10), 14 * KIB, &[NOW, NOW - 5, NOW - 4]);
        assert_eq!(gone, [NOW - 5]);
        assert!(plan.is_waiting);
        assert_eq!(plan.excess, 3 * KIB);
        let age = Limits {
            max_size: None,
            max_age: Some(Duration::ZERO),
        };
        let (gone, _) = goes(age, 0, &[NOW, NOW - 5, NOW - 6]);
        assert_eq!(gone, [NOW - 5, NOW - 6]);
    }

    #[test]
    fn what_was_not_used_for_too_long() {
        let mut limits = Limits {
            max_size: None,
            max_age: Some(Duration::from_secs(100)),
        };
        let uses = [NOW - 99, NOW - 101, NOW - 100, 0];
        let (gone, plan) = goes(limits, 4 * KIB, &uses);
        assert_eq!(gone, [NOW - 101, 0]);
        assert_eq!((plan.excess, plan.is_waiting), (0, false));
        // What goes for its age counts for the size.
        limits.max_size = Some(10 * KIB);
        let (gone, _) = goes(limits, 11 * KIB, &uses);
        assert_eq!(gone, [NOW - 101, 0]);
        let (gone, _) = goes(limits, 12 * KIB, &uses);
        assert_eq!(gone, [NOW - 101, NOW - 100, 0]);
        let (gone, plan) = goes(limits, 20 * KIB, &uses);
        assert_eq!(gone.len(), 4);
        assert_eq!((plan.excess, plan.is_waiting), (6 * KIB, false));
        assert_eq!(goes(limits, KIB, &[]).1.cut, None);
    }
}
