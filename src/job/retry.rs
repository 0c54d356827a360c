//! What becomes of a job that failed.

use std::time::Duration;

use crate::error::{Code, Error};

/// The first pause between two attempts; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);
/// The longest pause of a job that waits for a lock.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a job may wait for a lock.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether the same job may succeed later.
pub(super) fn is_transient(error: &Error) -> bool {
    match error.code() {
        Code::Unavailable | Code::Timeout => true,
        Code::Internal => lost_connection(error),
        _ => false,
    }
}

/// Some ways to lose a connection have no code of their own.
fn lost_connection(error: &Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<sqlx::Error>() {
            return matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::WorkerCrashed
            );
        }
        next = source.source();
    }
    false
}

/// The pause after a failed attempt, counted from 1. `random` is in 0..=255 and keeps jobs
/// apart that failed together: the pause is between three quarters of itself and itself.
pub(super) fn backoff(attempt: i32, random: u8) -> Duration {
    let doubled = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
    let pause = FIRST.saturating_mul(1 << doubled).min(LONGEST);
    pause - pause / 4 * u32::from(random) / 255
}

/// The pause of a job that waits for a lock and has waited so long.
pub(super) fn wait(waited: Duration) -> Duration {
    (waited / 10).clamp(Duration::from_secs(1), LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        assert_eq!(backoff(1, 0), Duration::from_secs(2));
        assert_eq!(backoff(1, 255), Duration::from_millis(1500));
        assert_eq!(backoff(3, 0), Duration::from_secs(8));
        for attempt in [9, 100, i32::MAX] {
            assert_eq!(backoff(attempt, 0), LONGEST, "{attempt}");
        }
        assert_eq!(wait(Duration::ZERO), Duration::from_secs(1));
        assert_eq!(wait(Duration::from_secs(100)), Duration::from_secs(10));
        assert_eq!(wait(MAX_WAIT), LONGEST_WAIT);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (code, transient) in [
            (Code::Unavailable, true),
            (Code::Timeout, true),
            (Code::Internal, false),
            (Code::Conflict, false),
            (Code::BadUserInput, false),
            (Code::NotFound, false),
            (Code::Forbidden, false),
            (Code::Config, false),
        ] {
            assert_eq!(is_transient(&Error::new(code, "why")), transient, "{}", code.as_str());
        }
        let lost = Error::internal("the query failed").with_source(sqlx::Error::WorkerCrashed);
        assert!(is_transient(&lost));
        let wrong = Error::internal("the query failed").with_source(sqlx::Error::RowNotFound);
        assert!(!is_transient(&wrong));
    }
}
