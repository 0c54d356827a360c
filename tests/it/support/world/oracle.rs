//! Filters and orders in plain Rust: which rows meet a condition, in which order.

use std::cmp::Ordering;

use salesgraph::catalog::{Table, ToMany, ToOne};
use salesgraph::query::{
    Comparison, Condition, Direction, Key, Nulls, Order, OrderBy, Quantifier, TextMatch, Value,
};

use super::{Cell, Record, World, key_of};

/// The bounds of a page: order values and key of rows.
#[derive(Default)]
pub(crate) struct Bounds<'a> {
    pub(crate) after: Option<&'a (Vec<Cell>, Key)>,
    pub(crate) before: Option<&'a (Vec<Cell>, Key)>,
}

impl World {
    /// Whether a row meets a condition: true or false, never unknown.
    pub(crate) fn holds(&self, table: &Table, row: &Record, condition: &Condition) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|one| self.holds(table, row, one)),
            Condition::Any(any) => any.iter().any(|one| self.holds(table, row, one)),
            Condition::Not(inner) => !self.holds(table, row, inner),
            Condition::Compare { column, comparison, value } => row[column.name]
                .as_ref()
                .is_some_and(|cell| compares(*comparison, self.compare(cell, value))),
            Condition::In { column, values, negated } => {
                row[column.name].as_ref().is_some_and(|cell| {
                    values.iter().any(|value| self.compare(cell, value).is_eq()) != *negated
                })
            }
            Condition::Matches { column, how, text, ignore_case } => {
                let fold =
                    |text: &str| if *ignore_case { text.to_lowercase() } else { text.to_owned() };
                let text = fold(text);
                text_of(&row[column.name]).map(fold).is_some_and(|cell| match how {
                    TextMatch::Contains => cell.contains(&text),
                    TextMatch::StartsWith => cell.starts_with(&text),
                    TextMatch::EndsWith => cell.ends_with(&text),
                })
            }
            Condition::Word { column, text } => text_of(&row[column.name])
                .is_some_and(|cell| cell.to_lowercase().contains(&text.to_lowercase())),
            Condition::EqIgnoreCase { column, text } => text_of(&row[column.name])
                .is_some_and(|cell| cell.to_lowercase() == text.to_lowercase()),
            Condition::InIgnoreCase { column, texts, negated } => text_of(&row[column.name])
                .is_some_and(|cell| {
                    let cell = cell.to_lowercase();
                    texts.iter().any(|text| text.to_lowercase() == cell) != *negated
                }),
            Condition::IsNull { column, is } => row[column.name].is_none() == *is,
            Condition::One { relation, condition } => self
                .parent(row, relation)
                .is_some_and(|parent| self.holds(relation.table, parent, condition)),
            Condition::Many { relation, quantifier, condition } => {
                let mut children = self.children(table, row, relation);
                let fulfils = |child: &Record| self.holds(relation.table, child, condition);
                match quantifier {
                    Quantifier::Some => children.any(fulfils),
                    Quantifier::Every => children.all(fulfils),
                    Quantifier::None => !children.any(fulfils),
                }
            }
            Condition::Count { relation, condition, comparisons } => {
                let children = self.children(table, row, relation);
                let count = children.filter(|child| self.holds(relation.table, child, condition));
                let count = i64::try_from(count.count()).expect("few");
                comparisons.iter().all(|(how, number)| compares(*how, count.cmp(number)))
            }
        }
    }

    /// The row that this one refers to.
    pub(crate) fn parent(&self, row: &Record, relation: &ToOne) -> Option<&Record> {
        let key: Vec<&Cell> = relation.from.iter().map(|column| &row[column.name]).collect();
        self.rows(relation.table.name).iter().find(|parent| {
            let own = relation.table.key.iter().map(|column| &parent[column.name]);
            key.iter().all(|cell| cell.is_some()) && own.eq(key.iter().copied())
        })
    }

    /// The rows that refer to this one.
    pub(crate) fn children<'a>(
        &'a self,
        table: &'a Table,
        row: &'a Record,
        relation: &ToMany,
    ) -> impl Iterator<Item = &'a Record> {
        let by = relation.by;
        self.rows(relation.table.name).iter().filter(move |child| {
            let key = table.key.iter().map(|column| &row[column.name]);
            by.iter().map(|column| &child[column.name]).eq(key)
        })
    }

    /// A row's values of an order.
    pub(crate) fn position(&self, table: &Table, row: &Record, order: &Order) -> (Vec<Cell>, Key) {
        let values = order.keys.iter().map(|key| match &key.by {
            OrderBy::Column(column) => row[column.name].clone(),
            OrderBy::Related { path, column } => path
                .iter()
                .try_fold(row, |row, relation| self.parent(row, relation))
                .and_then(|row| row[column.name].clone()),
            OrderBy::Count(relation) => {
                let count = self.children(table, row, relation).count();
                Some(Value::Int(i64::try_from(count).expect("few")))
            }
            OrderBy::Sum(relation, column) => {
                let cells = self.children(table, row, relation).map(|child| &child[column.name]);
                // In hundredths, like all decimals of the world.
                Some(Value::Int(cells.flatten().map(hundredths).sum()))
            }
        });
        (values.collect(), key_of(table, row))
    }

    /// The order of two positions.
    pub(crate) fn order(
        &self,
        order: &Order,
        a: &(Vec<Cell>, Key),
        b: &(Vec<Cell>, Key),
    ) -> Ordering {
        for (key, cells) in order.keys.iter().zip(a.0.iter().zip(&b.0)) {
            let nulls_first = key.nulls == Nulls::First;
            let ordering = match cells {
                (None, None) => Ordering::Equal,
                (None, Some(_)) if nulls_first => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) if nulls_first => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) if key.direction == Direction::Desc => self.compare(b, a),
                (Some(a), Some(b)) => self.compare(a, b),
            };
            if ordering.is_ne() {
                return ordering;
            }
        }
        a.1.cmp(&b.1)
    }

    /// The positions of the rows of a list within bounds, in order.
    pub(crate) fn list(
        &self,
        table: &Table,
        condition: &Condition,
        order: &Order,
        bounds: &Bounds<'_>,
        is_in: impl Fn(&Record) -> bool,
    ) -> Vec<(Vec<Cell>, Key)> {
        let mut positions: Vec<(Vec<Cell>, Key)> = self
            .rows(table.name)
            .iter()
            .filter(|row| is_in(row) && self.holds(table, row, condition))
            .map(|row| self.position(table, row, order))
            .filter(|position| {
                bounds.after.is_none_or(|after| self.order(order, position, after).is_gt())
                    && bounds
                        .before
                        .is_none_or(|before| self.order(order, position, before).is_lt())
            })
            .collect();
        positions.sort_by(|a, b| self.order(order, a, b));
        positions
    }

    fn compare(&self, a: &Value, b: &Value) -> Ordering {
        match (a, b) {
            (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => self.ranks[a].cmp(&self.ranks[b]),
            (Value::Decimal(_), Value::Decimal(_)) => hundredths(a).cmp(&hundredths(b)),
            (Value::Uuid(a), Value::Uuid(b)) => a.cmp(b),
            (Value::LocalDateTime(a), Value::LocalDateTime(b)) => a.cmp(b),
            (Value::DateTime(a), Value::DateTime(b)) => a.cmp(b),
            other => panic!("{other:?} cannot be compared"),
        }
    }
}

fn compares(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Eq => ordering.is_eq(),
        Comparison::Ne => ordering.is_ne(),
        Comparison::Lt => ordering.is_lt(),
        Comparison::Lte => ordering.is_le(),
        Comparison::Gt => ordering.is_gt(),
        Comparison::Gte => ordering.is_ge(),
    }
}

fn text_of(cell: &Cell) -> Option<&str> {
    match cell {
        Some(Value::Text(text)) => Some(text),
        Some(other) => panic!("{other:?} is no text"),
        None => None,
    }
}

fn hundredths(value: &Value) -> i64 {
    match value {
        Value::Int(number) => number * 100,
        Value::Decimal(text) => {
            let (whole, fraction) = text.split_once('.').expect("a point");
            assert_eq!(fraction.len(), 2, "{text}");
            whole.parse::<i64>().expect("digits") * 100 + fraction.parse::<i64>().expect("digits")
        }
        other => panic!("{other:?} is no number"),
    }
}
