//! Names of rows within a statement.

use std::fmt::Write as _;

use crate::catalog::Column;

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

    /// Writes the value of a column in this row.
    pub(crate) fn write_column(self, column: &Column, out: &mut String) {
        let Some(expression) = column.expression else {
            self.write(out);
            out.push('.');
            out.push_str(column.name);
            return;
        };
        for (index, part) in expression.split("@.").enumerate() {
            if index > 0 {
                self.write(out);
                out.push('.');
            }
            out.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Kind;

    #[test]
    fn a_computed_column_reads_the_row_of_its_alias() {
        let column =
            Column::computed("n", Kind::Long, "(@.a + (SELECT max(b) FROM c WHERE d = @.e))");
        let mut text = String::new();
        Alias::row(3).write_column(&column, &mut text);
        assert_eq!(text, "(t3.a + (SELECT max(b) FROM c WHERE d = t3.e))");
    }
}
