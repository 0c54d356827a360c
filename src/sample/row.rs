//! The format of the files: `;`, CRLF, decimal comma in money, decimal dot in numeric
//! columns, literal `NULL`, upper-case GUIDs. Fields are appended to one buffer;
//! nothing is allocated per field.

use std::io::Write;

use chrono::{Datelike, NaiveDate};
use csv::{Terminator, Writer, WriterBuilder};

use super::draw::Draw;

/// Capacity for one encoded record.
const RECORD: usize = 4 * 1024;

/// A CSV writer for the format of the files.
pub(super) fn csv_writer<W: Write>(to: W, capacity: usize) -> Writer<W> {
    let mut builder = WriterBuilder::new();
    builder.delimiter(b';').terminator(Terminator::CRLF).buffer_capacity(capacity).from_writer(to)
}

/// The fields of one record.
#[derive(Debug, Default)]
pub(super) struct Row {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        let ranges = self.starts.iter().zip(ends);
        ranges.map(|(start, end)| self.bytes.get(*start..end).unwrap_or_default())
    }

    /// The record as CSV, without its line end.
    pub(super) fn encoded(&self) -> csv::Result<Vec<u8>> {
        let mut csv = csv_writer(Vec::new(), RECORD);
        csv.write_record(self.fields())?;
        let mut record = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
        record.truncate(record.len().saturating_sub(2));
        Ok(record)
    }

    /// Starts the next field and returns the buffer to append it to.
    pub(super) fn field(&mut self) -> &mut Vec<u8> {
        self.starts.push(self.bytes.len());
        &mut self.bytes
    }

    pub(super) fn text(&mut self, text: &str) {
        self.field().extend_from_slice(text.as_bytes());
    }

    /// Text, or `NULL` if it is empty.
    pub(super) fn text_or_null(&mut self, text: &str) {
        self.text(if text.is_empty() { "NULL" } else { text });
    }

    pub(super) fn null(&mut self) {
        self.text("NULL");
    }

    pub(super) fn number(&mut self, number: u64) {
        push_number(self.field(), number);
    }

    pub(super) fn number_or_null(&mut self, number: Option<u64>) {
        match number {
            Some(number) => self.number(number),
            None => self.null(),
        }
    }

    /// A code: a prefix and a number of at least `width` digits.
    pub(super) fn code(&mut self, prefix: &str, number: u64, width: usize) {
        self.text(prefix);
        push_padded(&mut self.bytes, number, width);
    }

    /// Pads the last field, a fixed-width code, with a space.
    pub(super) fn pad(&mut self) {
        self.bytes.push(b' ');
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.text(if flag { "1" } else { "0" });
    }

    /// Ten-thousandths with a decimal comma and two to four decimals.
    pub(super) fn money(&mut self, units: u64) {
        push_money(self.field(), units, b',');
    }

    /// Ten-thousandths with a decimal comma and no trailing zeros.
    pub(super) fn short_money(&mut self, units: u64) {
        let out = self.field();
        push_money(out, units, b',');
        let surplus = match units {
            units if units.is_multiple_of(10_000) => 3,
            units if units.is_multiple_of(1_000) => 1,
            _ => 0,
        };
        out.truncate(out.len().saturating_sub(surplus));
    }

    /// A number of `10^-places` with a decimal dot and all decimals.
    pub(super) fn numeric(&mut self, units: u64, places: u32) {
        let one = 10_u64.pow(places);
        let out = self.field();
        push_number(out, units / one);
        out.push(b'.');
        push_padded(out, units % one, usize::try_from(places).unwrap_or_default());
    }

    /// A day at midnight.
    pub(super) fn date(&mut self, date: NaiveDate) {
        let out = self.field();
        push_day(out, date);
        out.extend_from_slice(b" 00:00:00.000");
    }

    pub(super) fn date_or_null(&mut self, date: Option<NaiveDate>) {
        match date {
            Some(date) => self.date(date),
            None => self.null(),
        }
    }

    /// A random GUID (version 4).
    pub(super) fn guid(&mut self, draw: &mut Draw) {
        let high = draw.next() & !0xF000 | 0x4000;
        let low = draw.next() & !(3 << 62) | (1 << 63);
        let (second, fourth) = (hex(high), hex(low));
        let out = self.field();
        out.extend_from_slice(&hex(high >> 32));
        for part in [second, hex(low >> 32)] {
            let (left, right) = part.split_at(4);
            out.push(b'-');
            out.extend_from_slice(left);
            out.push(b'-');
            out.extend_from_slice(right);
        }
        out.extend_from_slice(&fourth);
    }
}

/// The low 32 bits as eight upper-case hexadecimal digits, without a loop.
pub(super) const fn hex(value: u64) -> [u8; 8] {
    let mut nibbles = value & 0xFFFF_FFFF;
    nibbles = (nibbles | (nibbles << 16)) & 0x0000_FFFF_0000_FFFF;
    nibbles = (nibbles | (nibbles << 8)) & 0x00FF_00FF_00FF_00FF;
    nibbles = (nibbles | (nibbles << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * 7).to_be_bytes()
}

pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    push_padded(out, number, 1);
}

/// Decimal digits, with leading zeros up to `width` (at most 20).
pub(super) fn push_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if number == 0 {
            break;
        }
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
    }
    let from = digits.len() - used.max(width.min(digits.len()));
    out.extend_from_slice(digits.get(from..).unwrap_or_default());
}

/// Ten-thousandths, with two to four decimals.
pub(super) fn push_money(out: &mut Vec<u8>, units: u64, point: u8) {
    push_number(out, units / 10_000);
    out.push(point);
    let places = units % 10_000;
    if places.is_multiple_of(100) {
        push_padded(out, places / 100, 2);
    } else if places.is_multiple_of(10) {
        push_padded(out, places / 10, 3);
    } else {
        push_padded(out, places, 4);
    }
}

/// A day as `2014-06-30`.
pub(super) fn push_day(out: &mut Vec<u8>, date: NaiveDate) {
    push_padded(out, u64::try_from(date.year()).unwrap_or_default(), 4);
    out.push(b'-');
    push_padded(out, u64::from(date.month()), 2);
    out.push(b'-');
    push_padded(out, u64::from(date.day()), 2);
}

#[cfg(test)]
mod tests {
    use super::super::draw::Stream;
    use super::*;

    fn written(write: impl FnOnce(&mut Row)) -> String {
        let mut row = Row::default();
        write(&mut row);
        String::from_utf8(row.encoded().unwrap()).unwrap()
    }

    #[test]
    fn only_fields_with_special_characters_are_quoted() {
        let text = written(|row| {
            for text in ["a;b", "say \"c\"", "d, e", "N/A"] {
                row.text(text);
            }
        });
        assert_eq!(text, "\"a;b\";\"say \"\"c\"\"\";d, e;N/A");
    }

    #[test]
    fn money_has_two_to_four_decimals() {
        let text = written(|row| {
            for units in [0, 20_249_940, 131_294, 10_000, 5_000, 7] {
                row.money(units);
            }
        });
        assert_eq!(text, "0,00;2024,994;13,1294;1,00;0,50;0,0007");
        let text = written(|row| {
            for units in [0, 20_249_940, 131_294, 10_000, 5_000, 10_500, 7] {
                row.short_money(units);
            }
        });
        assert_eq!(text, "0;2024,994;13,1294;1;0,5;1,05;0,0007");
    }

    #[test]
    fn numbers_codes_and_dates_have_a_fixed_width() {
        let date = NaiveDate::from_ymd_opt(2011, 5, 31).unwrap();
        let text = written(|row| {
            row.numeric(4_990_000, 6);
            row.numeric(1442, 2);
            row.code("AW", 701, 8);
            row.date(date);
            row.text_or_null("");
            row.number_or_null(Some(0));
        });
        assert_eq!(text, "4.990000;14.42;AW00000701;2011-05-31 00:00:00.000;NULL;0");
    }

    #[test]
    fn guids_are_upper_case_version_four() {
        let text = written(|row| row.guid(&mut Draw::new(5, Stream::Order, 9)));
        let guid = uuid::Uuid::parse_str(&text).unwrap();
        assert_eq!(guid.get_version_num(), 4);
        assert_eq!(guid.to_string().to_uppercase(), text);
    }
}
