//! One total of all groups, as lines are added to it.

use super::chunk::Chunk;
use super::column::Column;
use super::question::{Value, What};
use super::sales::Sales;

/// A total of all groups.
#[derive(Debug)]
pub(super) enum Sums {
    Counts(Vec<u32>),
    Numbers(Vec<i128>),
    /// With what was counted last in the group, plus one.
    Once {
        last: Vec<u32>,
        counts: Vec<u32>,
    },
    OnceNumbers {
        last: Vec<u32>,
        sums: Vec<i128>,
    },
    /// The least code.
    Least(Vec<u32>),
    /// The greatest code, plus one.
    Greatest(Vec<u32>),
    /// A share of the values at this place.
    Picked(usize, f64),
}

impl Sales {
    /// The column of a value.
    pub(super) const fn values(&self, value: Value) -> &Column {
        match value {
            Value::Quantity => &self.lines.quantity,
            Value::UnitPrice => &self.lines.unit_price,
            Value::LineTotal => &self.lines.line_total,
        }
    }
}

impl Sums {
    /// Makes room for so many groups.
    pub(super) fn grow(&mut self, groups: usize) {
        match self {
            Self::Counts(counts) | Self::Greatest(counts) => counts.resize(groups, 0),
            Self::Least(least) => least.resize(groups, u32::MAX),
            Self::Numbers(sums) => sums.resize(groups, 0),
            Self::Once { last, counts } => {
                last.resize(groups, 0);
                counts.resize(groups, 0);
            }
            Self::OnceNumbers { last, sums } => {
                last.resize(groups, 0);
                sums.resize(groups, 0);
            }
            Self::Picked(..) => {}
        }
    }

    /// Adds the lines of a chunk to their groups.
    pub(super) fn add(&mut self, sales: &Sales, chunk: &Chunk, groups: &[u32], what: What) {
        match (self, what) {
            (Self::Counts(counts), _) => {
                for group in groups {
                    if let Some(count) = counts.get_mut(*group as usize) {
                        *count += 1;
                    }
                }
            }
            (Self::Numbers(sums), What::Sum(value)) => {
                add_values(sums, sales.values(value), chunk, groups, i128::from);
            }
            (Self::Numbers(sums), What::Squares(value)) => {
                let square = |value: i64| i128::from(value) * i128::from(value);
                add_values(sums, sales.values(value), chunk, groups, square);
            }
            (Self::Least(least), What::Least(value)) => {
                for (group, code) in groups.iter().zip(chunk.of_lines(sales.values(value))) {
                    if let Some(least) = least.get_mut(*group as usize) {
                        *least = code.min(*least);
                    }
                }
            }
            (Self::Greatest(greatest), What::Greatest(value)) => {
                for (group, code) in groups.iter().zip(chunk.of_lines(sales.values(value))) {
                    if let Some(greatest) = greatest.get_mut(*group as usize) {
                        *greatest = (code + 1).max(*greatest);
                    }
                }
            }
            (Self::Once { last, counts }, What::Customers) => {
                let customers = chunk.spread(&chunk.of_orders(&sales.orders.customer));
                once(last, groups, customers.into_iter(), |group, _| {
                    if let Some(count) = counts.get_mut(group) {
                        *count += 1;
                    }
                });
            }
            (Self::Once { last, counts }, _) => {
                once(last, groups, orders(chunk), |group, _| {
                    if let Some(count) = counts.get_mut(group) {
                        *count += 1;
                    }
                });
            }
            (Self::OnceNumbers { last, sums }, _) => {
                let due = sales.orders.total_due.get(chunk.orders.clone()).unwrap_or_default();
                let first = u32::try_from(chunk.orders.start).unwrap_or(u32::MAX);
                once(last, groups, orders(chunk), |group, order| {
                    let due = due.get((order - first) as usize);
                    if let (Some(sum), Some(due)) = (sums.get_mut(group), due) {
                        *sum += i128::from(*due);
                    }
                });
            }
            _ => {}
        }
    }

    /// Adds those of other lines, whose groups have these numbers here.
    pub(super) fn merge(&mut self, other: Self, numbers: &[u32]) {
        match (self, other) {
            (Self::Counts(counts), Self::Counts(others))
            | (Self::Once { counts, .. }, Self::Once { counts: others, .. }) => {
                add_up(counts, &others, numbers);
            }
            (Self::Numbers(sums), Self::Numbers(others))
            | (Self::OnceNumbers { sums, .. }, Self::OnceNumbers { sums: others, .. }) => {
                for (number, other) in numbers.iter().zip(others) {
                    if let Some(sum) = sums.get_mut(*number as usize) {
                        *sum += other;
                    }
                }
            }
            (Self::Least(some), Self::Least(others)) => {
                for (number, other) in numbers.iter().zip(others) {
                    if let Some(one) = some.get_mut(*number as usize) {
                        *one = other.min(*one);
                    }
                }
            }
            (Self::Greatest(some), Self::Greatest(others)) => {
                for (number, other) in numbers.iter().zip(others) {
                    if let Some(one) = some.get_mut(*number as usize) {
                        *one = other.max(*one);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Adds counts to those of the groups with these numbers.
pub(super) fn add_up(counts: &mut [u32], others: &[u32], numbers: &[u32]) {
    for (number, other) in numbers.iter().zip(others) {
        if let Some(count) = counts.get_mut(*number as usize) {
            *count += *other;
        }
    }
}

fn add_values(
    sums: &mut [i128],
    column: &Column,
    chunk: &Chunk,
    groups: &[u32],
    of: impl Fn(i64) -> i128,
) {
    let values = column.values();
    for (group, code) in groups.iter().zip(chunk.of_lines(column)) {
        if let (Some(sum), Some(value)) = (sums.get_mut(*group as usize), values.get(code as usize))
        {
            *sum += of(*value);
        }
    }
}

/// The order of each line of a chunk.
fn orders(chunk: &Chunk) -> impl Iterator<Item = u32> {
    let first = u32::try_from(chunk.orders.start).unwrap_or(u32::MAX);
    chunk.order_of.iter().map(move |order| order.saturating_add(first))
}

/// Tells of each group of lines whose order or customer was not in the group before. Those of
/// one follow each other.
fn once(
    last: &mut [u32],
    groups: &[u32],
    of: impl Iterator<Item = u32>,
    mut add: impl FnMut(usize, u32),
) {
    for (group, of) in groups.iter().zip(of) {
        let group = *group as usize;
        if let Some(last) = last.get_mut(group)
            && *last != of + 1
        {
            *last = of + 1;
            add(group, of);
        }
    }
}
