//! A small world of random sales rows, both in Postgres and in memory, so that results
//! can be compared with those of plain Rust.

mod draws;
mod oracle;
mod tables;

use std::collections::HashMap;

use salesgraph::catalog::Table;
use salesgraph::query::{Key, KeyPart, Value};
use sqlx::{AssertSqlSafe, Executor as _};

use super::draw::Draw;
use super::{TestDb, database};
pub(crate) use draws::{condition_of, conditions, random_condition, random_order};
pub(crate) use oracle::Bounds;
pub(crate) use tables::{META, Meta, meta};

/// The value of a column; `None` is null.
pub(crate) type Cell = Option<Value>;
/// A row by the names of its columns.
pub(crate) type Record = HashMap<&'static str, Cell>;

/// The rows.
pub(crate) struct World {
    pub(crate) db: TestDb,
    rows: HashMap<&'static str, Vec<Record>>,
    /// The rank of every text in the database's collation.
    ranks: HashMap<String, i64>,
    pub(crate) draw: Draw,
}

/// Texts, some with wildcards of LIKE, some equal but for case.
const TEXTS: [&str; 18] = [
    "", "a", "A", "b", "ab", "Ab", "AB", "a%", "a_b", "%", "_", "a\\b", "\\", "O'Hara", "Ärger",
    "ärger", "été", "ß b",
];

impl World {
    /// A world determined by the seed.
    pub(crate) async fn start(seed: u64) -> Self {
        let db = database().await;
        let ranks = sqlx::query_as(
            "SELECT text, row_number() OVER (ORDER BY text) FROM unnest($1::text[]) AS text",
        )
        .bind(TEXTS)
        .fetch_all(&db.pool)
        .await
        .expect("the order of texts");
        let ranks = ranks.into_iter().collect();
        let mut world = Self { db, rows: HashMap::new(), ranks, draw: Draw::new(seed) };
        let mut rows = String::new();
        for (table, count) in [
            ("person", 25),
            ("product", 12),
            ("territory", 3),
            ("customer", 30),
            ("special_offer_product", 20),
            ("sales_order", 60),
            ("sales_order_line", 120),
        ] {
            for _ in 0..count {
                rows += &world.make(meta(table)).unwrap_or_default();
            }
        }
        world.db.pool.execute(AssertSqlSafe(rows)).await.expect("the rows");
        world
    }

    pub(crate) fn rows(&self, table: &str) -> &[Record] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }

    /// Adds a random row, unless its key is taken.
    pub(crate) async fn insert(&mut self, meta: &'static Meta) {
        if let Some(sql) = self.make(meta) {
            self.db.pool.execute(AssertSqlSafe(sql)).await.expect("a row");
        }
    }

    /// Adds a random row in memory; returns the SQL that adds it to Postgres.
    fn make(&mut self, meta: &'static Meta) -> Option<String> {
        let mut record = Record::new();
        for column in meta.columns {
            let cell = self.random_cell(meta, column.name);
            record.insert(column.name, cell);
        }
        if meta.table.name == "sales_order_line" {
            let offers = self.rows.get("special_offer_product").map_or(&[][..], Vec::as_slice);
            let offer = self.draw.one(offers);
            record.extend(offer.iter().map(|(name, cell)| (*name, cell.clone())));
        }
        tables::reconcile(meta, &mut record);
        let key = key_of(meta.table, &record);
        if self.rows(meta.table.name).iter().any(|row| key_of(meta.table, row) == key) {
            return None;
        }
        let names: Vec<&str> = meta.columns.iter().map(|column| column.name).collect();
        let cells: Vec<String> = names.iter().map(|name| literal(&record[name])).collect();
        let sql = format!(
            "INSERT INTO {} ({}, {}) VALUES ({}, {});",
            meta.table.name,
            names.join(", "),
            meta.others.0,
            cells.join(", "),
            meta.others.1,
        );
        self.rows.entry(meta.table.name).or_default().push(record);
        Some(sql)
    }

    /// A random value of a column, often one that other rows have as well.
    fn random_cell(&mut self, meta: &'static Meta, name: &str) -> Cell {
        let column = meta.column(name);
        if column.nullable && self.draw.once_in(3) {
            return None;
        }
        if let Some((parent, at)) = meta.parent_of(name) {
            let parents = self.rows.get(parent.name).map_or(&[][..], Vec::as_slice);
            return self.draw.one(parents)[at].clone();
        }
        Some(tables::random_value(&mut self.draw, &TEXTS, column))
    }
}

/// The key of a row.
pub(crate) fn key_of(table: &Table, record: &Record) -> Key {
    let parts = table.key.iter().map(|column| match &record[column.name] {
        Some(Value::Int(number)) => KeyPart::Int(*number),
        other => panic!("{other:?} in a key"),
    });
    Key::new(parts.collect())
}

fn literal(cell: &Cell) -> String {
    match cell {
        None => "NULL".to_owned(),
        Some(Value::Boolean(value)) => value.to_string(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::Decimal(text)) => text.clone(),
        Some(Value::Text(text)) => format!("'{}'", text.replace('\'', "''")),
        Some(Value::Uuid(id)) => format!("'{id}'"),
        Some(Value::Date(date)) => format!("'{date}'"),
        Some(Value::LocalDateTime(time)) => format!("'{time}'"),
        Some(Value::DateTime(time)) => format!("'{}'", time.to_rfc3339()),
    }
}
