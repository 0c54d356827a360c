//! Reads the columns from Postgres: whole tables, at one moment.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike as _};

use super::build::{CustomerRow, LineRow, OrderRow, OrdersBuilder, ProductRow};
use super::question::{SCALE, Value};
use super::sales::Sales;
use crate::db::connections::Connections;
use crate::db::copy_out::CopyOut;
use crate::db::data_version::Versions;
use crate::db::data_version::tables::{TableSet, tables_of};
use crate::error::{Error, Result};

const ORDERS: &str = "SELECT sales_order_id, order_date, customer_id, territory_id, \
    sales_person_id, online_order_flag, status, total_due FROM sales_order";
const LINES: &str = "SELECT sales_order_id, product_id, special_offer_id, order_quantity, \
    unit_price, unit_price_discount, line_total FROM sales_order_line";
const CUSTOMERS: &str = "SELECT customer_id, person_id, store_id FROM customer";
const PRODUCTS: &str =
    "SELECT product_id, days_to_manufacture, product_line, class, color FROM product";

/// The tables that the columns are read from.
pub(super) static TABLES: LazyLock<TableSet> = LazyLock::new(|| {
    let all = [ORDERS, LINES, CUSTOMERS, PRODUCTS].join(" ");
    tables_of(&all).unwrap_or(TableSet::ALL)
});

/// Rows between two looks at the memory.
const MEASURED: usize = 1 << 16;

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum Read {
    /// The columns, and the versions of the data that they are of.
    Done(Box<Sales>, Versions),
    /// They would take more memory than they may; about so much.
    TooLarge(usize, Versions),
}

/// Reads the columns, within so many bytes.
///
/// # Errors
/// When Postgres does not answer, or has a value that is not held exactly.
pub(super) async fn read(connections: &Connections, most: usize) -> Result<Read> {
    let (mut copy, versions) = CopyOut::begin(connections).await?;
    let [lines, orders] = copy.counts(["sales_order_line", "sales_order"]).await?;
    let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    let (lines, orders) = (count(lines), count(orders));
    let needed = Sales::estimate(lines, orders);
    if needed > most {
        copy.end().await;
        return Ok(Read::TooLarge(needed, versions));
    }
    let mut meter = Meter { most, rows: 0, of: lines.saturating_add(orders) };
    let mut of_orders = OrdersBuilder::with_capacity(orders);
    let read = copy.rows(ORDERS, |mut row| {
        of_orders.push(&OrderRow {
            id: there(row.number()?).and_then(narrow)?,
            date: there(row.moment()?).and_then(dated)?,
            customer: there(row.number()?)?,
            territory: row.number()?,
            sales_person: row.number()?,
            online: there(row.number()?)?,
            status: there(row.number()?)?,
            total_due: there(row.decimal(SCALE)?)?,
        });
        meter.look(|| of_orders.bytes())
    });
    if let Some(needed) = exceeded(read.await)? {
        return Ok(Read::TooLarge(needed, versions));
    }
    let of_orders = tokio::task::spawn_blocking(|| of_orders.build());
    let mut of_lines = of_orders.await.map_err(lost)??;
    of_lines.reserve(lines);
    let read = copy.rows(LINES, |mut row| {
        of_lines.push(&LineRow {
            order: there(row.number()?).and_then(narrow)?,
            product: there(row.number()?)?,
            offer: there(row.number()?)?,
            quantity: there(row.number()?)?,
            unit_price: there(row.decimal(Value::UnitPrice.scale())?)?,
            discount: there(row.decimal(SCALE)?)?,
            line_total: there(row.decimal(Value::LineTotal.scale())?)?,
        })?;
        meter.look(|| of_lines.bytes())
    });
    if let Some(needed) = exceeded(read.await)? {
        return Ok(Read::TooLarge(needed, versions));
    }
    let mut customers = HashMap::new();
    let read = copy.rows(CUSTOMERS, |mut row| {
        let id = there(row.number()?)?;
        customers.insert(id, CustomerRow { person: row.number()?, store: row.number()? });
        Ok(())
    });
    read.await?;
    let mut products = HashMap::new();
    let read = copy.rows(PRODUCTS, |mut row| {
        let id = there(row.number()?)?;
        let days = row.number()?;
        let (line, class, color) = (row.text()?, row.text()?, row.text()?);
        products.insert(id, ProductRow { days, line, class, color });
        Ok(())
    });
    read.await?;
    copy.end().await;
    let built = tokio::task::spawn_blocking(move || of_lines.build(&customers, &products));
    let sales = built.await.map_err(lost)??;
    let bytes = sales.bytes();
    Ok(if bytes > most {
        Read::TooLarge(bytes, versions)
    } else {
        Read::Done(Box::new(sales), versions)
    })
}

/// Looks at the memory from time to time.
struct Meter {
    most: usize,
    rows: usize,
    /// Of so many.
    of: usize,
}

/// More memory would be needed than there is: about so much.
#[derive(Debug, thiserror::Error)]
#[error("the columns need {0} bytes")]
struct Exceeded(usize);

impl Meter {
    fn look(&mut self, bytes: impl Fn() -> usize) -> Result<()> {
        self.rows += 1;
        if !self.rows.is_multiple_of(MEASURED) {
            return Ok(());
        }
        let bytes = bytes();
        if bytes <= self.most {
            return Ok(());
        }
        let needed = bytes / self.rows * self.of;
        Err(Error::internal("more memory is needed").with_source(Exceeded(needed.max(bytes))))
    }
}

/// How much memory would be needed, if that is why there are no rows.
fn exceeded(read: Result<()>) -> Result<Option<usize>> {
    let Err(error) = read else { return Ok(None) };
    match std::error::Error::source(&error).and_then(|source| source.downcast_ref::<Exceeded>()) {
        Some(Exceeded(needed)) => Ok(Some(*needed)),
        None => Err(error),
    }
}

/// A value of a column that has one in every row.
fn there(value: Option<i64>) -> Result<i64> {
    value.ok_or_else(|| Error::internal("a value is missing"))
}

fn narrow(key: i64) -> Result<i32> {
    i32::try_from(key).map_err(|_| Error::internal("a key is wider than keys are"))
}

/// A moment of which the day is one that every reader of dates knows.
fn dated(moment: i64) -> Result<i64> {
    let year = DateTime::from_timestamp_micros(moment).map(|moment| moment.year());
    let is_known = year.is_some_and(|year| (1..=9_999).contains(&year));
    if is_known { Ok(moment) } else { Err(Error::internal("an order has no usual date")) }
}

fn lost(error: tokio::task::JoinError) -> Error {
    Error::internal("the columns could not be put together").with_source(error)
}
