//! Commits that are done late, and a Postgres that does not know what the catalogue has.

use salesgraph::embedded::postgres::Crash;
use salesgraph::lake::curated::{Committed, Curated, CuratedOptions};
use serde_json::json;
use sqlx::Executor as _;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use super::loads::{MAY, change, filled, filled_through, is_commit, snapshots};
use super::writers::{LINES, half_committed, prepare};
use crate::load::outage::own_postgres;
use crate::support::lake::{self, USUAL, running};
use crate::support::lossy_proxy::Loss;
use crate::support::sample::{self, ALL};
use crate::support::seaweed::RestLake;
use crate::support::write;

/// What an attempt committed that ended early is needed by later snapshots, whoever expires its own.
#[tokio::test]
async fn files_of_a_dead_attempt_stay_while_a_snapshot_needs_them() {
    let for_what = "a dead attempt whose snapshot expires";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    half_committed(&lake, LINES).await;
    let tables = ["sales", "sales_order_line"];
    let mut of_dead = Vec::new();
    for table in tables {
        of_dead.push(reader.ask("current", &[json!(table)]).await);
    }
    change(&lake, MAY).await;
    lake.load().await;
    for (table, snapshot) in tables.into_iter().zip(of_dead) {
        reader.ask("expire", &[json!(table), snapshot]).await;
    }
    let known: i64 = lake.app.value("SELECT count(*) FROM lake_attempt").await;
    assert_eq!(known, 1, "nobody looks for its files");
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

/// A backup of Postgres, or a replica, that lacks the last load.
#[tokio::test]
async fn snapshots_that_postgres_lacks_are_replaced() {
    let for_what = "a Postgres that was restored";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    let pool = &lake.app.pool;
    pool.execute("CREATE TABLE kept AS SELECT * FROM sales_order_line").await.expect("a backup");
    change(&lake, MAY).await;
    lake.load().await;
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    // A backup has the notes of its time: none.
    let restore = "UPDATE sales_order_line AS line SET order_quantity = kept.order_quantity, \
            line_total = kept.line_total FROM kept \
        WHERE kept.sales_order_detail_id = line.sales_order_detail_id; \
        DELETE FROM lake_snapshot WHERE run_id = ( \
            SELECT id FROM load_run ORDER BY started_at DESC LIMIT 1); \
        DELETE FROM lake_due";
    write(pool, restore).await;
    lake.load().await;
    lake.assert_whole(&mut reader).await;
    for table in ["sales", "sales_order_line"] {
        assert_eq!(snapshots(&mut reader, table).await, 3, "{table} was not written");
    }
    assert_eq!(snapshots(&mut reader, "product").await, 1);
    let current = reader.ask("locations", &[]).await;
    lake.load().await;
    assert_eq!(reader.ask("locations", &[]).await, current, "nothing is left to write");
}

/// A request that is done after the next run has looked what became of it.
#[tokio::test]
async fn a_commit_that_is_done_late_is_found() {
    let keep = |line: &str, _| match is_commit(line) {
        true => Loss::Request,
        false => Loss::Nothing,
    };
    let for_what = "a commit that is done late";
    let Some((lake, mut reader, proxy)) = filled_through(for_what, keep).await else { return };
    proxy.pause();
    change(&lake, MAY).await;
    lake.load().await;
    proxy.resume();
    // Only lets snapshots expire, so that nobody else moves the tables on.
    let short = CuratedOptions { snapshot_keep: std::time::Duration::from_millis(1), ..USUAL };
    let run = running(&lake.app).await;
    let lake_of = lake.curated(short).await;
    let prepared = lake::prepare(&lake.app, &lake_of, run).await.expect("snapshots expire");
    let mut transaction = lake.app.pool.begin().await.expect("a transaction");
    prepared.commit(&mut transaction).await.expect_err("no answer");
    transaction.rollback().await.expect("it is rolled back");
    prepared.give_up(&lake.app.pool).await.expect("it is given up");
    proxy.pause();
    lake.load().await;
    let done = proxy.send_kept().await;
    assert!(done.first().is_some_and(|line| line.contains("200")), "{done:?}");
    let is_done = snapshots(&mut reader, "sales_order_line").await == 1
        || snapshots(&mut reader, "sales").await == 1;
    assert!(is_done, "none has expired");
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

/// The rows of a late commit are gone, and no note is left of them.
#[tokio::test]
async fn rows_of_a_late_commit_are_replaced() {
    let keep = |line: &str, _| match is_commit(line) && line.contains("/sales_order ") {
        true => Loss::Request,
        false => Loss::Nothing,
    };
    let for_what = "rows of a commit that is done late";
    let Some((lake, mut reader, proxy)) = filled_through(for_what, keep).await else { return };
    let order = "INSERT INTO sales_order SELECT (jsonb_populate_record(known, \
        '{\"sales_order_id\": 9999999, \"order_date\": \"2031-01-05T00:00:00\", \
          \"due_date\": \"2031-02-05T00:00:00\", \"ship_date\": null}')).* \
        FROM sales_order AS known LIMIT 1";
    change(&lake, order).await;
    let run = running(&lake.app).await;
    let late = prepare(&lake, run).await.expect("an order");
    let mut transaction = lake.app.pool.begin().await.expect("a transaction");
    late.commit(&mut transaction).await.expect_err("no answer");
    transaction.rollback().await.expect("it is rolled back");
    late.give_up(&lake.app.pool).await.expect("it is given up");
    change(&lake, "DELETE FROM sales_order WHERE sales_order_id = 9999999").await;
    proxy.pause();
    lake.load().await;
    let left: i64 = lake.app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(left, 0, "the lake is what it was");
    let done = proxy.send_kept().await;
    assert!(done.first().is_some_and(|line| line.contains("200")), "{done:?}");
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

/// Postgres ends at once after the catalogue has committed, before it would flush its log.
#[tokio::test]
async fn what_the_catalogue_was_told_outlives_a_crash_of_postgres() {
    let for_what = "a crash of Postgres between two commits";
    let (mut postgres, app) = own_postgres().await;
    let Some(lake) = RestLake::start_of(for_what, async { app }).await else { return };
    sample::clean().put(&lake.app, &ALL).await;
    lake.load().await;
    let mut reader = lake.reader();
    change(&lake, "ALTER SYSTEM SET wal_writer_delay = '10s'").await;
    change(&lake, "SELECT pg_reload_conf()").await;
    lake.app.wait_until("SELECT current_setting('wal_writer_delay') = '10s'").await;
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    // As connections of a load are.
    let lazy = lake.app.database().options([("synchronous_commit", "off")]);
    let pool = PgPoolOptions::new().connect_with(lazy).await.expect("a pool");
    let curated = lake.curated(USUAL).await;
    let prepared = curated.prepare(&pool, run, &CancellationToken::new()).await;
    let prepared = prepared.expect("it is prepared").expect("a change");
    let mut transaction = pool.begin().await.expect("a transaction");
    let committed = prepared.commit(&mut transaction).await.expect("it is decided");
    assert_eq!(committed, Committed::Yes);
    postgres.crash(Crash::Immediate).await.expect("Postgres ends");
    postgres.start_again().await.expect("Postgres comes back");
    drop(transaction);
    let written = reader.ask("current", &[json!("sales")]).await;
    lake.load().await;
    assert_eq!(reader.ask("current", &[json!("sales")]).await, written, "it was written twice");
    lake.assert_whole(&mut reader).await;
    postgres.stop().await.expect("Postgres stops");
}

/// Two catalogues have their tables at the same place: what an attempt has told the former is
/// not of the other one.
#[tokio::test]
async fn files_of_a_former_catalogue_stay() {
    let for_what = "two catalogues at one place";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    half_committed(&lake, MAY).await;
    let before = reader.reachable().await;
    let config =
        salesgraph::config::CatalogConfig { namespace: "other".to_owned(), ..lake.config() };
    let other: Curated = lake.curated_of(USUAL, &config).await;
    lake.load_with(other).await;
    let objects = lake.objects().await;
    let gone: Vec<&String> =
        before.iter().filter(|uri| !uri.ends_with(".json") && !objects.contains(*uri)).collect();
    assert!(gone.is_empty(), "{gone:?}");
    // What was told the former is still to be found out there.
    let told: i64 = lake
        .app
        .value("SELECT count(*) FROM lake_attempt WHERE intent IS NOT NULL AND settled_at IS NULL")
        .await;
    assert_eq!(told, 1);
    reader.compare().await;
}
