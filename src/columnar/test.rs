//! Whether lines fulfil a condition: first which values of a column do, then line by line.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use super::chunk::Chunk;
use super::column::{Column, Spread};
use super::question::{Among, Field, Test};
use super::sales::Sales;

/// Where a value is found.
pub(super) enum Place<'a> {
    /// In a column of lines.
    Line(&'a Column),
    /// In a column of orders.
    Order(&'a Column),
    /// By the code of another column of lines.
    OfLine(&'a Column, &'a Column),
    /// By the code of another column of orders.
    OfOrder(&'a Column, &'a Column),
    /// The keys of orders.
    OrderIds(&'a [i32]),
    /// A number of each order.
    OrderNumbers(&'a [i64]),
}

impl Sales {
    /// Where a field is.
    pub(super) const fn place(&self, field: Field) -> Place<'_> {
        let Self { orders, lines, customers, products, .. } = self;
        match field {
            Field::Product => Place::Line(&lines.product),
            Field::SpecialOffer => Place::Line(&lines.offer),
            Field::Quantity => Place::Line(&lines.quantity),
            Field::UnitPrice => Place::Line(&lines.unit_price),
            Field::Discount => Place::Line(&lines.discount),
            Field::LineTotal => Place::Line(&lines.line_total),
            Field::Order => Place::OrderIds(orders.ids.as_slice()),
            Field::Date => Place::Order(&orders.date),
            Field::Customer => Place::Order(&orders.customer),
            Field::Territory => Place::Order(&orders.territory),
            Field::SalesPerson => Place::Order(&orders.sales_person),
            Field::Online => Place::Order(&orders.online),
            Field::Status => Place::Order(&orders.status),
            Field::TotalDue => Place::OrderNumbers(orders.total_due.as_slice()),
            Field::Person => Place::OfOrder(&orders.customer, &customers.person),
            Field::Store => Place::OfOrder(&orders.customer, &customers.store),
            Field::DaysToManufacture => Place::OfLine(&lines.product, &products.days),
        }
    }
}

/// A condition on the columns.
#[derive(Debug)]
pub(super) enum Compiled<'a> {
    All(Vec<Compiled<'a>>),
    Any(Vec<Compiled<'a>>),
    Not(Box<Compiled<'a>>),
    /// For each code whether it is among those that are wanted.
    Lines(&'a Column, Vec<bool>),
    Orders(&'a Column, Vec<bool>),
    /// For each order.
    EachOrder(Vec<bool>),
    LinesOfOrder(Box<Compiled<'a>>, Vec<Among>),
}

/// What of a chunk fulfils a condition.
#[derive(Debug, Clone)]
pub(super) enum Mask {
    Everything,
    Nothing,
    Orders(Vec<bool>),
    Lines(Vec<bool>),
}

impl<'a> Compiled<'a> {
    pub(super) fn of(sales: &'a Sales, test: &Test) -> Self {
        let each = |all: &[Test]| all.iter().map(|one| Self::of(sales, one)).collect();
        match test {
            Test::All(all) => Self::All(each(all)),
            Test::Any(any) => Self::Any(each(any)),
            Test::Not(inner) => Self::Not(Box::new(Self::of(sales, inner))),
            Test::LinesOfOrder(lines, numbers) => {
                Self::LinesOfOrder(Box::new(Self::of(sales, lines)), numbers.clone())
            }
            Test::Is(field, among) => match sales.place(*field) {
                Place::Line(column) => Self::Lines(column, wanted(column, among)),
                Place::Order(column) => Self::Orders(column, wanted(column, among)),
                Place::OfLine(column, of) => Self::Lines(column, through(column, of, among)),
                Place::OfOrder(column, of) => Self::Orders(column, through(column, of, among)),
                Place::OrderIds(ids) => Self::EachOrder(with_ids(ids, among)),
                Place::OrderNumbers(numbers) => {
                    let is = |number: &i64| among.has(Some((*number).into()));
                    Self::EachOrder(numbers.iter().map(is).collect())
                }
            },
        }
    }

    /// What of a chunk fulfils it.
    pub(super) fn mask(&self, chunk: &Chunk) -> Mask {
        match self {
            Self::All(all) => {
                let mut mask = Mask::Everything;
                for one in all {
                    if matches!(mask, Mask::Nothing) {
                        return mask;
                    }
                    mask = mask.and(one.mask(chunk), chunk);
                }
                mask
            }
            Self::Any(any) => {
                let none = Mask::Nothing;
                let of =
                    |mask: Mask, one: &Self| mask.not().and(one.mask(chunk).not(), chunk).not();
                any.iter().fold(none, of)
            }
            Self::Not(inner) => inner.mask(chunk).not(),
            Self::Lines(column, wanted) => Mask::Lines(found(&chunk.of_lines(column), wanted)),
            Self::Orders(column, wanted) => Mask::Orders(found(&chunk.of_orders(column), wanted)),
            Self::EachOrder(orders) => {
                Mask::Orders(orders.get(chunk.orders.clone()).unwrap_or_default().to_vec())
            }
            Self::LinesOfOrder(lines, numbers) => {
                let lines = lines.mask(chunk).into_lines(chunk);
                let mut counts = vec![0_i64; chunk.orders.len()];
                for (order, is) in chunk.order_of.iter().zip(lines) {
                    if let Some(count) = counts.get_mut(*order as usize) {
                        *count += i64::from(is);
                    }
                }
                let holds =
                    |count: &i64| numbers.iter().all(|among| among.has(Some((*count).into())));
                Mask::Orders(counts.iter().map(holds).collect())
            }
        }
    }
}

/// For each code of a column whether its value is among these.
fn wanted(column: &Column, among: &Among) -> Vec<bool> {
    let values = column.values();
    let mut wanted = vec![false; values.len() + 1];
    match among {
        Among::Between(from, to) => {
            let from = values.partition_point(|value| i128::from(*value) < *from);
            let to = values.partition_point(|value| i128::from(*value) <= *to);
            if let Some(some) = wanted.get_mut(from..to.max(from)) {
                some.fill(true);
            }
        }
        Among::In(all) => {
            let found = all.iter().filter_map(|value| i64::try_from(*value).ok());
            for place in found.filter_map(|value| values.binary_search(&value).ok()) {
                if let Some(one) = wanted.get_mut(place) {
                    *one = true;
                }
            }
        }
        other => {
            for (one, value) in wanted.iter_mut().zip(values) {
                *one = other.has(Some((*value).into()));
            }
        }
    }
    if let Some(null) = wanted.last_mut() {
        *null = *among == Among::Null;
    }
    wanted
}

/// For each code of a column whether what `of` has for it is among these.
fn through(column: &Column, of: &Column, among: &Among) -> Vec<bool> {
    let wanted = wanted(of, among);
    let is = |code: usize| wanted.get(of.code(code) as usize).copied().unwrap_or_default();
    (0..column.values().len()).map(is).collect()
}

/// For each order whether its key is among these.
fn with_ids(ids: &[i32], among: &Among) -> Vec<bool> {
    let Among::In(all) = among else {
        return ids.iter().map(|id| among.has(Some((*id).into()))).collect();
    };
    // Of many keys, a set is asked much faster than a list.
    let all = all.iter().filter_map(|id| i64::try_from(*id).ok());
    let all: HashSet<i64, BuildHasherDefault<Spread>> = all.collect();
    ids.iter().map(|id| all.contains(&i64::from(*id))).collect()
}

fn found(codes: &[u32], wanted: &[bool]) -> Vec<bool> {
    codes.iter().map(|code| wanted.get(*code as usize).copied().unwrap_or_default()).collect()
}

impl Mask {
    fn not(self) -> Self {
        let turned = |mut all: Vec<bool>| {
            all.iter_mut().for_each(|one| *one = !*one);
            all
        };
        match self {
            Self::Everything => Self::Nothing,
            Self::Nothing => Self::Everything,
            Self::Orders(orders) => Self::Orders(turned(orders)),
            Self::Lines(lines) => Self::Lines(turned(lines)),
        }
    }

    fn and(self, other: Self, chunk: &Chunk) -> Self {
        let both = |mut some: Vec<bool>, others: &[bool]| {
            some.iter_mut().zip(others).for_each(|(one, other)| *one &= *other);
            some
        };
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Everything, mask) | (mask, Self::Everything) => mask,
            (Self::Orders(some), Self::Orders(others)) => Self::Orders(both(some, &others)),
            (Self::Lines(some), Self::Lines(others)) => Self::Lines(both(some, &others)),
            (Self::Lines(lines), Self::Orders(orders))
            | (Self::Orders(orders), Self::Lines(lines)) => {
                Self::Lines(both(lines, &chunk.spread(&orders)))
            }
        }
    }

    /// For each line whether it does.
    pub(super) fn into_lines(self, chunk: &Chunk) -> Vec<bool> {
        match self {
            Self::Everything => vec![true; chunk.lines.len()],
            Self::Nothing => vec![false; chunk.lines.len()],
            Self::Orders(orders) => chunk.spread(&orders),
            Self::Lines(lines) => lines,
        }
    }
}
