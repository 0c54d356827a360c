//! Numbers that are compared with a decimal column, and may have more digits than it.

use crate::error::{Error, Result};

/// A number as a whole one at some digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scaled {
    /// Not greater than the number.
    pub(super) floor: i128,
    /// Whether it is the number.
    pub(super) is_exact: bool,
}

/// Digits before which every number of 38 is.
pub(super) const DIGITS: usize = 38;

/// `None` if it is beyond all numbers with as many digits after the point.
pub(super) fn scaled(number: &str, scale: u8) -> Result<Option<Scaled>> {
    let text = number.trim();
    let (is_negative, text) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
        return Err(Error::internal("a decimal number has other characters than digits"));
    }
    let places = usize::from(scale);
    let kept = fraction.get(..places.min(fraction.len())).unwrap_or_default();
    let rest = fraction.get(kept.len()..).unwrap_or_default();
    let digits = format!("{}{kept:0<places$}", whole.trim_start_matches('0'));
    let digits = digits.trim_start_matches('0');
    if digits.len() > DIGITS {
        return Ok(None);
    }
    let size: i128 = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(i128::MAX) };
    let is_exact = rest.bytes().all(|digit| digit == b'0');
    let floor = match (is_negative, is_exact) {
        (false, _) => size,
        (true, true) => -size,
        (true, false) => -size - 1,
    };
    // One more than the greatest has a digit more.
    let is_within = floor.unsigned_abs().to_string().len() <= DIGITS;
    Ok(is_within.then_some(Scaled { floor, is_exact }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_cut_to_the_digits_of_its_column() {
        for (text, scale, floor, is_exact) in [
            ("1.5", 4, 15_000, true),
            ("-1.5", 4, -15_000, true),
            ("+0012", 0, 12, true),
            ("0", 6, 0, true),
            ("-0.00001", 4, -1, false),
            ("0.00001", 4, 0, false),
            ("2.10000", 1, 21, true),
            (".5", 1, 5, true),
            ("-2.15", 1, -22, false),
        ] {
            let found = scaled(text, scale).unwrap();
            assert_eq!(found, Some(Scaled { floor, is_exact }), "{text}");
        }
        let long = "9".repeat(39);
        assert_eq!(scaled(&long, 0).unwrap(), None);
        assert_eq!(scaled(&"9".repeat(35), 4).unwrap(), None);
        assert_eq!(scaled(&format!("-{}.5", "9".repeat(38)), 0).unwrap(), None);
        assert!(scaled("1e5", 2).is_err());
    }
}
