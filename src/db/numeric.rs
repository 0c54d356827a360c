//! Decimal numbers: exactly, from the form in which Postgres sends them.

use crate::error::{Error, Result};

/// Digits of a group.
const GROUP: i32 = 4;
/// Groups of which all digits fit into 64 bits.
const SHORT_GROUPS: usize = 4;
/// The header of a number: how many groups, where the first stands, the sign, and how many
/// digits come after the point.
const HEADER: usize = 8;
const NEGATIVE: u16 = 0x4000;
/// Of digits after the point, in the header.
const MOST_SCALE: i32 = 0x3fff;

/// A decimal number as Postgres sends `numeric` in binary: groups of four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numeric<'a> {
    /// Two bytes each, the most significant first.
    groups: &'a [u8],
    /// The power of 10,000 of the first.
    weight: i32,
    is_negative: bool,
    /// Digits after the point.
    scale: i32,
}

impl<'a> Numeric<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// `INTERNAL` when it is none, or not finite.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let wrong = || Error::internal("a number cannot be read");
        let (header, groups) = bytes.split_at_checked(HEADER).ok_or_else(wrong)?;
        let [c1, c2, w1, w2, s1, s2, d1, d2] = *header else { return Err(wrong()) };
        let count = usize::from(u16::from_be_bytes([c1, c2]));
        let sign = u16::from_be_bytes([s1, s2]);
        let scale = i32::from(u16::from_be_bytes([d1, d2]));
        let is_whole = groups.len() == count * 2 && scale <= MOST_SCALE;
        if !is_whole || !matches!(sign, 0 | NEGATIVE) {
            return Err(wrong());
        }
        let weight = i32::from(i16::from_be_bytes([w1, w2]));
        Ok(Self { groups, weight, is_negative: sign == NEGATIVE, scale })
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(self) -> i32 {
        self.scale
    }

    /// The group of this power of 10,000.
    fn group(self, power: i32) -> u16 {
        let index = usize::try_from(self.weight - power).ok();
        let found = index.and_then(|index| self.groups.get(index * 2..)?.first_chunk());
        found.map_or(0, |bytes| u16::from_be_bytes(*bytes))
    }

    /// Writes all its digits, with this point.
    pub fn write(self, out: &mut Vec<u8>, point: u8) {
        if self.is_negative {
            out.push(b'-');
        }
        if self.weight < 0 {
            out.push(b'0');
        } else {
            out.extend_from_slice(itoa::Buffer::new().format(self.group(self.weight)).as_bytes());
            for power in (0..self.weight).rev() {
                out.extend_from_slice(&four(self.group(power)));
            }
        }
        if self.scale == 0 {
            return;
        }
        out.push(point);
        let (mut power, mut left) = (-1, self.scale);
        while left >= GROUP {
            out.extend_from_slice(&four(self.group(power)));
            power -= 1;
            left -= GROUP;
        }
        let digits = four(self.group(power));
        out.extend(digits.iter().take(usize::try_from(left).unwrap_or(0)));
    }

    /// The number times ten to the power of `scale`; `None` unless that is a whole number of 128
    /// bits.
    #[must_use]
    pub fn scaled(self, scale: u8) -> Option<i128> {
        if let Some(number) = self.scaled_short(scale) {
            return Some(i128::from(number));
        }
        let mut number: i128 = 0;
        let groups = i32::try_from(self.groups.len() / 2).ok()?;
        for place in 0..groups {
            let group = i128::from(self.group(self.weight - place));
            number = number.checked_mul(10_000)?.checked_add(group)?;
        }
        // The power of ten of the last digit, after scaling.
        let power = (self.weight - groups + 1) * GROUP + i32::from(scale);
        let ten = 10_i128.checked_pow(power.unsigned_abs()).or((number == 0).then_some(1))?;
        let number = if power >= 0 {
            number.checked_mul(ten)?
        } else if number % ten == 0 {
            number / ten
        } else {
            return None;
        };
        Some(if self.is_negative { -number } else { number })
    }

    /// Likewise, but of few digits: nearly all numbers are, and 128 bits take several times as long.
    fn scaled_short(self, scale: u8) -> Option<i64> {
        if self.groups.len() > 2 * SHORT_GROUPS {
            return None;
        }
        let (groups, _) = self.groups.as_chunks();
        let number = groups
            .iter()
            .fold(0, |number: u64, group| number * 10_000 + u64::from(u16::from_be_bytes(*group)));
        let count = i32::try_from(groups.len()).ok()?;
        let power = (self.weight - count + 1) * GROUP + i32::from(scale);
        let ten = 10_u64.checked_pow(power.unsigned_abs())?;
        let number = match power {
            0 => number,
            1.. => number.checked_mul(ten)?,
            _ if number.is_multiple_of(ten) => number / ten,
            _ => return None,
        };
        let number = i64::try_from(number).ok()?;
        Some(if self.is_negative { -number } else { number })
    }

    /// The number, if it is a whole one of 64 bits.
    #[must_use]
    pub fn integer(self) -> Option<i64> {
        i64::try_from(self.scaled(0)?).ok()
    }
}

/// Four digits.
fn four(group: u16) -> [u8; 4] {
    let digit = |number: u16| b'0' + u8::try_from(number % 10).unwrap_or(0);
    [digit(group / 1000), digit(group / 100), digit(group / 10), digit(group)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::copy::CopyWriter;

    fn bytes(weight: i16, negative: bool, scale: u16, groups: &[u16]) -> Vec<u8> {
        let count = u16::try_from(groups.len()).unwrap();
        let sign = if negative { NEGATIVE } else { 0 };
        let mut out = Vec::new();
        for part in [count, weight.cast_unsigned(), sign, scale].iter().chain(groups) {
            out.extend_from_slice(&part.to_be_bytes());
        }
        out
    }

    fn shown(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        Numeric::read(bytes).unwrap().write(&mut out, b'.');
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_digit_is_written() {
        for (number, text) in [
            (bytes(0, false, 0, &[]), "0"),
            (bytes(0, false, 4, &[]), "0.0000"),
            (bytes(0, false, 2, &[12, 3400]), "12.34"),
            (bytes(1, true, 6, &[2, 3153, 2339]), "-23153.233900"),
            (bytes(2, false, 0, &[1]), "100000000"),
            (bytes(-1, false, 4, &[1]), "0.0001"),
            (bytes(-2, false, 7, &[1230]), "0.0000123"),
            (bytes(0, false, 5, &[5, 1, 2000]), "5.00012"),
        ] {
            assert_eq!(shown(&number), text);
        }
    }

    #[test]
    fn scaling_is_exact_or_refused() {
        let number = bytes(1, true, 6, &[2, 3153, 2339]);
        let number = Numeric::read(&number).unwrap();
        assert_eq!(number.scaled(6), Some(-23_153_233_900));
        assert_eq!(number.scaled(4), Some(-231_532_339));
        assert_eq!(number.scaled(3), None, "a digit would be lost");
        assert_eq!(number.scaled(38), None, "too large");
        assert_eq!(number.integer(), None);
        let zero = bytes(0, false, 40, &[]);
        assert_eq!(Numeric::read(&zero).unwrap().scaled(38), Some(0));
        let large = bytes(2, false, 0, &[1]);
        assert_eq!(Numeric::read(&large).unwrap().integer(), Some(100_000_000));
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        let mut infinite = bytes(0, false, 0, &[]);
        infinite[4] = 0xd0;
        assert!(Numeric::read(&infinite).is_err());
        assert!(Numeric::read(&[0; 7]).is_err());
        assert!(Numeric::read(&[0, 1, 0, 0, 0, 0, 0, 0]).is_err());
    }

    fn scaled(bytes: &[u8], scale: u8) -> Option<i128> {
        Numeric::read(bytes).ok()?.scaled(scale)
    }

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
