//! Orders of lists.

use crate::catalog::{Column, Kind, Table};
use crate::catalog::{ToMany, ToOne};
use crate::error::Result;
use crate::query::argument::bad_argument;

/// Which way an order goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Asc,
    /// The greatest first.
    Desc,
}

/// Where rows without a value stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// Before all others, whatever the direction.
    First,
    /// After all others, whatever the direction.
    Last,
}

/// What rows are ordered by.
#[derive(Debug, Clone)]
pub enum OrderBy {
    /// A column of the row. Lists and bytes have no order.
    Column(&'static Column),
    /// A column of a row it refers to; null where there is none.
    Related {
        /// The way to that row.
        path: Vec<ToOne>,
        /// The column.
        column: &'static Column,
    },
    /// The number of rows that refer to it.
    Count(ToMany),
    /// The sum of a column of the rows that refer to it; 0 where there are none.
    Sum(ToMany, &'static Column),
}

/// One key of an order.
#[derive(Debug, Clone)]
pub struct OrderKey {
    /// What it goes by.
    pub by: OrderBy,
    /// Which way.
    pub direction: Direction,
    /// Where rows without a value stand.
    pub nulls: Nulls,
    /// Its name, which tells one order's cursors from another's: `TOTAL_DUE`.
    pub name: String,
}

/// An order: by the first key, where equal by the next, and in the end by the
/// table's own key, so that no two rows are equal.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// The keys.
    pub keys: Vec<OrderKey>,
}

impl OrderBy {
    /// The kind of its values.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Column(column) | Self::Related { column, .. } => column.kind,
            Self::Count(_) => Kind::Long,
            // Postgres adds integers as bigint, and anything wider as numeric.
            Self::Sum(_, column) => match column.kind {
                Kind::Small | Kind::Int => Kind::Long,
                _ => Kind::Decimal,
            },
        }
    }

    /// Whether it may be null.
    pub(super) const fn is_nullable(&self) -> bool {
        match self {
            Self::Column(column) => column.nullable,
            Self::Related { .. } => true,
            Self::Count(_) | Self::Sum(..) => false,
        }
    }
}

impl Order {
    /// Refuses a key that is given twice, and trims the rest.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the key.
    pub(super) fn settle(&mut self, table: &Table) -> Result<()> {
        for (index, key) in self.keys.iter().enumerate() {
            if self.keys.iter().take(index).any(|earlier| earlier.name == key.name) {
                let name = &key.name;
                return Err(bad_argument("orderBy", format!("orderBy: {name} is given twice")));
            }
        }
        self.trim(table);
        Ok(())
    }

    /// Leaves away what can decide nothing: keys after the whole of the table's own.
    fn trim(&mut self, table: &Table) {
        if table.key.is_empty() {
            return;
        }
        let is_whole = |keys: &[OrderKey]| {
            table.key.iter().all(|column| keys.iter().any(|key| key.is_column(column)))
        };
        if let Some(enough) =
            (1..self.keys.len()).find(|length| self.keys.get(..*length).is_some_and(is_whole))
        {
            self.keys.truncate(enough);
        }
    }
}

impl OrderKey {
    /// Whether it is this column of the row.
    pub(super) fn is_column(&self, column: &Column) -> bool {
        matches!(self.by, OrderBy::Column(own) if own.name == column.name)
    }
}
