//! Rows changed by hand. On one machine triggers see them; of a cluster, who changes rows tells it
//! in the same transaction, as docs/scaling.md asks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use migration::distribution::is_shared;
use salesgraph::db::layout::Layout;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Executes statements that change rows, so many as it returns.
pub(crate) async fn write(pool: &PgPool, sql: &str) -> u64 {
    let mut connection = pool.acquire().await.expect("a connection");
    write_over(&mut connection, sql).await
}

/// Likewise, over a connection, which may have begun a transaction.
pub(crate) async fn write_over(connection: &mut PgConnection, sql: &str) -> u64 {
    let fails = |error: sqlx::Error| -> ! { panic!("{error}: {sql}") };
    let layout = Layout::seen_by(connection).await.expect("an answer");
    if !layout.is_distributed() {
        let done = connection.execute(AssertSqlSafe(sql)).await;
        return done.unwrap_or_else(|error| fails(error)).rows_affected();
    }
    let mut transaction = connection.begin().await.expect("a transaction");
    // Tables that refer to each other are read and written over the same connections to machines.
    let sequential = "SET LOCAL citus.multi_shard_modify_mode = 'sequential'";
    transaction.execute(sequential).await.expect("a setting");
    let mut before = Vec::new();
    for table in tables(sql) {
        before.push((table, Rows::of(&mut transaction, table).await));
    }
    // What changes a table is sent on to the machines with all that is sent with it.
    let mut changed = 0;
    for statement in sql.split(';').filter(|statement| !statement.trim().is_empty()) {
        let done = transaction.execute(AssertSqlSafe(statement)).await;
        changed += done.unwrap_or_else(|error| fails(error)).rows_affected();
    }
    for (table, before) in before {
        before.note(&mut transaction, table).await;
    }
    transaction.commit().await.unwrap_or_else(|error| fails(error));
    changed
}

/// The tables on several machines that statements change.
fn tables(sql: &str) -> BTreeSet<&str> {
    let words = sql.split(|sign: char| !(sign.is_alphanumeric() || sign == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let named = words.windows(2).enumerate().filter(|(at, pair)| match pair[0] {
        "UPDATE" | "INTO" | "TRUNCATE" => true,
        "FROM" => *at > 0 && words[at - 1] == "DELETE",
        _ => false,
    });
    named.map(|(_, pair)| pair[1]).filter(|table| is_shared(table)).collect()
}

/// Rows by the first columns of their keys, and the days of orders.
struct Rows {
    texts: BTreeMap<i32, String>,
    days: BTreeMap<i32, NaiveDate>,
}

impl Rows {
    async fn of(connection: &mut PgConnection, table: &str) -> Self {
        let key = match table {
            "person" | "store" => "business_entity_id".to_owned(),
            "special_offer_product" => "special_offer_id".to_owned(),
            "sales_order_line" => "sales_order_id".to_owned(),
            "product_inventory" => "product_id".to_owned(),
            // Of what is made of sales, no keys are told.
            _ if table.starts_with("sales_by_") || table.starts_with("demand_forecast_") => {
                "1".to_owned()
            }
            _ => format!("{table}_id"),
        };
        let sql = format!(
            "SELECT {key}, string_agg(md5(to_jsonb(row)::text), ' ' ORDER BY md5(to_jsonb(row)::text))
             FROM {table} AS row GROUP BY {key}"
        );
        let texts: Vec<(i32, String)> = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{table}: {error}"));
        let days: Vec<(i32, NaiveDate)> = if table.starts_with("sales_order") {
            let sql = "SELECT sales_order_id, order_date::date FROM sales_order";
            sqlx::query_as(sql).fetch_all(&mut *connection).await.expect("the days")
        } else {
            Vec::new()
        };
        Self { texts: texts.into_iter().collect(), days: days.into_iter().collect() }
    }

    /// Tells how they differ now; of rows that are the same only that they were written.
    async fn note(self, connection: &mut PgConnection, table: &str) {
        let now = Self::of(connection, table).await;
        let keys: BTreeSet<i32> = self.texts.keys().chain(now.texts.keys()).copied().collect();
        let changed = |key: &i32| self.texts.get(key) != now.texts.get(key);
        let keys: Vec<i32> = keys.into_iter().filter(changed).collect();
        let days: BTreeSet<NaiveDate> =
            keys.iter().filter_map(|key| self.days.get(key).copied()).collect();
        let days: Vec<NaiveDate> = days.into_iter().collect();
        let table = if keys.is_empty() { "" } else { table };
        let noting = sqlx::query("SELECT note_change($1, $2, $3)").bind(table).bind(keys);
        noting.bind(days).execute(connection).await.expect("the change is told");
    }
}
