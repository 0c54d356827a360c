//! Cron expressions with a time zone.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;

/// Times that a cron expression gives in a time zone.
///
/// A time that the zone skips when its clocks go forward comes right after the gap; one that
/// it has twice when they go back comes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronTimes {
    expression: String,
    cron: Cron,
    zone: Tz,
}

impl CronTimes {
    /// Parses an expression; its error says what is expected.
    pub fn parse(expression: &str, zone: Tz) -> Result<Self, String> {
        let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
        let cron: Cron = expression.parse().map_err(|error| {
            format!(
                "expected a cron expression such as `0 3 * * *` (minute, hour, day of month, \
                 month, day of week), or `off`: {error}"
            )
        })?;
        Ok(Self { expression, cron, zone })
    }

    /// The first time after this one; `None` if there is none.
    #[must_use]
    pub fn after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = self.cron.find_next_occurrence(&time.with_timezone(&self.zone), false);
        next.ok().map(|next| next.with_timezone(&Utc))
    }
}

/// The expression and the zone.
impl fmt::Display for CronTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.expression, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(expression: &str, zone: &str, times: [&str; 2]) {
        let cron = CronTimes::parse(expression, zone.parse().expect("a zone")).expect("valid");
        let [from, next] = times.map(|time| time.parse::<DateTime<Utc>>().expect("a time"));
        assert_eq!(cron.after(from), Some(next), "{cron}");
    }

    #[test]
    fn the_hour_is_that_of_the_zone() {
        let three = "0 3 * * *";
        after(three, "UTC", ["2026-01-15T02:59:59Z", "2026-01-15T03:00:00Z"]);
        after(three, "UTC", ["2026-01-15T03:00:00Z", "2026-01-16T03:00:00Z"]);
        // São Paulo is three hours behind, Berlin one ahead and in summer two.
        after(three, "America/Sao_Paulo", ["2026-01-15T03:00:00Z", "2026-01-15T06:00:00Z"]);
        after(three, "Europe/Berlin", ["2026-01-15T00:00:00Z", "2026-01-15T02:00:00Z"]);
        after(three, "Europe/Berlin", ["2026-07-15T00:00:00Z", "2026-07-15T01:00:00Z"]);
    }

    #[test]
    fn clocks_that_change_give_one_time_a_day() {
        // 2026-03-29 has no 02:30 in Berlin: clocks go from 02:00 to 03:00.
        let half_past_two = "30 2 * * *";
        let berlin = "Europe/Berlin";
        after(half_past_two, berlin, ["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"]);
        after(half_past_two, berlin, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        // 2026-10-25 has 02:30 twice.
        after(half_past_two, berlin, ["2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"]);
        after(half_past_two, berlin, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for bad in ["", "3", "61 3 * * *", "every day", "0 3 * *"] {
            let error = CronTimes::parse(bad, Tz::UTC).expect_err(bad);
            assert!(error.contains("0 3 * * *"), "{error}");
        }
        let spaced = CronTimes::parse(" 0  3 * * * ", Tz::UTC).expect("valid");
        assert_eq!(spaced.to_string(), "0 3 * * * UTC");
    }
}
