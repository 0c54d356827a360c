//! A line of the log about something that may happen very often.

use std::mem::take;
use std::time::{Duration, Instant};

/// Shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// How often it happened since the last line.
#[derive(Debug, Default)]
pub(super) struct Notice {
    count: u64,
    last: Option<Instant>,
}

impl Notice {
    /// It happened once more. If a line is due, how often since the last one.
    pub(super) fn once_more(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            return None;
        }
        self.last = Some(now);
        Some(take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_what_came_since_the_last_one() {
        let (mut notice, begun) = (Notice::default(), Instant::now());
        assert_eq!(notice.once_more(begun), Some(1));
        for _ in 0..5 {
            assert_eq!(notice.once_more(begun + PAUSE / 2), None);
        }
        assert_eq!(notice.once_more(begun + PAUSE), Some(6));
        assert_eq!(notice.once_more(begun + PAUSE), None);
    }
}
