//! Sums of lines by product and day, or by day, in bounded memory: when there are too many, those of
//! the oldest days are taken out to be written. Orders are read in the order of their keys,
//! which mostly follow their days, so that few are taken out more than once.

use std::collections::HashMap;

use crate::db::copy::CopyWriter;

/// What is summed up of a line; decimals times ten to the power of their scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) product: i32,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) line_total: i64,
}

/// Digits after the point of a total of an order and of a price.
pub(super) const MONEY_SCALE: u8 = 4;
/// Digits after the point of a total of a line.
pub(super) const LINE_TOTAL_SCALE: u8 = 6;

/// What numbers come to. No sum of less than 2^64 of them is too large.
#[derive(Debug, Clone, Copy)]
struct Spread {
    sum: i128,
    least: i64,
    greatest: i64,
}

/// What lines come to, and the orders that are counted with them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    lines: i64,
    orders: i64,
    order_total: i128,
    quantity: Spread,
    unit_price: Spread,
    line_total: Spread,
}

/// Days since 2000-01-01, and a product where sums are by product, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) day: i32,
    pub(super) product: Option<i32>,
}

/// Sums by key.
#[derive(Debug)]
pub(super) struct Groups {
    most: usize,
    sums: Vec<(Key, Sums)>,
    places: HashMap<Key, usize>,
    /// Days up to this one may have been taken out before.
    taken_until: Option<i32>,
}

/// Sums by product and day, and by day.
#[derive(Debug)]
pub(super) struct Both<T> {
    pub(super) by_product: T,
    pub(super) by_day: T,
}

/// Rows that were taken out, as they are copied.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) count: i64,
    pub(super) bytes: Vec<u8>,
}

/// What was taken out.
#[derive(Debug)]
pub(super) struct Taken {
    /// Sums whose keys were never taken out before.
    pub(super) first: Rows,
    /// Sums whose keys may have been taken out before: what has been added since.
    pub(super) again: Rows,
}

impl Spread {
    const NONE: Self = Self { sum: 0, least: i64::MAX, greatest: i64::MIN };

    fn add(&mut self, number: i64) {
        self.sum += i128::from(number);
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
    }

    fn add_all(&mut self, other: &Self) {
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
    }

    fn write_decimals(&self, copy: &mut CopyWriter, scale: u8) {
        copy.numeric(self.sum, scale);
        copy.numeric(i128::from(self.least), scale);
        copy.numeric(i128::from(self.greatest), scale);
    }
}

impl Sums {
    pub(super) const NONE: Self = Self {
        lines: 0,
        orders: 0,
        order_total: 0,
        quantity: Spread::NONE,
        unit_price: Spread::NONE,
        line_total: Spread::NONE,
    };

    pub(super) fn add_line(&mut self, line: &Line) {
        self.lines += 1;
        self.quantity.add(line.quantity);
        self.unit_price.add(line.unit_price);
        self.line_total.add(line.line_total);
    }

    pub(super) fn add_order(&mut self, total: i64) {
        self.orders += 1;
        self.order_total += i128::from(total);
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.lines += other.lines;
        self.orders += other.orders;
        self.order_total += other.order_total;
        self.quantity.add_all(&other.quantity);
        self.unit_price.add_all(&other.unit_price);
        self.line_total.add_all(&other.line_total);
    }

    /// The columns after the key.
    fn write(&self, copy: &mut CopyWriter) {
        copy.int8(self.lines);
        copy.int8(self.orders);
        copy.numeric(self.order_total, MONEY_SCALE);
        // Of `smallint`, so that no sum of fewer than 2^48 lines is too large.
        copy.int8(i64::try_from(self.quantity.sum).unwrap_or(i64::MAX));
        for quantity in [self.quantity.least, self.quantity.greatest] {
            copy.int2(i16::try_from(quantity).unwrap_or(i16::MAX));
        }
        self.unit_price.write_decimals(copy, MONEY_SCALE);
        self.line_total.write_decimals(copy, LINE_TOTAL_SCALE);
    }
}

/// Columns of [`Sums`].
const COLUMNS: i16 = 12;

impl Groups {
    /// No sums, and room for `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { most, sums: Vec::new(), places: HashMap::new(), taken_until: None }
    }

    /// The sums of a key.
    pub(super) fn of(&mut self, key: Key) -> &mut Sums {
        let place = *self.places.entry(key).or_insert(self.sums.len());
        if place == self.sums.len() {
            self.sums.push((key, Sums::NONE));
        }
        #[expect(clippy::indexing_slicing, reason = "a place is of the sums, or was just made")]
        let (_, sums) = &mut self.sums[place];
        sums
    }

    /// Takes out the older half of the days, if there is no room left.
    pub(super) fn take_if_full(&mut self) -> Option<Taken> {
        if self.sums.len() < self.most {
            return None;
        }
        self.sums.sort_unstable_by_key(|(key, _)| *key);
        let (middle, _) = self.sums.get(self.sums.len() / 2)?;
        let until = middle.day;
        let older = self.sums.partition_point(|(key, _)| key.day <= until);
        let taken = self.take(older);
        self.taken_until = self.taken_until.max(Some(until));
        self.places.clear();
        self.places.extend(self.sums.iter().enumerate().map(|(place, (key, _))| (*key, place)));
        Some(taken)
    }

    /// Takes out all that is left.
    pub(super) fn take_rest(mut self) -> Taken {
        self.sums.sort_unstable_by_key(|(key, _)| *key);
        self.take(self.sums.len())
    }

    /// Takes out the first so many.
    fn take(&mut self, count: usize) -> Taken {
        let (mut first, mut again) = (Writing::default(), Writing::default());
        for (key, sums) in self.sums.drain(..count) {
            let is_first = self.taken_until.is_none_or(|until| key.day > until);
            if is_first { &mut first } else { &mut again }.push(key, &sums);
        }
        Taken { first: first.finish(), again: again.finish() }
    }
}

/// Rows that are being written.
#[derive(Default)]
struct Writing {
    count: i64,
    copy: CopyWriter,
}

impl Writing {
    fn push(&mut self, key: Key, sums: &Sums) {
        self.count += 1;
        match key.product {
            Some(product) => {
                self.copy.row(COLUMNS + 2);
                self.copy.int4(product);
            }
            None => self.copy.row(COLUMNS + 1),
        }
        // A `date` is sent as such a number.
        self.copy.int4(key.day);
        sums.write(&mut self.copy);
    }

    fn finish(self) -> Rows {
        Rows { count: self.count, bytes: self.copy.finish() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(day: i32, product: i32) -> Key {
        Key { day, product: Some(product) }
    }

    #[test]
    fn the_oldest_days_go_first_and_their_keys_are_known_afterwards() {
        let mut groups = Groups::new(6);
        for (day, product) in [(3, 1), (1, 1), (2, 2), (1, 2), (3, 2)] {
            groups.of(key(day, product)).add_order(5);
            assert!(groups.take_if_full().is_none());
        }
        groups.of(key(2, 1)).add_order(5);
        let taken = groups.take_if_full().unwrap();
        assert_eq!((taken.first.count, taken.again.count), (4, 0), "days 1 and 2");
        assert_eq!(groups.of(key(3, 1)).orders, 1, "it has stayed");
        groups.of(key(1, 1)).add_order(5);
        groups.of(key(4, 1)).add_order(5);
        let taken = groups.take_rest();
        assert_eq!((taken.first.count, taken.again.count), (3, 1), "day 1 has come again");
    }

    #[test]
    fn one_day_of_many_products_is_taken_out_whole() {
        let mut groups = Groups::new(3);
        for product in 1..=3 {
            groups.of(key(7, product)).add_order(5);
        }
        assert_eq!(groups.take_if_full().unwrap().first.count, 3);
        groups.of(key(7, 1)).add_order(5);
        assert_eq!(groups.take_rest().again.count, 1);
    }
}
