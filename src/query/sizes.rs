//! How many rows tables have, roughly: to tell what a query may cost.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Row as _};

use super::executor::Reader;
use crate::catalog::Table;
use crate::db::layout::Layout;
use crate::error::Result;

/// $1: the tables' names. Nothing in it waits for a lock of these tables.
const ESTIMATE: &str = "
    SELECT relname::text,
        ceil(1.1 * greatest(reltuples::float8, pg_stat_get_live_tuples(oid)::float8))::bigint
    FROM pg_class
    WHERE relkind = 'r' AND relname = ANY($1) AND relnamespace = current_schema()::regnamespace
        AND greatest(reltuples::float8, pg_stat_get_live_tuples(oid)::float8) > 0";

/// Likewise, and what each machine of a cluster knows of its pieces of tables.
const ESTIMATE_OF_PIECES: &str = "
    UNION ALL
    SELECT name, ceil(1.1 * row_count)::bigint FROM rows_of_pieces($1)";

/// Estimated numbers of rows. A table that is not known may have any number.
#[derive(Debug, Default)]
pub struct Sizes(HashMap<String, u64>);

impl Sizes {
    /// Most rows a table has, as far as known.
    #[must_use]
    pub fn most(&self, table: &Table) -> Option<u64> {
        self.0.get(table.name).copied()
    }
}

impl Reader {
    /// Estimates the numbers of rows of these tables by one cheap statement, from what
    /// Postgres counts and keeps of them by itself.
    ///
    /// # Errors
    /// As any query.
    pub async fn sizes(&self, tables: impl Iterator<Item = &'static Table>) -> Result<Sizes> {
        let names: Vec<&str> = tables.map(|table| table.name).collect();
        let estimate = match self.layout().await? {
            Layout::Single => ESTIMATE.to_owned(),
            Layout::Distributed => [ESTIMATE, ESTIMATE_OF_PIECES].concat(),
        };
        let query = || sqlx::query(AssertSqlSafe(estimate.clone())).bind(names.clone());
        let rows = self.fetch_all(None, query).await?;
        let mut sizes = HashMap::with_capacity(rows.len());
        for row in rows {
            sizes.insert(row.try_get(0)?, u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0));
        }
        Ok(Sizes(sizes))
    }
}
