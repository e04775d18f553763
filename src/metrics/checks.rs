//! Counting checks of whole zips.

use std::time::Instant;

use super::table::Checks;
use super::{Occasion, ZipVerdict};
use crate::modzip::Report;

impl Checks {
    /// A check has ended that began then.
    pub fn ended(&self, occasion: Occasion, began: Instant, report: &Report) {
        let verdict = match report.sum {
            Some(_) if report.is_sound() => ZipVerdict::Sound,
            _ => ZipVerdict::Unsound,
        };
        self.verdicts[occasion][verdict].add_one();
        self.duration[occasion].took(began.elapsed());
        for finding in &report.findings {
            self.findings[finding.rule].add_one();
        }
    }
}
