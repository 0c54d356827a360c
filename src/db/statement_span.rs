//! The span of a statement: which tables it reads and where, without its text and values.

use sqlx::postgres::PgConnectOptions;

use crate::catalog;
use crate::telemetry::trace::{self, Attribute, Kind, Span};

/// Most tables that a summary names.
const TABLES: usize = 5;

/// Begins the span of a statement, if its request is recorded.
#[must_use]
pub fn statement_span(sql: impl FnOnce() -> String, at: &PgConnectOptions) -> Option<Span> {
    trace::child(Kind::Client, || {
        let (summary, operation) = summary(&sql());
        let attributes = vec![
            Attribute::new("db.system.name", "postgresql"),
            Attribute::new("db.query.summary", summary.clone()),
            Attribute::new("db.operation.name", operation),
            Attribute::new("db.namespace", at.get_database().unwrap_or_default().to_owned()),
            Attribute::new("server.address", at.get_host().to_owned()),
            Attribute::new("server.port", i64::from(at.get_port())),
        ];
        (summary, attributes)
    })
}

/// Says that a statement has failed, by Postgres' code if it has one.
pub fn statement_failed(span: &Span, error: &sqlx::Error) {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code) {
        Some(code) => {
            let code = code.into_owned();
            span.set("db.response.status_code", code.clone());
            span.fail(code);
        }
        None => span.fail("connection"),
    }
}

/// What a statement does to which tables, such as `SELECT sales_order`: names of tables only
/// that are known, so never a value.
fn summary(sql: &str) -> (String, &'static str) {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut words = sql.split(|character| !is_name(character)).filter(|word| !word.is_empty());
    let operation = match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "INSERT" => "INSERT",
        "UPDATE" => "UPDATE",
        "DELETE" => "DELETE",
        _ => "SELECT",
    };
    let (mut tables, mut before) = (Vec::new(), operation);
    for word in words {
        let is_table = ["FROM", "JOIN", "INTO", "UPDATE"].contains(&before);
        if is_table && tables.len() < TABLES && !tables.contains(&word) && is_known(word) {
            tables.push(word);
        }
        before = word;
    }
    let summary = [operation].into_iter().chain(tables).collect::<Vec<_>>().join(" ");
    (summary, operation)
}

fn is_known(word: &str) -> bool {
    catalog::tables().any(|table| table.name == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_tables_and_no_values() {
        for (sql, expected) in [
            (
                "SELECT r.name FROM product AS r WHERE r.name = 'FROM person'",
                "SELECT product person",
            ),
            ("SELECT 1", "SELECT"),
            (
                "WITH a AS (SELECT FROM sales_order) SELECT FROM a JOIN product",
                "SELECT sales_order product",
            ),
            ("SELECT FROM \"Doe\" WHERE x = 'secret'", "SELECT"),
            ("", "SELECT"),
        ] {
            assert_eq!(summary(sql).0, expected, "{sql}");
        }
    }
}
