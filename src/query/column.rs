//! Columns as the read side knows them.

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

    /// A value computed from the row by SQL. Columns of other tables inside of
    /// it must be qualified.
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

    /// Writes it as an item of a SELECT list.
    pub(super) fn write_item(&self, out: &mut String) {
        out.push_str(self.expression.unwrap_or(self.name));
        if self.kind == Kind::Decimal {
            out.push_str("::text");
        }
        if self.expression.is_some() || self.kind == Kind::Decimal {
            out.push_str(" AS ");
            out.push_str(self.name);
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
}

impl Table {
    /// A table whose pages go up by key.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static [Column]) -> Self {
        Self { name, key, newest_first: false }
    }
}

/// What is read of a table: the key first, then each column asked for, once.
#[derive(Debug)]
pub struct Columns {
    /// The table.
    pub table: &'static Table,
    list: Vec<&'static Column>,
}

impl Columns {
    /// Only the key.
    #[must_use]
    pub fn key_of(table: &'static Table) -> Self {
        Self { table, list: table.key.iter().collect() }
    }

    /// Where in the row the column is; adds it when it is new.
    pub fn index_of(&mut self, column: &'static Column) -> usize {
        if let Some(index) = self.list.iter().position(|known| known.name == column.name) {
            return index;
        }
        self.list.push(column);
        self.list.len() - 1
    }

    /// Where in the row the key's columns are.
    #[must_use]
    pub fn key_indexes(&self) -> std::ops::Range<usize> {
        0..self.table.key.len()
    }

    pub(super) fn write_list(&self, out: &mut String) {
        for (index, column) in self.list.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            column.write_item(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KEY: [Column; 1] = [Column::new("id", Kind::Int)];
    static TABLE: Table = Table::new("thing", &KEY);
    static PRICE: Column = Column::new("price", Kind::Decimal);
    static COUNT: Column = Column::computed("n", Kind::Long, "(SELECT 1)");

    #[test]
    fn a_column_is_selected_once_and_the_key_always() {
        let mut columns = Columns::key_of(&TABLE);
        assert_eq!(columns.index_of(&PRICE), 1);
        assert_eq!(columns.index_of(&COUNT), 2);
        assert_eq!(columns.index_of(&PRICE), 1);
        assert_eq!(columns.index_of(&KEY[0]), 0);
        let mut text = String::new();
        columns.write_list(&mut text);
        assert_eq!(text, "id, price::text AS price, (SELECT 1) AS n");
    }
}
