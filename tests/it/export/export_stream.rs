//! How a file is read: slowly if it must be, and not at all once nobody wants it.

use std::time::Duration;

use futures_util::StreamExt as _;
use salesgraph::auth::Scope;
use salesgraph::error::Code;
use salesgraph::graphql::OpenOptions;
use salesgraph::report::{Encoded, Format};
use sqlx::{Executor as _, Postgres, Transaction};

use crate::support::export::{collect, encoding, request};
use crate::support::ledger::wait_until;
use crate::support::{Api, write};

/// A list of some million rows, each from a line.
const MANY: &str =
    "INSERT INTO product_inventory (product_id, location_id, shelf, bin, quantity, rowguid,
    modified_date, source_file_id, source_line)
    SELECT product_id, l, 'A', 1, 1, rowguid, modified_date, 1, l
    FROM product, generate_series(10, 15010) l";
const DOCUMENT: &str = "{ productInventories { nodes { productId locationId shelf quantity
    rowguid modifiedDate product { name productNumber listPrice } } } }";
const ROWS: u64 = 20 * 15_001 + 38;

/// The statement of the export, as Postgres shows it.
const IS_READ: &str = "SELECT FROM pg_stat_activity WHERE datname = current_database()
    AND state = 'active' AND query LIKE '%FROM product_inventory%' AND pid <> pg_backend_pid()";

async fn many() -> Api {
    let api = Api::start().await;
    write(&api.db.pool, MANY).await;
    api
}

async fn open(api: &Api, format: Format, options: OpenOptions) -> Encoded {
    let export = api.engine.export(&request(DOCUMENT), &Scope::everything()).await.unwrap();
    export.open(encoding(format), options).await.unwrap()
}

/// A file of which a part was taken. Parquet has none that soon: its statement waits for a lock.
async fn begin(api: &Api, format: Format) -> (Encoded, Option<Transaction<'static, Postgres>>) {
    let mut lock = None;
    if format == Format::Parquet {
        let mut transaction = api.db.pool.begin().await.unwrap();
        transaction.execute("LOCK TABLE product").await.unwrap();
        lock = Some(transaction);
    }
    let mut encoded = open(api, format, OpenOptions::default()).await;
    if lock.is_none() {
        encoded.chunks.next().await.unwrap().unwrap();
    }
    (encoded, lock)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_slowly_makes_postgres_wait_and_gets_every_row() {
    let api = many().await;
    let mut encoded = open(&api, Format::Csv, OpenOptions::default()).await;
    let first = encoded.chunks.next().await.unwrap().unwrap();
    // Nothing is taken: Postgres waits for the socket, which is what bounds the memory.
    let waits = format!("EXISTS ({IS_READ} AND wait_event = 'ClientWrite')");
    wait_until(&api.db.pool, &waits).await;
    let (bytes, rows) = collect(encoded).await.unwrap();
    let whole = [first.bytes.to_vec(), bytes].concat();
    assert_eq!(first.rows + rows, ROWS);
    let lines = whole.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(u64::try_from(lines).unwrap(), ROWS + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_file_cancels_its_statement_and_leaves_the_pool_clean() {
    let api = many().await;
    for format in [Format::Csv, Format::CsvGzip, Format::Parquet, Format::Ndjson] {
        let (encoded, _lock) = begin(&api, format).await;
        wait_until(&api.db.pool, &format!("EXISTS ({IS_READ})")).await;
        drop(encoded);
        wait_until(&api.db.pool, &format!("NOT EXISTS ({IS_READ})")).await;
    }
    // No connection of the pool is left in a transaction.
    let open = "SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%'";
    wait_until(&api.db.pool, &format!("NOT EXISTS ({open})")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_cut_is_an_error_and_never_a_shorter_file() {
    let api = many().await;
    for format in [Format::Csv, Format::CsvGzip, Format::Parquet, Format::Json] {
        let (encoded, _lock) = begin(&api, format).await;
        wait_until(&api.db.pool, &format!("EXISTS ({IS_READ})")).await;
        let killed: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state = 'active'
             AND datname = current_database() AND query LIKE '%FROM product_inventory%'
             AND pid <> pg_backend_pid()",
        )
        .fetch_one(&api.db.pool)
        .await
        .unwrap();
        assert_eq!(killed, 1, "{format:?}");
        let error = collect(encoded).await.expect_err("the file is not whole");
        assert_eq!(error.code(), Code::Unavailable, "{format:?}: {}", error.detail());
    }
}

#[tokio::test]
async fn a_statement_ends_at_its_limit_and_only_at_that() {
    let api = many().await;
    let mut lock = api.db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE product").await.unwrap();
    let limit = OpenOptions { time_limit: Some(Duration::from_secs(1)) };
    let error = collect(open(&api, Format::Csv, limit).await).await.expect_err("it waits for long");
    assert_eq!(error.code(), Code::Timeout, "{}", error.detail());
    lock.rollback().await.unwrap();
    let (_, rows) = collect(open(&api, Format::Csv, OpenOptions::default()).await).await.unwrap();
    assert_eq!(rows, ROWS);
}
