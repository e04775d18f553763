//! A count on standard error while something long runs; silent where no person is watching.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts the bytes of a transfer. Draws on a terminal only, and honours `NO_COLOR`.
pub(super) fn bytes(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template(&format!(
        "{what} {{wide_bar}} {{binary_bytes}}/{{binary_total_bytes}} ({{eta}})"
    )) {
        bar.set_style(style);
    }
    bar
}

/// Counts things of a number that is not known before. Draws on a terminal only, and honours `NO_COLOR`.
pub(super) fn counter(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{spinner}} {{human_pos}} {what} ({{elapsed}})"))
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Says what is being waited for. Draws on a terminal only, and honours `NO_COLOR`.
pub(super) fn waiting() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
