//! Sums of many lines, made by the loader: Postgres reads them, over two connections at a time, and
//! takes most of its time for adding up decimals, which 128 bits do at once. Few lines are summed up
//! by Postgres, and so are all where a value is not held here.
//!
//! The connections see what one statement of the derivation's transaction sees. That statement
//! comes after the one that took the entries of `derivation_due`, and so sees all changes that
//! these stand for. What it sees beyond, or what is committed while lines are read, has entries
//! that the transaction has not taken: they make the next run derive these days again, and until
//! then everybody reads them from the lines.

mod groups;
pub(crate) mod limits;
mod reading;
mod writing;

use chrono::NaiveDate;
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};

use self::groups::Both;
use self::reading::{Reading, Unread};
use self::writing::Writer;
use crate::db::copy::EPOCH_DAYS_FROM_UNIX;
use crate::db::copy_out::CopyOut;
use crate::load::failure::LoadResult;
use crate::load::run::session::Session;

/// Connections that read at the same time.
const READERS: usize = 2;

/// $1: the first day; $2: how many are many.
const ARE_MANY: &str = "
SELECT count(*) = $2 FROM (SELECT FROM sales_order
    WHERE order_date >= coalesce($1::date, '-infinity') LIMIT $2) AS due";

/// Brings the sales by product and day, and by day, up to date from a day on; counts the rows that
/// were written. `None`, and nothing is done, if Postgres has to make the sums.
pub(super) async fn write(
    session: &Session,
    transaction: &mut Transaction<'_, Postgres>,
    since: Option<NaiveDate>,
) -> LoadResult<Option<i64>> {
    let many = session.sums.many_orders;
    let are_many = sqlx::query_scalar(ARE_MANY).bind(since).bind(many);
    if !are_many.fetch_one(&mut **transaction).await? {
        return Ok(None);
    }
    let snapshot: String =
        sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut **transaction).await?;
    let readers = connect(session, &snapshot).await;
    if readers.is_empty() {
        return Ok(None);
    }
    let mut inside = transaction.begin().await?;
    match Box::pin(read_and_write(session, &mut inside, since, readers)).await {
        Ok(rows_written) => {
            inside.commit().await?;
            Ok(Some(rows_written))
        }
        Err(Unread::NotHeld) => {
            tracing::debug!("a value is not held; Postgres makes the sums");
            inside.rollback().await?;
            Ok(None)
        }
        Err(Unread::Failed(failure)) => Err(failure),
    }
}

/// As many connections as there may be: Postgres may not permit more.
async fn connect(session: &Session, snapshot: &str) -> Vec<CopyOut> {
    let options = session.pool.connect_options();
    let mut readers = Vec::new();
    while readers.len() < READERS {
        match CopyOut::share(&options, snapshot).await {
            Ok(reader) => readers.push(reader),
            Err(error) => {
                tracing::debug!(%error, readers = readers.len(), "no more connections to read by");
                break;
            }
        }
    }
    readers
}

async fn read_and_write(
    session: &Session,
    connection: &mut PgConnection,
    since: Option<NaiveDate>,
    readers: Vec<CopyOut>,
) -> Result<i64, Unread> {
    let writer = Writer::begin(connection, since).await?;
    let first_day = since.map(|day| (day - NaiveDate::default()).num_days() - EPOCH_DAYS_FROM_UNIX);
    let (rest, mut writer) = Reading::new(session, first_day, writer).read(readers).await?;
    let rest = Both {
        by_product: Some(rest.by_product.take_rest()),
        by_day: Some(rest.by_day.take_rest()),
    };
    writer.write(rest).await?;
    Ok(writer.end().await?)
}
