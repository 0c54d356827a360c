//! Parses values. The error of every parser says what is expected.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A whole number within `range`.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    move |text| {
        text.trim().parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            format!("expected a whole number from {} to {}", range.start(), range.end())
        })
    }
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

const SIZES: [(&str, usize); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];

/// A number of bytes within `range`: `65536`, `512KiB`, `2 MiB`.
pub(super) fn bytes(range: RangeInclusive<usize>) -> impl Fn(&str) -> Result<usize, String> {
    move |text| {
        with_unit(text, &SIZES)
            .and_then(|(number, unit)| usize::try_from(number).ok()?.checked_mul(unit))
            .filter(|size| range.contains(size))
            .ok_or_else(|| {
                let (from, to) = (range.start(), range.end());
                format!("expected a size from {from} to {to} bytes, such as 512KiB or 2MiB")
            })
    }
}

const TIMES: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A duration of at least a millisecond: `500ms`, `30s`, `5m`, `1h`, `90d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    with_unit(text, &TIMES)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a duration with its unit, such as 500ms, 30s or 5m".to_owned())
}

fn with_unit<U: Copy>(text: &str, units: &[(&str, U)]) -> Option<(u64, U)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    Some((number.parse().ok()?, *factor))
}

/// A text that is not blank.
pub(super) fn text(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("expected a text".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_must_be_in_its_range() {
        assert_eq!(whole(1..=10)("10"), Ok(10));
        assert_eq!(whole(1..=10)("11"), Err("expected a whole number from 1 to 10".to_owned()));
        assert!(whole(1..=10)("ten").is_err());
    }

    #[test]
    fn a_size_may_have_a_binary_unit() {
        let size = bytes(1..=1 << 31);
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("2 MiB"), Ok(2 << 20));
        assert_eq!(size("1GiB"), Ok(1 << 30));
        for bad in ["", "MiB", "2MB", "-1", "0", "99999999999GiB"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_duration_needs_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["", "30", "0s", "1 day"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
