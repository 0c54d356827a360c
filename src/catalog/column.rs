//! Columns as readers know them.

use super::Enumeration;

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
    /// A JSON value as its text.
    Json,
}

impl Kind {
    /// The type of a value in SQL.
    #[must_use]
    pub const fn sql_type(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Small => "smallint",
            Self::Int => "integer",
            Self::Long => "bigint",
            Self::Text | Self::Json => "text",
            Self::Bytes => "bytea",
            Self::Decimal => "numeric",
            Self::Uuid => "uuid",
            Self::Date => "date",
            Self::LocalDateTime => "timestamp",
            Self::DateTime => "timestamptz",
            Self::IntList => "integer[]",
        }
    }
}

/// A column of a table, or a named SQL expression over its row.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name in the table; of an expression, the name it is selected under.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it holds personal data.
    pub is_personal: bool,
    /// Whether it tells of loads, so that only those see it who see the ledger's rows.
    pub is_of_loads: bool,
    /// Whether it is computed of what only the coordinator of a cluster has.
    pub is_of_coordinator: bool,
    /// The codes it holds, if it is a column of codes.
    pub codes: Option<&'static Enumeration>,
    /// Most digits of a decimal number, and those after the point; `None` where any number may
    /// be.
    pub digits: Option<(u8, u8)>,
    /// SQL over the row, with `@.` before each column of the row.
    pub expression: Option<&'static str>,
    /// What it is, with the names of columns in braces.
    pub(super) comment: &'static str,
}

impl Column {
    /// A column of a subquery that is never null.
    #[must_use]
    pub const fn derived(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            nullable: false,
            is_personal: false,
            is_of_loads: false,
            is_of_coordinator: false,
            codes: None,
            digits: None,
            expression: None,
            comment: "",
        }
    }

    /// A value computed from the row by SQL, in which `@.` stands before each of
    /// the row's columns: `(SELECT max(f.line) FROM f WHERE f.id = @.id)`.
    #[must_use]
    pub const fn computed(name: &'static str, kind: Kind, sql: &'static str) -> Self {
        Self { expression: Some(sql), ..Self::derived(name, kind) }
    }

    /// The same column, which may be null.
    #[must_use]
    pub const fn nullable(self) -> Self {
        self.or_null(true)
    }

    /// The same column, for those who see the rows of the ledger of loads.
    #[must_use]
    pub const fn of_loads(self) -> Self {
        Self { is_of_loads: true, ..self }
    }

    /// The same column, computed of what only the coordinator of a cluster has.
    #[must_use]
    pub const fn of_coordinator(self) -> Self {
        Self { is_of_coordinator: true, ..self }
    }

    /// The same column under another name.
    #[must_use]
    pub const fn renamed(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) const fn or_null(self, nullable: bool) -> Self {
        Self { nullable, ..self }
    }

    /// Whether it is an expression and no column of the table.
    #[must_use]
    pub const fn is_computed(&self) -> bool {
        self.expression.is_some()
    }

    /// Its name in the API: `unit_price` is `unitPrice`.
    #[must_use]
    pub fn api_name(&self) -> String {
        camel_case(self.name)
    }

    /// What it is, in the API's words.
    #[must_use]
    pub fn description(&self) -> String {
        with_names(self.comment, camel_case)
    }

    /// What it is, in the words of SQL, with the meanings of its codes.
    #[must_use]
    pub fn sql_comment(&self) -> String {
        let mut comment = with_names(self.comment, str::to_owned);
        for value in self.codes.iter().flat_map(|codes| &codes.values) {
            comment.push_str(&format!(" {}: {}", value.code, value.description));
        }
        comment
    }
}

/// `unit_price` as `unitPrice`.
fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (index, word) in name.split('_').enumerate() {
        let (first, rest) = word.split_at(word.len().min(1));
        out.push_str(&if index > 0 { first.to_ascii_uppercase() } else { first.to_owned() });
        out.push_str(rest);
    }
    out
}

/// Spells the names in braces.
fn with_names(comment: &str, spell: fn(&str) -> String) -> String {
    let mut out = String::with_capacity(comment.len());
    for (index, part) in comment.split(['{', '}']).enumerate() {
        out.push_str(&if index % 2 == 1 { spell(part) } else { part.to_owned() });
    }
    out
}
