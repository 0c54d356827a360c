//! Questions to an engine that scans the wide table: SQL with typed values, which whoever asks
//! has written and a worker sends to the engine.

use serde::{Deserialize, Serialize};

/// What stands for the name of the table. No name and no value is like it.
pub const TABLE: &str = "{sales}";

/// What is asked: statements whose rows together are the groups of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
// What a worker does not know it must not leave out.
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_another_release_asks_is_refused_and_not_left_out() {
        let known = json!({
            "keys": 1, "totals": 1, "squares": [], "from": null, "to": null,
            "parts": [{ "sql": "SELECT 1", "values": [{ "int": 1 }], "totals": [0] }],
        });
        let read = |question| serde_json::from_value::<Question>(question);
        assert!(read(known.clone()).is_ok());
        for (place, name) in [("", "lines"), ("/parts/0", "having")] {
            let mut newer = known.clone();
            newer.pointer_mut(place).unwrap()[name] = json!("what is new");
            let error = read(newer).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        let mut newer = known;
        newer["parts"][0]["values"][0] = json!({ "interval": 1 });
        assert!(read(newer).is_err());
    }
}
