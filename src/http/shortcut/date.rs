//! The `Date` of answers.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends the date of now as RFC 9110, 5.6.7, writes it; made once a second on each thread.
pub(super) fn append_to(bytes: &mut Vec<u8>) {
    thread_local! {
        static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    let now = SystemTime::now();
    let second = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|(of, text)| {
        if *of != second || text.is_empty() {
            *text = httpdate::fmt_http_date(now);
            *of = second;
        }
        bytes.extend_from_slice(text.as_bytes());
    });
}
