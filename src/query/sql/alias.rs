//! Names of rows within a statement.

use std::fmt::Write as _;

/// How a statement calls a row: a letter for its part in it, and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alias(char, usize);

impl Alias {
    /// The table's own row (0) or one that is joined to it.
    pub(crate) const fn row(number: usize) -> Self {
        Self('t', number)
    }

    /// The aggregate of an order's key.
    pub(crate) const fn aggregate(number: usize) -> Self {
        Self('a', number)
    }

    /// A row of a subquery.
    pub(crate) const fn inner(number: usize) -> Self {
        Self('e', number)
    }

    pub(crate) fn write(self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{}{}", self.0, self.1);
    }
}
