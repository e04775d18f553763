//! The `Date` of answers.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Appends the date of now as RFC 9110, 5.6.7, writes it; made once a second on each thread.
pub(super) fn append_to(bytes: &mut Vec<u8>, now: Instant) {
    thread_local! {
        static LAST: RefCell<Option<Made>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        let made = match last {
            Some(made) if now < made.until && now >= made.at => made,
            _ => last.insert(Made::of(now, SystemTime::now())),
        };
        bytes.extend_from_slice(made.text.as_bytes());
    });
}

/// A date, and for how long it is that of now. The clock may be set meanwhile: that is known within a second.
#[derive(Debug)]
struct Made {
    text: String,
    at: Instant,
    until: Instant,
}

impl Made {
    fn of(now: Instant, date: SystemTime) -> Self {
        let since = date.duration_since(UNIX_EPOCH).unwrap_or_default();
        let in_second = Duration::from_nanos(since.subsec_nanos().into());
        Self {
            text: httpdate::fmt_http_date(date),
            at: now,
            until: now + (Duration::from_secs(1) - in_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_its_second_and_no_longer() {
        let now = Instant::now();
        let date = UNIX_EPOCH + Duration::from_millis(1_767_366_245_250);
        let made = Made::of(now, date);
        assert_eq!(made.text, "Fri, 02 Jan 2026 15:04:05 GMT");
        assert_eq!(made.until, now + Duration::from_millis(750));
    }

    #[test]
    fn it_is_of_now() {
        let mut bytes = b"date: ".to_vec();
        let before = SystemTime::now();
        append_to(&mut bytes, Instant::now());
        let after = SystemTime::now();
        let made = String::from_utf8(bytes).unwrap();
        let dates = [before, after].map(httpdate::fmt_http_date);
        assert!(dates.iter().any(|date| made == format!("date: {date}")));
    }
}
