//! Rates from their text, digit by digit: never through a float.

use super::parts::Reason;

/// Decimals of a stored rate.
pub(in crate::rates) const SCALE: i8 = 12;
/// 1.
const UNIT: i128 = 10_i128.pow(SCALE.unsigned_abs() as u32);
/// No currency is worth so many of another.
const LIMIT: i128 = UNIT * 1_000_000_000;
/// Nor so few.
const LEAST: i128 = UNIT / 1_000_000_000;
/// Longest text of a number.
const MAX_TEXT: usize = 64;

/// The rate that a text writes, in units of ten to the minus [`SCALE`]: decimals, and an
/// exponent if there is one.
pub(super) fn parse(text: &str) -> Result<i128, Reason> {
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(Reason::InvalidNumber);
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(Reason::InvalidNumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || sign < 0 {
        return Err(Reason::NotPositive);
    }
    let decimals = i32::try_from(fraction.len()).unwrap_or(i32::MAX).saturating_sub(exponent);
    let trimmed = digits.trim_end_matches('0');
    let zeros = i32::try_from(digits.len() - trimmed.len()).unwrap_or(i32::MAX);
    // Zeros at the end are no decimals.
    let shift = i32::from(SCALE) - decimals + zeros;
    let shift = u32::try_from(shift).map_err(|_| Reason::TooManyDecimals)?;
    let value = trimmed.parse::<i128>().map_err(|_| Reason::OutOfRange)?;
    let factor = 10_i128.checked_pow(shift).ok_or(Reason::OutOfRange)?;
    let value = value.checked_mul(factor).ok_or(Reason::OutOfRange)?;
    if (LEAST..LIMIT).contains(&value) { Ok(value) } else { Err(Reason::OutOfRange) }
}

fn exponent_of(text: &str) -> Result<i32, Reason> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return Err(Reason::InvalidNumber);
    }
    text.parse().map_err(|_| Reason::InvalidNumber)
}

/// A rate as a decimal number.
pub(in crate::rates) fn shown(rate: i128) -> String {
    let width = usize::from(SCALE.unsigned_abs());
    format!("{}.{:0width$}", rate / UNIT, rate % UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_kept() {
        for (text, rate) in [
            ("1", "1.000000000000"),
            ("1.0", "1.000000000000"),
            ("1.0956", "1.095600000000"),
            ("0.00006", "0.000060000000"),
            ("6e-05", "0.000060000000"),
            ("6.0E-5", "0.000060000000"),
            ("1.5e3", "1500.000000000000"),
            ("17163.43", "17163.430000000000"),
            ("0.123456789012", "0.123456789012"),
            ("0.1234567890120000", "0.123456789012"),
            ("100", "100.000000000000"),
            ("999999999.999999999999", "999999999.999999999999"),
        ] {
            assert_eq!(parse(text).map(shown).as_deref(), Ok(rate), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_has_a_reason() {
        for (text, reason) in [
            ("", Reason::InvalidNumber),
            ("N/A", Reason::InvalidNumber),
            ("1,5", Reason::InvalidNumber),
            ("1.", Reason::InvalidNumber),
            (".5", Reason::InvalidNumber),
            ("+1", Reason::InvalidNumber),
            ("1e", Reason::InvalidNumber),
            ("1e99999", Reason::InvalidNumber),
            ("NaN", Reason::InvalidNumber),
            ("0x10", Reason::InvalidNumber),
            ("0", Reason::NotPositive),
            ("0.000", Reason::NotPositive),
            ("-1.2", Reason::NotPositive),
            ("1000000000", Reason::OutOfRange),
            ("1e300", Reason::OutOfRange),
            ("0.0000000001", Reason::OutOfRange),
            ("0.1234567890123", Reason::TooManyDecimals),
            ("1e-13", Reason::TooManyDecimals),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
        assert_eq!(parse(&"9".repeat(65)), Err(Reason::InvalidNumber));
    }
}
