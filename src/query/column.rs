//! Columns as the read side knows them.

use crate::query::sql::alias::Alias;

/// The type of a column, as far as reading it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `boolean`.
    Boolean,
    /// `smallint`.
    Small,
    /// `integer`.
    Int,
    /// `bigint`.
    Long,
    /// `text` and `varchar`.
    Text,
    /// `bytea`.
    Bytes,
    /// `numeric`; read as text, so that every digit survives.
    Decimal,
    /// `uuid`.
    Uuid,
    /// `date`.
    Date,
    /// `timestamp` without time zone.
    LocalDateTime,
    /// `timestamptz`.
    DateTime,
    /// `integer[]`.
    IntList,
}

/// A column of a table, or a named SQL expression over its row.
#[derive(Debug)]
pub struct Column {
    /// Name in the table; of an expression, the name it is selected under.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    expression: Option<&'static str>,
}

impl Column {
    /// A column that is never null.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, nullable: false, expression: None }
    }

    /// A value computed from the row by SQL, in which `@.` stands before each of
    /// the row's own columns: `(SELECT max(f.line) FROM f WHERE f.id = @.id)`.
    #[must_use]
    pub const fn computed(name: &'static str, kind: Kind, sql: &'static str) -> Self {
        Self { name, kind, nullable: false, expression: Some(sql) }
    }

    /// The same column, which may be null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Whether it is an expression and no column of the table.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        self.expression.is_some()
    }

    /// Writes its value in the row that is called `alias`.
    pub(super) fn write(&self, alias: Alias, out: &mut String) {
        let Some(expression) = self.expression else {
            alias.write(out);
            out.push('.');
            out.push_str(self.name);
            return;
        };
        for (index, part) in expression.split("@.").enumerate() {
            if index > 0 {
                alias.write(out);
                out.push('.');
            }
            out.push_str(part);
        }
    }
}

/// A table: its name and the key that identifies and orders its rows.
#[derive(Debug)]
pub struct Table {
    /// Name in Postgres.
    pub name: &'static str,
    /// Columns of the primary key, in the order of pages.
    pub key: &'static [Column],
    /// Whether pages go from the greatest key down.
    pub newest_first: bool,
    /// Whether it is a view over several tables, which has no index of its own.
    pub is_view: bool,
}

impl Table {
    /// A table whose pages go up by key.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static [Column]) -> Self {
        Self { name, key, newest_first: false, is_view: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computed_column_is_of_the_row_it_is_asked_of() {
        let column =
            Column::computed("n", Kind::Long, "(@.a + (SELECT max(b) FROM c WHERE d = @.e))");
        let mut text = String::new();
        column.write(Alias::row(3), &mut text);
        assert_eq!(text, "(t3.a + (SELECT max(b) FROM c WHERE d = t3.e))");
    }
}
