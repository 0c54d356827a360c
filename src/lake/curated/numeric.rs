//! Numbers, exactly, from the binary form in which Postgres sends them: groups of four digits,
//! as `numeric_send` writes them.

const NEGATIVE: u16 = 0x4000;
const HEADER: usize = 8;
/// Digits of a group.
const GROUP: i32 = 4;

/// The number times 10^`scale`; `None` if that is not whole, or too large, or not finite.
pub(super) fn scaled(bytes: &[u8], scale: u8) -> Option<i128> {
    let (header, groups) = bytes.split_at_checked(HEADER)?;
    let word = |at: usize| header.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes);
    let (count, weight, sign) = (word(0)?, word(2)?.cast_signed(), word(4)?);
    if !matches!(sign, 0 | NEGATIVE) || groups.len() != usize::from(count) * 2 {
        return None;
    }
    let mut value: i128 = 0;
    // The power of ten of the last digit of the group.
    let mut power = i32::from(weight) * GROUP + i32::from(scale);
    for group in groups.as_chunks::<2>().0 {
        let mut digits = i128::from(u16::from_be_bytes(*group));
        if digits != 0 {
            if let Ok(power) = u32::try_from(power) {
                digits = digits.checked_mul(10_i128.checked_pow(power)?)?;
            } else {
                let divisor = 10_i128.checked_pow(power.unsigned_abs())?;
                if digits % divisor != 0 {
                    return None;
                }
                digits /= divisor;
            }
            value = value.checked_add(digits)?;
        }
        power -= GROUP;
    }
    Some(if sign == NEGATIVE { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::copy::CopyWriter;

    fn sent(mantissa: i128, scale: u8) -> Vec<u8> {
        let mut writer = CopyWriter::default();
        writer.numeric(mantissa, scale);
        writer.finish().split_off(4)
    }

    #[test]
    fn every_digit_is_read() {
        for mantissa in [0, 1, -1, 9_999, 10_000, 231_532_339, -987_654_321_098_765_432] {
            for scale in 0..=12 {
                let bytes = sent(mantissa, scale);
                assert_eq!(scaled(&bytes, scale), Some(mantissa), "{mantissa} {scale}");
                let more = mantissa * 1_000;
                assert_eq!(scaled(&bytes, scale + 3), Some(more), "{mantissa} {scale}");
            }
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        assert_eq!(scaled(&sent(12_345, 3), 2), None);
        assert_eq!(scaled(&sent(12_340, 3), 2), Some(1_234));
        let not_a_number = [0, 0, 0, 0, 0xc0, 0, 0, 0];
        assert_eq!(scaled(&not_a_number, 2), None);
        assert_eq!(scaled(&[], 2), None);
    }
}
