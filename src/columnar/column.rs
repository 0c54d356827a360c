//! A column: the distinct values, sorted, and for each row which of them it has.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// A hasher of numbers, which spreads them as far as a table of them needs.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Spread(u64);

/// A map by numbers.
pub(super) type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<Spread>>;

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_i64(&mut self, number: i64) {
        self.write_u64(number.cast_unsigned());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// The places of values in a list, as narrow as they fit.
#[derive(Debug, Clone)]
enum Codes {
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Word(Vec<u32>),
}

/// A column of numbers.
#[derive(Debug, Clone)]
pub(super) struct Column {
    codes: Codes,
    /// Ascending. The code after the last one is null.
    values: Vec<i64>,
}

impl Codes {
    fn get(&self, row: usize) -> Option<u32> {
        match self {
            Self::Byte(codes) => codes.get(row).copied().map(u32::from),
            Self::Short(codes) => codes.get(row).copied().map(u32::from),
            Self::Word(codes) => codes.get(row).copied(),
        }
    }

    fn read(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        match self {
            Self::Byte(codes) => {
                out.extend(codes.get(rows).unwrap_or_default().iter().copied().map(u32::from));
            }
            Self::Short(codes) => {
                out.extend(codes.get(rows).unwrap_or_default().iter().copied().map(u32::from));
            }
            Self::Word(codes) => out.extend_from_slice(codes.get(rows).unwrap_or_default()),
        }
    }

    fn push(&mut self, code: u32) {
        match self {
            Self::Byte(codes) => {
                if let Ok(code) = u8::try_from(code) {
                    return codes.push(code);
                }
                let mut wider: Vec<u16> = Vec::with_capacity(codes.capacity());
                wider.extend(codes.iter().copied().map(u16::from));
                *self = Self::Short(wider);
                self.push(code);
            }
            Self::Short(codes) => {
                if let Ok(code) = u16::try_from(code) {
                    return codes.push(code);
                }
                let mut wider: Vec<u32> = Vec::with_capacity(codes.capacity());
                wider.extend(codes.iter().copied().map(u32::from));
                *self = Self::Word(wider);
                self.push(code);
            }
            Self::Word(codes) => codes.push(code),
        }
    }

    /// Gives each code another number, of as many.
    fn renumber(&mut self, numbers: &[u32]) {
        fn each<T: Copy + Into<u32> + TryFrom<u32>>(codes: &mut [T], numbers: &[u32]) {
            for code in codes {
                let index: u32 = (*code).into();
                let number = numbers.get(index as usize).copied().unwrap_or(index);
                *code = T::try_from(number).unwrap_or(*code);
            }
        }
        match self {
            Self::Byte(codes) => each(codes, numbers),
            Self::Short(codes) => each(codes, numbers),
            Self::Word(codes) => each(codes, numbers),
        }
    }

    /// Puts each row at its place.
    fn arrange(&mut self, places: &[u32]) {
        fn arranged<T: Copy + Default>(codes: &[T], places: &[u32]) -> Vec<T> {
            let mut out = vec![T::default(); codes.len()];
            for (code, place) in codes.iter().zip(places) {
                if let Some(slot) = out.get_mut(*place as usize) {
                    *slot = *code;
                }
            }
            out
        }
        match self {
            Self::Byte(codes) => *codes = arranged(codes, places),
            Self::Short(codes) => *codes = arranged(codes, places),
            Self::Word(codes) => *codes = arranged(codes, places),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Byte(codes) => codes.capacity(),
            Self::Short(codes) => codes.capacity() * 2,
            Self::Word(codes) => codes.capacity() * 4,
        }
    }
}

impl Column {
    /// The code of a row.
    pub(super) fn code(&self, row: usize) -> u32 {
        self.codes.get(row).unwrap_or(self.null())
    }

    /// Adds the codes of rows.
    pub(super) fn read(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        self.codes.read(rows, out);
    }

    /// The distinct values, ascending.
    pub(super) fn values(&self) -> &[i64] {
        &self.values
    }

    /// The code of null.
    pub(super) fn null(&self) -> u32 {
        u32::try_from(self.values.len()).unwrap_or(u32::MAX)
    }

    /// Puts each row at its place.
    pub(super) fn arrange(&mut self, places: &[u32]) {
        self.codes.arrange(places);
    }

    /// Its memory.
    pub(super) fn bytes(&self) -> usize {
        self.codes.bytes() + self.values.capacity() * size_of::<i64>()
    }
}

/// A column as its rows are read, one after the other.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    codes: Codes,
    known: NumberMap<i64, u32>,
    /// In the order in which they were met.
    values: Vec<Option<i64>>,
    null: Option<u32>,
    /// The last one, which the next row often has again.
    last: Option<(Option<i64>, u32)>,
}

impl ColumnBuilder {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            codes: Codes::Byte(Vec::with_capacity(rows)),
            known: NumberMap::default(),
            values: Vec::new(),
            null: None,
            last: None,
        }
    }

    pub(super) fn push(&mut self, value: Option<i64>) {
        let code = match self.last {
            Some((last, code)) if last == value => code,
            _ => self.code(value),
        };
        self.last = Some((value, code));
        self.codes.push(code);
    }

    fn code(&mut self, value: Option<i64>) -> u32 {
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let code = match value {
            Some(value) => *self.known.entry(value).or_insert(next),
            None => *self.null.get_or_insert(next),
        };
        if code == next {
            self.values.push(value);
        }
        code
    }

    /// Its memory so far.
    pub(super) fn bytes(&self) -> usize {
        // A value is in the list and, with its code, in a map that is not full.
        self.codes.bytes() + self.values.capacity() * 16 + self.known.capacity() * 18
    }

    pub(super) fn build(mut self) -> Column {
        drop(self.known);
        let mut sorted: Vec<i64> = self.values.iter().copied().flatten().collect();
        sorted.sort_unstable();
        let number = |value: &Option<i64>| {
            let place = match value {
                Some(value) => sorted.binary_search(value).unwrap_or(sorted.len()),
                None => sorted.len(),
            };
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let numbers: Vec<u32> = self.values.iter().map(number).collect();
        self.codes.renumber(&numbers);
        Column { codes: self.codes, values: sorted }
    }
}

/// A column of texts over few rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// For each row the place of its text; that after the last one is null.
    pub(super) codes: Vec<u32>,
    /// The distinct texts.
    pub(super) values: Vec<String>,
}

impl Texts {
    pub(super) fn of(rows: &[Option<String>]) -> Self {
        let mut values: Vec<String> = rows.iter().flatten().cloned().collect();
        values.sort_unstable();
        values.dedup();
        let code = |row: &Option<String>| {
            let place = row.as_ref().and_then(|text| values.binary_search(text).ok());
            u32::try_from(place.unwrap_or(values.len())).unwrap_or(u32::MAX)
        };
        let codes = rows.iter().map(code).collect();
        Self { codes, values }
    }

    pub(super) fn bytes(&self) -> usize {
        let texts: usize = self.values.iter().map(|text| text.capacity() + 24).sum();
        self.codes.capacity() * 4 + texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(column: &Column, row: usize) -> Option<i64> {
        column.values().get(column.code(row) as usize).copied()
    }

    #[test]
    fn a_column_has_its_values_sorted_and_null_last() {
        let rows = [Some(7), None, Some(-3), Some(7), Some(i64::MAX), None];
        let mut builder = ColumnBuilder::with_capacity(0);
        rows.iter().for_each(|value| builder.push(*value));
        let column = builder.build();
        assert_eq!(column.values(), [-3, 7, i64::MAX]);
        assert_eq!(column.null(), 3);
        let read: Vec<_> = (0..rows.len()).map(|row| value(&column, row)).collect();
        assert_eq!(read, rows);
        let mut codes = Vec::new();
        column.read(1..4, &mut codes);
        assert_eq!(codes, [3, 0, 1]);
    }

    #[test]
    fn codes_widen_with_the_number_of_values() {
        for distinct in [256, 257, 65_536, 65_537] {
            let mut builder = ColumnBuilder::with_capacity(0);
            (0..distinct).rev().for_each(|value| builder.push(Some(value)));
            let column = builder.build();
            let last = usize::try_from(distinct - 1).unwrap();
            assert_eq!((value(&column, 0), value(&column, last)), (Some(distinct - 1), Some(0)));
            let expected = if distinct == 256 {
                1
            } else if distinct <= 65_536 {
                2
            } else {
                4
            };
            assert!(column.codes.bytes() >= expected * (last + 1));
        }
    }

    #[test]
    fn rows_are_put_at_their_places() {
        let mut builder = ColumnBuilder::with_capacity(3);
        [Some(10), Some(20), None].into_iter().for_each(|value| builder.push(value));
        let mut column = builder.build();
        column.arrange(&[2, 0, 1]);
        let read: Vec<_> = (0..3).map(|row| value(&column, row)).collect();
        assert_eq!(read, [Some(20), None, Some(10)]);
    }

    #[test]
    fn texts_have_codes() {
        let rows = ["b", "", "a"].map(|text| (!text.is_empty()).then(|| text.to_owned()));
        let texts = Texts::of(&rows);
        assert_eq!((texts.codes, texts.values), (vec![1, 2, 0], vec!["a".into(), "b".into()]));
    }
}
