//! Questions to an engine that scans the wide table: SQL with typed values, which whoever asks
//! has written and a worker sends to the engine.

use serde::{Deserialize, Serialize};

/// What stands for the name of the table. No name and no value is like it.
pub const TABLE: &str = "{sales}";

/// What is asked: statements whose rows together are the groups of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// How many values a group is made by: the first columns of each statement.
    pub keys: usize,
    /// How many totals a group has.
    pub totals: usize,
    /// The statements. The first gives every group, once; each gives a group at most once.
    pub parts: Vec<Part>,
    /// Columns whose squares are added up.
    pub squares: Vec<String>,
    /// Only lines of orders from this moment on are looked at, in microseconds since 1970.
    pub from: Option<i64>,
    /// And up to this one, inclusive.
    pub to: Option<i64>,
}

/// A statement: some of the totals of each group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// SQL, with [`TABLE`] where the name of the table stands.
    pub sql: String,
    /// The values of `$1`, `$2` and so on.
    pub values: Vec<Bound>,
    /// Which totals its columns are that follow the keys.
    pub totals: Vec<usize>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// A decimal number: all its digits as a whole number, and how many are after the point.
    Decimal(String, u8),
    /// Without zone, in microseconds since 1970.
    Timestamp(i64),
    /// The shortest text of a number of 64 bits that reads as that number.
    Double(String),
}

impl Part {
    /// The statement, on a table of this name.
    #[must_use]
    pub fn sql(&self, table: &str) -> String {
        self.sql.replace(TABLE, table)
    }
}
