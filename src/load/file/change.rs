//! What batches change on a cluster, told to the function that does there what triggers do on one
//! machine.

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::dataset::Dataset;
use crate::load::decode::Batch;
use crate::load::failure::LoadResult;

/// Tells that rows of a table, $1, have changed: by the first columns of their keys, $2, and the
/// days of orders before the change, $3. In the transaction of the change.
pub(crate) const NOTE_CHANGE: &str = "SELECT note_change($1, $2, $3)";

/// Moves the version of all tables.
pub(crate) const SETTLE: &str = "SELECT note_change('', '{}')";

/// The days of orders before they are changed.
const DAYS: &str =
    "SELECT DISTINCT order_date::date FROM sales_order WHERE sales_order_id = ANY ($1)";

/// Rows that are about to change.
pub(crate) struct Change {
    table: &'static str,
    keys: Vec<i32>,
    days: Vec<NaiveDate>,
}

impl Change {
    /// That of the staged rows of these batches.
    pub(crate) async fn of(
        connection: &mut PgConnection,
        dataset: &Dataset,
        batches: &[(i32, &Batch)],
    ) -> LoadResult<Self> {
        let rows = batches.iter().flat_map(|(_, batch)| &batch.rows);
        let mut keys: Vec<i32> = rows.map(|row| row.key[0]).collect();
        keys.sort_unstable();
        keys.dedup();
        let days = match dataset.table {
            "sales_order" => sqlx::query_scalar(DAYS).bind(&keys).fetch_all(connection).await?,
            // A line stays with its order.
            _ => Vec::new(),
        };
        Ok(Self { table: dataset.table, keys, days })
    }

    /// Tells it.
    pub(crate) async fn note(self, connection: &mut PgConnection) -> LoadResult<()> {
        let noting = sqlx::query(NOTE_CHANGE).bind(self.table).bind(self.keys).bind(self.days);
        noting.execute(connection).await?;
        Ok(())
    }
}
