//! Derivations on a cluster: the statements that it takes, and who is told of what they wrote.

use sqlx::PgConnection;

use super::derivation::Derivation;
use super::sales_rollup::{SALES_ROLLUP, by_day};
use crate::db::layout::Layout;
use crate::load::failure::LoadResult;

/// The statements of a derivation for changed sales.
pub(super) fn of_sales(derivation: &Derivation, layout: Layout) -> &'static [&'static str] {
    match layout {
        Layout::Distributed if derivation.step == SALES_ROLLUP.step => &[BY_PRODUCT, BY_DAY],
        _ => derivation.of_sales,
    }
}

/// Tells that the tables of a derivation were written, as triggers do on one machine.
pub(super) async fn note_written(
    connection: &mut PgConnection,
    derivation: &Derivation,
) -> LoadResult<()> {
    sqlx::query(NOTE_WRITTEN).bind(derivation.tables).execute(connection).await?;
    Ok(())
}

/// $1: the tables.
const NOTE_WRITTEN: &str = "SELECT note_change(name, '{}') FROM unnest($1::text[]) AS name";

/// Writes the differences between a table and `$made`, its rows from day $1 with all
/// columns in order; `$key` are the columns of its key. Rows are compared apart from the table,
/// which is on several machines.
macro_rules! differences {
    ($table:literal, $key:literal, $made:expr) => {
        concat!(
            "
WITH made AS MATERIALIZED (",
            $made,
            "), stored AS MATERIALIZED (
    SELECT * FROM ",
            $table,
            " WHERE order_date >= coalesce($1::date, '-infinity')
), removed AS (
    DELETE FROM ",
            $table,
            " WHERE (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM stored EXCEPT SELECT ",
            $key,
            " FROM made)
    RETURNING 1
), written AS (
    INSERT INTO ",
            $table,
            " SELECT * FROM made EXCEPT SELECT * FROM stored
    ON CONFLICT (",
            $key,
            ") DO UPDATE
    SET line_count = excluded.line_count, order_count = excluded.order_count,
        order_total = excluded.order_total,
        order_quantity_sum = excluded.order_quantity_sum,
        order_quantity_min = excluded.order_quantity_min,
        order_quantity_max = excluded.order_quantity_max,
        unit_price_sum = excluded.unit_price_sum, unit_price_min = excluded.unit_price_min,
        unit_price_max = excluded.unit_price_max, line_total_sum = excluded.line_total_sum,
        line_total_min = excluded.line_total_min, line_total_max = excluded.line_total_max
    RETURNING 1
)
SELECT (SELECT count(*) FROM removed) + (SELECT count(*) FROM written)"
        )
    };
}

const BY_PRODUCT: &str = differences!(
    "sales_by_product_day",
    "product_id, order_date",
    "SELECT * FROM sales_by_product_day_since($1::date)"
);

const BY_DAY: &str = differences!("sales_by_day", "order_date", by_day!());
