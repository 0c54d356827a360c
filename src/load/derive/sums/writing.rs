//! Where sums are written: into their table, while it has no rows of these days, and apart
//! where there may be rows to compare or to add them to.

use chrono::NaiveDate;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, raw_sql};

use super::groups::{Both, Rows, Taken};
use crate::db::copy_in::copy_in;
use crate::load::derive::sales_rollup::differences;
use crate::load::failure::LoadResult;

/// Sums that are apart: of a key there may be several, which are added up.
const APART: &str = "
CREATE TEMPORARY TABLE made_by_product_day (LIKE sales_by_product_day) ON COMMIT DROP;
CREATE TEMPORARY TABLE made_by_day (LIKE sales_by_day) ON COMMIT DROP";

/// $1: the first day that may have changed.
const IS_NEW: &str = "
SELECT NOT EXISTS (SELECT FROM sales_by_product_day
        WHERE order_date >= coalesce($1::date, '-infinity'))
    AND NOT EXISTS (SELECT FROM sales_by_day WHERE order_date >= coalesce($1::date, '-infinity'))";

/// A table and how sums get into it.
#[derive(Debug)]
struct Table {
    name: &'static str,
    apart: &'static str,
    /// Adds those that are apart to the rows that the table has; counts those that are new.
    add: &'static str,
    /// Makes the rows those that are apart, from day $1 on; counts those that are written.
    replace: &'static str,
}

/// The rows that are apart.
macro_rules! made {
    ($apart:literal, $key:literal) => {
        concat!(
            "SELECT ",
            $key,
            ", sum(line_count)::bigint AS line_count, sum(order_count)::bigint AS order_count,
        sum(order_total) AS order_total,
        sum(order_quantity_sum)::bigint AS order_quantity_sum,
        min(order_quantity_min) AS order_quantity_min,
        max(order_quantity_max) AS order_quantity_max,
        sum(unit_price_sum) AS unit_price_sum, min(unit_price_min) AS unit_price_min,
        max(unit_price_max) AS unit_price_max, sum(line_total_sum) AS line_total_sum,
        min(line_total_min) AS line_total_min, max(line_total_max) AS line_total_max
    FROM pg_temp.",
            $apart,
            " GROUP BY ",
            $key
        )
    };
}

macro_rules! add {
    ($table:literal, $same:literal, $made:expr) => {
        concat!(
            "
WITH made AS MATERIALIZED (",
            $made,
            "), updated AS (
    UPDATE ",
            $table,
            " AS stored
    SET line_count = stored.line_count + made.line_count,
        order_count = stored.order_count + made.order_count,
        order_total = stored.order_total + made.order_total,
        order_quantity_sum = stored.order_quantity_sum + made.order_quantity_sum,
        order_quantity_min = least(stored.order_quantity_min, made.order_quantity_min),
        order_quantity_max = greatest(stored.order_quantity_max, made.order_quantity_max),
        unit_price_sum = stored.unit_price_sum + made.unit_price_sum,
        unit_price_min = least(stored.unit_price_min, made.unit_price_min),
        unit_price_max = greatest(stored.unit_price_max, made.unit_price_max),
        line_total_sum = stored.line_total_sum + made.line_total_sum,
        line_total_min = least(stored.line_total_min, made.line_total_min),
        line_total_max = greatest(stored.line_total_max, made.line_total_max)
    FROM made WHERE ",
            $same,
            "
), added AS (
    INSERT INTO ",
            $table,
            " SELECT * FROM made
    WHERE NOT EXISTS (SELECT FROM ",
            $table,
            " AS stored WHERE ",
            $same,
            ")
    RETURNING 1
)
SELECT count(*) FROM added"
        )
    };
}

macro_rules! table {
    ($table:literal, $apart:literal, $key:literal, $same:literal) => {
        Table {
            name: $table,
            apart: $apart,
            add: add!($table, $same, made!($apart, $key)),
            replace: differences!($table, $same, made!($apart, $key)),
        }
    };
}

static TABLES: Both<Table> = Both {
    by_product: table!(
        "sales_by_product_day",
        "made_by_product_day",
        "product_id, order_date",
        "(made.order_date, made.product_id) = (stored.order_date, stored.product_id)"
    ),
    by_day: table!(
        "sales_by_day",
        "made_by_day",
        "order_date",
        "made.order_date = stored.order_date"
    ),
};

/// Writes sums, within one transaction.
pub(super) struct Writer<'c> {
    connection: &'c mut PgConnection,
    since: Option<NaiveDate>,
    /// Whether neither table has rows from that day on, but those that are written here.
    is_new: bool,
    written: Both<Written>,
}

/// Rows that were written so far.
#[derive(Debug, Default)]
struct Written {
    to_table: i64,
    apart: i64,
}

impl<'c> Writer<'c> {
    pub(super) async fn begin(
        connection: &'c mut PgConnection,
        since: Option<NaiveDate>,
    ) -> LoadResult<Self> {
        connection.execute(raw_sql(APART)).await?;
        let is_new = sqlx::query_scalar(IS_NEW).bind(since).fetch_one(&mut *connection).await?;
        let written = Both { by_product: Written::default(), by_day: Written::default() };
        Ok(Self { connection, since, is_new, written })
    }

    /// Writes sums that were taken out to make room.
    pub(super) async fn write(&mut self, taken: Both<Option<Taken>>) -> LoadResult<()> {
        let Both { by_product, by_day } = taken;
        let (connection, is_new) = (&mut *self.connection, self.is_new);
        for (table, taken, written) in [
            (&TABLES.by_product, by_product, &mut self.written.by_product),
            (&TABLES.by_day, by_day, &mut self.written.by_day),
        ] {
            let Some(Taken { first, again }) = taken else { continue };
            if is_new {
                written.to_table += copy(connection, table.name, first).await?;
            } else {
                written.apart += copy(connection, table.apart, first).await?;
            }
            written.apart += copy(connection, table.apart, again).await?;
        }
        Ok(())
    }

    /// Brings the tables up to date; counts the rows that were written to them.
    pub(super) async fn end(self) -> LoadResult<i64> {
        let Both { by_product, by_day } = self.written;
        let mut rows_written = 0;
        for (table, written) in [(&TABLES.by_product, by_product), (&TABLES.by_day, by_day)] {
            rows_written += written.to_table;
            if self.is_new && written.apart == 0 {
                continue;
            }
            let analyze = format!("ANALYZE pg_temp.{}", table.apart);
            self.connection.execute(raw_sql(AssertSqlSafe(analyze))).await?;
            let statement = if self.is_new {
                sqlx::query_scalar::<_, i64>(table.add)
            } else {
                sqlx::query_scalar::<_, i64>(table.replace).bind(self.since)
            };
            rows_written += statement.fetch_one(&mut *self.connection).await?;
        }
        Ok(rows_written)
    }
}

/// Copies rows to a table; gives how many.
async fn copy(connection: &mut PgConnection, table: &str, rows: Rows) -> LoadResult<i64> {
    if rows.count > 0 {
        let copy = format!("COPY {table} FROM STDIN (FORMAT binary)");
        copy_in(connection, &copy, [rows.bytes.as_slice()].into_iter()).await?;
    }
    Ok(rows.count)
}
