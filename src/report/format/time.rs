//! Dates and times as ISO 8601 writes them.

use super::number::{integer, padded, two};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// Days from 0000-03-01, where the count of a leap year's days is simplest, to 2000-01-01.
const TO_2000: i64 = 730_425;
/// Days of 400 years.
const ERA: i64 = 146_097;

/// A date, of days since 2000-01-01.
pub(super) fn date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    if (0..=9999).contains(&year) {
        padded(out, u32::try_from(year).unwrap_or(0), 4);
    } else {
        if year > 0 {
            out.push(b'+');
        }
        integer(out, year);
    }
    out.push(b'-');
    two(out, month);
    out.push(b'-');
    two(out, day);
}

/// A date and time, of microseconds since 2000-01-01 00:00:00, with the fraction of its second
/// if there is one.
pub(super) fn date_time(out: &mut Vec<u8>, micros: i64) {
    date(out, micros.div_euclid(MICROS_PER_DAY));
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let seconds = u32::try_from(of_day / MICROS_PER_SECOND).unwrap_or(0);
    out.push(b'T');
    two(out, seconds / 3600);
    out.push(b':');
    two(out, seconds / 60 % 60);
    out.push(b':');
    two(out, seconds % 60);
    let fraction = u32::try_from(of_day % MICROS_PER_SECOND).unwrap_or(0);
    if fraction > 0 {
        out.push(b'.');
        if fraction.is_multiple_of(1_000) {
            padded(out, fraction / 1_000, 3);
        } else {
            padded(out, fraction, 6);
        }
    }
}

/// Year, month and day in the calendar that is used today; after Howard Hinnant's
/// `civil_from_days`.
fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + TO_2000;
    let era = days.div_euclid(ERA);
    let of_era = days.rem_euclid(ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let part = |number: i64| u32::try_from(number).unwrap_or(0);
    (year + era * 400 + next, part(month), part(day))
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike as _, NaiveDate, TimeDelta};

    use super::*;

    #[test]
    fn every_day_is_that_of_the_calendar() {
        let start = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
        for days in (-730_000..2_900_000).step_by(7).chain(-800..800) {
            let day = start + TimeDelta::days(days);
            assert_eq!(civil(days), (i64::from(day.year()), day.month(), day.day()), "{days}");
        }
    }

    #[test]
    fn times_show_fractions_only_when_there_are_some() {
        let shown = |micros| {
            let mut out = Vec::new();
            date_time(&mut out, micros);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(0), "2000-01-01T00:00:00");
        assert_eq!(shown(-1), "1999-12-31T23:59:59.999999");
        assert_eq!(shown(3_723_063_000), "2000-01-01T01:02:03.063");
        assert_eq!(shown(MICROS_PER_DAY * 3_660_000), "+12020-09-27T00:00:00");
    }
}
