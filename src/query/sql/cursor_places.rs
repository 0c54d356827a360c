//! Where in a row the values of its cursor are.

use crate::query::order::{Order, OrderBy};
use crate::query::selection::Selection;

/// Where in a row that is read with cursors their values are: among what is
/// selected or, where they are not, after it.
#[derive(Debug)]
pub(crate) struct CursorPlaces {
    /// Of each of the order's keys.
    pub(crate) values: Vec<usize>,
    /// Of each column of the table's key.
    pub(crate) key: Vec<usize>,
    /// What is read after the selection: keys of the whole order, ties included, by
    /// their index.
    pub(crate) extra: Vec<usize>,
}

impl CursorPlaces {
    pub(crate) fn of(selection: &Selection, order: &Order) -> Self {
        let selected = selection.columns().len();
        let mut extra = Vec::new();
        let mut place = |found: Option<usize>, index| {
            found.unwrap_or_else(|| {
                extra.push(index);
                selected + extra.len() - 1
            })
        };
        let mut values = Vec::with_capacity(order.keys.len());
        for (index, key) in order.keys.iter().enumerate() {
            values.push(place(find(selection, &key.by), index));
        }
        let table = selection.table();
        let mut key = Vec::with_capacity(table.key.len());
        let mut tie = order.keys.len();
        for column in table.key {
            match order.keys.iter().position(|key| key.is_column(column)) {
                Some(index) => key.extend(values.get(index)),
                None => {
                    key.push(place(selection.find(Selection::ROW, column), tie));
                    tie += 1;
                }
            }
        }
        Self { values, key, extra }
    }
}

fn find(selection: &Selection, by: &OrderBy) -> Option<usize> {
    match by {
        OrderBy::Column(column) => selection.find(Selection::ROW, column),
        OrderBy::Related { path, column } => {
            let join = |of, relation: &_| selection.find_join(of, *relation);
            selection.find(path.iter().try_fold(Selection::ROW, join)?, column)
        }
        OrderBy::Count(_) | OrderBy::Sum(..) => None,
    }
}
