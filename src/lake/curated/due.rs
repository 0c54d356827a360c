//! What the lake lacks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::catalogue;
use super::failure::LakeResult;
use super::tables::{LINES, LakeTable, ORDERS, SALES};
use crate::db::sqlstate::sqlstate;

/// Notes beyond this are replaced by one where nobody writes the lake.
const MOST_NOTES: i64 = 1_000;

/// Which partitions of a table have changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Months {
    All,
    /// Their first days.
    Some(BTreeSet<NaiveDate>),
}

impl Months {
    fn add(&mut self, more: impl IntoIterator<Item = NaiveDate>) {
        if let Self::Some(months) = self {
            months.extend(more);
        }
    }
}

/// What the lake lacks, in one snapshot of Postgres.
#[derive(Debug)]
pub(super) struct Due {
    /// The notes.
    pub(super) notes: Vec<Uuid>,
    /// The tables, by name.
    pub(super) tables: BTreeMap<String, Months>,
}

/// What a lake is written as: notes are of one lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watch {
    pub(super) uri: String,
    pub(super) persons: bool,
    /// Tells the columns of all tables.
    pub(super) columns: String,
}

/// How long tables are waited for: whoever comes to them meanwhile waits behind.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '5s'";
/// Tables are noted for changes of their rows where nobody writes to them.
const LOCK: &str = "LOCK TABLE person, product, territory, store, currency_rate, customer, \
     special_offer_product, product_inventory, sales_order, sales_order_line \
     IN SHARE ROW EXCLUSIVE MODE";
/// Its timeout.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Whether changes of rows may go unseen: somebody has disabled the triggers that note them.
const UNWATCHED: &str =
    "EXISTS (SELECT FROM unwatched_trigger WHERE starts_with(name::text, 'lake_note_'))";

/// Begins to note changes for this lake, unless that has begun: then all is due, also what
/// commits while this waits. False if somebody writes for so long that it could not begin.
pub(super) async fn watch(pool: &PgPool, watch: &Watch) -> LakeResult<bool> {
    let mut connection = pool.acquire().await?;
    let known = sqlx::query("SELECT uri, persons, columns FROM lake_watch")
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = known {
        let known =
            Watch { uri: row.try_get(0)?, persons: row.try_get(1)?, columns: row.try_get(2)? };
        if known == *watch {
            return Ok(true);
        }
    }
    let mut transaction = connection.begin().await?;
    // Writers that have not seen it commit before; others wait, and then note what they change.
    transaction.execute(LOCK_TIMEOUT).await?;
    match transaction.execute(LOCK).await {
        Ok(_) => {}
        Err(error) if sqlstate(&error).as_deref() == Some(LOCK_NOT_AVAILABLE) => {
            transaction.rollback().await?;
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    }
    sqlx::query(
        "INSERT INTO lake_watch (uri, persons, columns) VALUES ($1, $2, $3) \
         ON CONFLICT (singleton) DO UPDATE SET uri = excluded.uri, persons = excluded.persons, \
             columns = excluded.columns",
    )
    .bind(&watch.uri)
    .bind(watch.persons)
    .bind(&watch.columns)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO lake_due DEFAULT VALUES").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether the lake lacks anything, or has what it is to have no longer. `missing` is what another
/// catalogue than that in Postgres lacks.
pub(super) async fn is_any(
    pool: &PgPool,
    tables: &[LakeTable],
    expire_before: DateTime<Utc>,
    missing: Option<&[String]>,
) -> LakeResult<bool> {
    let mut connection = pool.acquire().await?;
    let sql = format!("SELECT EXISTS (SELECT FROM lake_due) OR {UNWATCHED}");
    if sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await? {
        return Ok(true);
    }
    let is_missing = match missing {
        Some(missing) => !missing.is_empty(),
        None => !catalogue::missing(&mut connection, &names(tables)).await?.is_empty(),
    };
    Ok(is_missing || !catalogue::expiring(&mut connection, expire_before).await?.is_empty())
}

fn names(tables: &[LakeTable]) -> Vec<&'static str> {
    tables.iter().map(|table| table.name).collect()
}

/// Notes that a table lacks these months, and no other table anything.
pub(super) async fn note(
    connection: &mut PgConnection,
    table: &str,
    months: &Months,
) -> LakeResult<()> {
    let months: Option<Vec<NaiveDate>> = match months {
        Months::All => None,
        Months::Some(months) if months.is_empty() => return Ok(()),
        Months::Some(months) => Some(months.iter().copied().collect()),
    };
    sqlx::query("INSERT INTO lake_due (table_name, months, is_exact) VALUES ($1, $2, true)")
        .bind(table)
        .bind(months)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps the notes few where a lake was written before and is not now: the next one who
/// writes it writes it whole.
pub async fn shorten(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query(
        "WITH gone AS (DELETE FROM lake_due \
             WHERE (SELECT count(*) FROM (SELECT FROM lake_due LIMIT $1 + 1) AS few) > $1 \
             RETURNING 1) \
         INSERT INTO lake_due (table_name) SELECT NULL WHERE EXISTS (SELECT FROM gone)",
    )
    .bind(MOST_NOTES)
    .execute(pool)
    .await?;
    Ok(())
}

impl Due {
    /// What this transaction sees.
    ///
    /// A note of any change that is not taken is not among the notes that may be removed: a
    /// change that commits later may rely on it. What it tells is due all the same.
    pub(super) async fn read(
        connection: &mut PgConnection,
        tables: &[LakeTable],
        persons: bool,
        expire_before: DateTime<Utc>,
        missing: Option<&[String]>,
    ) -> LakeResult<Self> {
        let mut due = Self { notes: Vec::new(), tables: BTreeMap::new() };
        for table in catalogue::expiring(connection, expire_before).await? {
            due.of(&table);
        }
        match missing {
            Some(missing) => missing.iter().for_each(|table| due.all(table)),
            None => {
                for table in catalogue::missing(connection, &names(tables)).await? {
                    due.all(&table);
                }
            }
        }
        let unwatched = format!("SELECT {UNWATCHED}");
        if sqlx::query_scalar(AssertSqlSafe(unwatched)).fetch_one(&mut *connection).await? {
            tables.iter().for_each(|table| due.all(table.name));
        }
        let rows = sqlx::query(
            "SELECT id, table_name, months IS NULL, keys IS NULL, \
                 table_name IS NOT NULL OR is_taken, is_exact FROM lake_due",
        )
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            if row.try_get(4)? {
                due.notes.push(row.try_get(0)?);
            }
            let (table, no_months, no_keys): (Option<String>, bool, bool) =
                (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            match table {
                Some(table) if row.try_get(5)? => {
                    if no_months {
                        due.all(&table);
                    }
                }
                None => tables.iter().for_each(|table| due.all(table.name)),
                Some(table) => due.of_note(&table, no_months, no_keys, persons),
            }
        }
        due.add_months(connection).await?;
        due.add_months_of_keys(connection, persons).await?;
        // A table that is none of the lake's.
        due.tables.retain(|name, _| tables.iter().any(|table| table.name == name));
        Ok(due)
    }

    fn all(&mut self, table: &str) {
        self.tables.insert(table.to_owned(), Months::All);
    }

    fn of(&mut self, table: &str) -> &mut Months {
        self.tables.entry(table.to_owned()).or_insert_with(|| Months::Some(BTreeSet::new()))
    }

    fn of_note(&mut self, table: &str, no_months: bool, no_keys: bool, persons: bool) {
        match table {
            ORDERS | LINES if no_months => {
                self.all(table);
                self.all(SALES);
                // An order that is gone may have had lines.
                self.all(LINES);
            }
            ORDERS | LINES => {}
            "product" | "customer" | "territory" | "person" => {
                self.all(table);
                if no_keys && (persons || table != "person") {
                    self.all(SALES);
                }
            }
            table => self.all(table),
        }
    }

    async fn add_months(&mut self, connection: &mut PgConnection) -> LakeResult<()> {
        let rows = sqlx::query(
            "SELECT DISTINCT table_name, unnest(months), is_exact FROM lake_due \
             WHERE months IS NOT NULL",
        )
        .fetch_all(connection)
        .await?;
        for row in rows {
            let (table, month): (String, NaiveDate) = (row.try_get(0)?, row.try_get(1)?);
            self.of(&table).add([month]);
            if !row.try_get(2)? {
                self.of(SALES).add([month]);
            }
        }
        Ok(())
    }

    /// The months whose rows in the wide table have columns of changed rows.
    async fn add_months_of_keys(
        &mut self,
        connection: &mut PgConnection,
        persons: bool,
    ) -> LakeResult<()> {
        let months: Vec<NaiveDate> = sqlx::query_scalar(
            "WITH changed AS MATERIALIZED ( \
                 SELECT DISTINCT table_name, unnest(keys) AS key FROM lake_due \
                 WHERE keys IS NOT NULL), \
             customers AS ( \
                 SELECT key AS customer_id FROM changed WHERE table_name = 'customer' \
                 UNION SELECT customer_id FROM customer WHERE $1 AND person_id IN ( \
                     SELECT key FROM changed WHERE table_name = 'person')), \
             orders AS ( \
                 SELECT order_date FROM sales_order WHERE customer_id IN ( \
                     SELECT customer_id FROM customers) \
                 UNION ALL SELECT order_date FROM sales_order WHERE territory_id IN ( \
                     SELECT key FROM changed WHERE table_name = 'territory') \
                 UNION ALL SELECT order_date FROM sales_order_line JOIN sales_order \
                     USING (sales_order_id) WHERE product_id IN ( \
                     SELECT key FROM changed WHERE table_name = 'product')) \
             SELECT DISTINCT date_trunc('month', order_date)::date FROM orders",
        )
        .bind(persons)
        .fetch_all(connection)
        .await?;
        if !months.is_empty() {
            self.of(SALES).add(months);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::curated::tables;

    #[test]
    fn all_tables_are_locked() {
        for table in tables::all(true).iter().filter(|table| table.name != SALES) {
            assert!(LOCK.split([' ', ',']).any(|word| word == table.name), "{}", table.name);
        }
    }
}
