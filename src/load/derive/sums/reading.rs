//! Orders with their lines, read by several connections that see one moment. Each takes the next
//! orders by key and then reads their lines, so that an order is wholly with one of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex as StdMutex, PoisonError};

use futures_util::future::join_all;
use tokio::sync::Mutex;

use super::groups::{Both, Groups, Key, LINE_TOTAL_SCALE, Line, MONEY_SCALE, Sums, Taken};
use super::limits::SumLimits;
use super::writing::Writer;
use crate::db::copy_out::{CopiedRow, CopyOut};
use crate::error::Result;
use crate::load::failure::Failure;
use crate::load::run::session::Session;

/// Rows are read in the order of keys, which other plans would sort them for. After a first load
/// Postgres may not know yet how many rows there are.
const SETTINGS: &str =
    "SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";

const MICROS_OF_DAY: i64 = 86_400_000_000;

/// Why there are no sums.
#[derive(Debug)]
pub(super) enum Unread {
    /// A value is not held here, such as infinity or one of too many digits.
    NotHeld,
    /// The failure of a statement, or the stop.
    Failed(Failure),
}

impl From<sqlx::Error> for Unread {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Failure> for Unread {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What the connections share.
pub(super) struct Reading<'a> {
    session: &'a Session,
    limits: SumLimits,
    /// The condition of orders beside their keys.
    condition: String,
    /// The last key that was taken; `None` when all are.
    taken: Mutex<Option<i64>>,
    groups: StdMutex<Both<Groups>>,
    writer: Mutex<Writer<'a>>,
    /// One of the connections has failed, so that the others need not go on.
    is_over: AtomicBool,
}

/// What is summed up of an order.
#[derive(Debug, Clone, Copy)]
struct Order {
    id: i64,
    day: i32,
    total: i64,
}

/// Where a connection is among its orders.
#[derive(Debug)]
struct At<'o> {
    /// The order that lines come of, and those after it.
    orders: &'o [Order],
    /// The products that it has been counted for, sorted.
    products: Vec<i32>,
    /// What its lines come to so far.
    sums: Sums,
}

impl<'a> Reading<'a> {
    /// Reads orders from a day on, given in days since 2000-01-01.
    pub(super) fn new(session: &'a Session, since: Option<i64>, writer: Writer<'a>) -> Self {
        let limits = session.sums;
        let condition = since.map(|day| format!(" AND order_date >= date '2000-01-01' + {day}"));
        let groups = || Groups::new(limits.groups);
        Self {
            session,
            limits,
            condition: condition.unwrap_or_default(),
            taken: Mutex::new(Some(i64::from(i32::MIN) - 1)),
            groups: StdMutex::new(Both { by_product: groups(), by_day: groups() }),
            writer: Mutex::new(writer),
            is_over: AtomicBool::new(false),
        }
    }

    /// Reads all of them; gives the sums that were not written yet.
    pub(super) async fn read(
        self,
        connections: Vec<CopyOut>,
    ) -> Result<(Both<Groups>, Writer<'a>), Unread> {
        let readers = connections.into_iter().map(|connection| async {
            let read = self.read_over(connection).await;
            if read.is_err() {
                self.is_over.store(true, Ordering::Relaxed);
            }
            read
        });
        // None is dropped while it writes: what it writes over is used afterwards.
        join_all(readers).await.into_iter().collect::<Result<(), Unread>>()?;
        let groups = self.groups.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((groups, self.writer.into_inner()))
    }

    async fn read_over(&self, mut connection: CopyOut) -> Result<(), Unread> {
        connection.set(SETTINGS).await?;
        let mut orders = Vec::new();
        loop {
            self.session.check_stop()?;
            self.take_orders(&mut connection, &mut orders).await?;
            let is_last = orders.is_empty() || self.is_over.load(Ordering::Relaxed);
            if is_last {
                break;
            }
            self.read_lines(&mut connection, &orders).await?;
        }
        connection.end().await;
        Ok(())
    }

    /// The next orders; none after the last.
    async fn take_orders(
        &self,
        connection: &mut CopyOut,
        orders: &mut Vec<Order>,
    ) -> Result<(), Unread> {
        orders.clear();
        let mut taken = self.taken.lock().await;
        let Some(after) = *taken else { return Ok(()) };
        let (condition, most) = (&self.condition, self.limits.orders_at_once.max(1));
        let query = format!(
            "SELECT sales_order_id, order_date, total_due FROM sales_order \
             WHERE sales_order_id > {after}{condition} ORDER BY sales_order_id LIMIT {most}"
        );
        let mut copied = connection.copy(&query).await?;
        let mut push = |row: CopiedRow<'_>| {
            orders.push(Order::read(row)?);
            Ok::<_, Unread>(())
        };
        while copied.next(&mut push).await? {}
        *taken = orders.last().map(|order| order.id);
        Ok(())
    }

    async fn read_lines(&self, connection: &mut CopyOut, orders: &[Order]) -> Result<(), Unread> {
        let (Some(first), Some(last)) = (orders.first(), orders.last()) else { return Ok(()) };
        let query = format!(
            "SELECT sales_order_id, product_id, order_quantity, unit_price, line_total \
             FROM sales_order_line WHERE sales_order_id BETWEEN {} AND {} ORDER BY sales_order_id",
            first.id, last.id
        );
        let mut copied = connection.copy(&query).await?;
        let mut at = At { orders, products: Vec::new(), sums: Sums::NONE };
        let mut full = None;
        while copied.next(&mut |row| self.add(row, &mut at, &mut full)).await? {
            if let Some(taken) = full.take() {
                self.writer.lock().await.write(taken).await?;
            }
        }
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).end_order(&mut at);
        Ok(())
    }

    /// Adds a line to the sums; `full` are those that have to be written first.
    fn add(
        &self,
        row: CopiedRow<'_>,
        at: &mut At<'_>,
        full: &mut Option<Both<Option<Taken>>>,
    ) -> Result<(), Unread> {
        let (of, line) = read_line(row)?;
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        // An order may lack lines, and a line an order that is read.
        while at.orders.first().is_some_and(|order| order.id < of) {
            groups.end_order(at);
            at.orders = at.orders.get(1..).unwrap_or_default();
        }
        let Some(order) = at.orders.first().filter(|order| order.id == of) else { return Ok(()) };
        let of_product = groups.by_product.of(Key { day: order.day, product: Some(line.product) });
        of_product.add_line(&line);
        if let Err(place) = at.products.binary_search(&line.product) {
            at.products.insert(place, line.product);
            of_product.add_order(order.total);
        }
        at.sums.add_line(&line);
        let taken = Both {
            by_product: groups.by_product.take_if_full(),
            by_day: groups.by_day.take_if_full(),
        };
        if taken.by_product.is_some() || taken.by_day.is_some() {
            *full = Some(taken);
        }
        Ok(())
    }
}

impl Both<Groups> {
    /// Adds the order to its day, if it has lines.
    fn end_order(&mut self, at: &mut At<'_>) {
        let Some(order) = at.orders.first().filter(|_| !at.products.is_empty()) else { return };
        at.sums.add_order(order.total);
        self.by_day.of(Key { day: order.day, product: None }).add_all(&at.sums);
        at.products.clear();
        at.sums = Sums::NONE;
    }
}

impl Order {
    fn read(mut row: CopiedRow<'_>) -> Result<Self, Unread> {
        let id = held(row.number())?;
        // Since 2000-01-01. The greatest and the least stand for infinity.
        let moment = held(row.number())?;
        if matches!(moment, i64::MIN | i64::MAX) {
            return Err(Unread::NotHeld);
        }
        let day = i32::try_from(moment.div_euclid(MICROS_OF_DAY)).map_err(|_| Unread::NotHeld)?;
        Ok(Self { id, day, total: held(row.decimal(MONEY_SCALE))? })
    }
}

/// A line and the key of its order.
fn read_line(mut row: CopiedRow<'_>) -> Result<(i64, Line), Unread> {
    let order = held(row.number())?;
    let product = i32::try_from(held(row.number())?).map_err(|_| Unread::NotHeld)?;
    let line = Line {
        product,
        quantity: held(row.number())?,
        unit_price: held(row.decimal(MONEY_SCALE))?,
        line_total: held(row.decimal(LINE_TOTAL_SCALE))?,
    };
    Ok((order, line))
}

fn held(value: Result<Option<i64>>) -> Result<i64, Unread> {
    value.ok().flatten().ok_or(Unread::NotHeld)
}
