//! Writes rows in Postgres' binary COPY format, which needs no parsing and no escaping:
//! see "Binary Format" of COPY in the manual, for numeric `numeric_recv` in the source.

const NUMERIC_NEGATIVE: u16 = 0x4000;
/// Days from the Unix epoch to Postgres' epoch, 2000-01-01.
pub const EPOCH_DAYS_FROM_UNIX: i64 = 10_957;

/// Writes rows. A stream is [`CopyWriter::SIGNATURE`], rows of one or more writers, and
/// [`CopyWriter::END`].
#[derive(Debug, Default)]
pub struct CopyWriter {
    bytes: Vec<u8>,
}

impl CopyWriter {
    /// The beginning of a stream.
    pub const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    /// The end of a stream.
    pub const END: &[u8] = &(-1_i16).to_be_bytes();

    /// Begins a row; exactly this many fields must follow.
    pub fn row(&mut self, fields: i16) {
        self.bytes.extend_from_slice(&fields.to_be_bytes());
    }

    /// A null of any type.
    pub fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    /// A `smallint`.
    pub fn int2(&mut self, value: i16) {
        self.field(&value.to_be_bytes());
    }

    /// An `integer`.
    pub fn int4(&mut self, value: i32) {
        self.field(&value.to_be_bytes());
    }

    /// A `bigint`, or a `timestamp` in microseconds since 2000-01-01.
    pub fn int8(&mut self, value: i64) {
        self.field(&value.to_be_bytes());
    }

    /// A `boolean`.
    pub fn boolean(&mut self, value: bool) {
        self.field(&[u8::from(value)]);
    }

    /// A `uuid`.
    pub fn uuid(&mut self, value: [u8; 16]) {
        self.field(&value);
    }

    /// `text`, `varchar` or `bytea`; text must be UTF-8 without NUL.
    pub fn bytes(&mut self, value: &[u8]) {
        self.field(value);
    }

    /// A `numeric`: `mantissa` / 10^`scale`.
    pub fn numeric(&mut self, mantissa: i128, scale: u8) {
        // Base-10000 digits, least significant first. The fraction is padded to a multiple
        // of four decimals, so that groups are aligned to the decimal point.
        let mut groups = [0_u16; 16];
        let mut count = 0;
        let pad = (4 - scale % 4) % 4;
        let mut rest = mantissa.unsigned_abs();
        let fraction_groups = i16::from(scale.div_ceil(4));
        if pad > 0 {
            let low = 10_u128.pow(u32::from(4 - pad));
            let first = u16::try_from(rest % low).unwrap_or_default() * 10_u16.pow(u32::from(pad));
            rest /= low;
            groups[0] = first;
            count = 1;
        }
        for group in groups.iter_mut().skip(count) {
            if rest == 0 {
                break;
            }
            *group = u16::try_from(rest % 10_000).unwrap_or_default();
            rest /= 10_000;
            count += 1;
        }
        let used = groups.get(..count).unwrap_or_default();
        let zeros = used.iter().take_while(|group| **group == 0).count();
        let digits = used.get(zeros..).unwrap_or_default();
        let weight = i16::try_from(count).unwrap_or_default() - 1 - fraction_groups;
        let sign = if mantissa < 0 { NUMERIC_NEGATIVE } else { 0 };
        let length = 8 + 2 * digits.len();
        self.length(length);
        self.bytes
            .extend_from_slice(&u16::try_from(digits.len()).unwrap_or_default().to_be_bytes());
        self.bytes.extend_from_slice(&(if digits.is_empty() { 0 } else { weight }).to_be_bytes());
        self.bytes.extend_from_slice(&sign.to_be_bytes());
        self.bytes.extend_from_slice(&u16::from(scale).to_be_bytes());
        for digit in digits.iter().rev() {
            self.bytes.extend_from_slice(&digit.to_be_bytes());
        }
    }

    /// The rows' bytes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn field(&mut self, value: &[u8]) {
        self.length(value.len());
        self.bytes.extend_from_slice(value);
    }

    fn length(&mut self, length: usize) {
        // Fields are bounded by the record limit, far below 2 GiB.
        let length = i32::try_from(length).unwrap_or(i32::MAX);
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// digits, weight, sign, scale of one encoded numeric
    fn numeric(mantissa: i128, scale: u8) -> (Vec<u16>, i16, u16, u16) {
        let mut writer = CopyWriter::default();
        writer.numeric(mantissa, scale);
        let bytes = &writer.bytes[4..];
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let digits = (0..word(0)).map(|n| word(8 + 2 * usize::from(n))).collect();
        (digits, word(2).cast_signed(), word(4), word(6))
    }

    #[test]
    fn numerics_are_base_10000_digits_aligned_to_the_decimal_point() {
        assert_eq!(numeric(231_532_339, 4), (vec![2, 3153, 2339], 1, 0, 4));
        assert_eq!(numeric(2_024_994_000, 6), (vec![2024, 9940], 0, 0, 6));
        assert_eq!(numeric(-224, 2), (vec![2, 2400], 0, NUMERIC_NEGATIVE, 2));
        assert_eq!(numeric(1, 4), (vec![1], -1, 0, 4));
        assert_eq!(numeric(1, 6), (vec![100], -2, 0, 6));
        assert_eq!(numeric(20_000, 0), (vec![2], 1, 0, 0));
        assert_eq!(numeric(0, 4), (vec![], 0, 0, 4));
    }
}
