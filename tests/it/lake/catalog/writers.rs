//! Several writers, and ends between the commit of the catalogue and that of Postgres.

use salesgraph::lake::curated::{Committed, Prepared};
use serde_json::json;

use super::loads::{MAY, change, filled, snapshots};
use crate::support::lake::{USUAL, running};
use crate::support::seaweed::RestLake;

pub(super) async fn prepare(lake: &RestLake, run: uuid::Uuid) -> Option<Prepared> {
    crate::support::lake::prepare(&lake.app, &lake.curated(USUAL).await, run).await
}

/// Commits to both, or to the catalogue alone.
pub(super) async fn commit(lake: &RestLake, prepared: &Prepared, is_whole: bool) -> Committed {
    let mut transaction = lake.app.pool.begin().await.expect("a transaction");
    let committed = prepared.commit(&mut transaction).await.expect("it is decided");
    if committed == Committed::Yes && is_whole {
        transaction.commit().await.expect("it is committed");
    } else {
        transaction.rollback().await.expect("it is rolled back");
    }
    committed
}

/// Commits a change to the catalogue, and ends before Postgres knows; tells the run, and what
/// was written.
pub(super) async fn half_committed(lake: &RestLake, sql: &str) -> (uuid::Uuid, Prepared) {
    change(lake, sql).await;
    let run = running(&lake.app).await;
    let prepared = prepare(lake, run).await.expect("a change");
    assert_eq!(commit(lake, &prepared, false).await, Committed::Yes);
    prepared.give_up(&lake.app.pool).await.expect("it is given up");
    (run, prepared)
}

pub(super) const LINES: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 1, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6) \
     WHERE sales_order_detail_id % 17 = 0";

#[tokio::test]
async fn of_two_writers_one_wins_and_the_other_begins_anew() {
    let Some((lake, mut reader)) = filled("two writers of a REST catalogue").await else { return };
    change(&lake, LINES).await;
    let run = running(&lake.app).await;
    let first = prepare(&lake, run).await.expect("a change");
    let second = prepare(&lake, run).await.expect("a change");
    // More changes than both have seen.
    change(&lake, LINES).await;
    assert_eq!(commit(&lake, &first, true).await, Committed::Yes);
    assert_eq!(commit(&lake, &second, true).await, Committed::Conflict);
    second.give_up(&lake.app.pool).await.expect("it is given up");
    let again = prepare(&lake, run).await.expect("the second change");
    assert_eq!(commit(&lake, &again, true).await, Committed::Yes);
    assert!(prepare(&lake, run).await.is_none(), "nothing is left to write");
    assert_eq!(snapshots(&mut reader, "sales").await, 3);
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn what_the_catalogue_has_and_postgres_does_not_know_is_found() {
    let for_what = "an end between two commits";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    let (run, prepared) = half_committed(&lake, LINES).await;
    let behind: i64 = lake.app.value("SELECT count(*) FROM lake_behind").await;
    assert_eq!(behind, 2, "Postgres does not know of it");
    let written = reader.ask("current", &[json!("sales")]).await;

    assert!(prepare(&lake, run).await.is_none(), "it is there already");
    assert_eq!(reader.ask("current", &[json!("sales")]).await, written, "it was written twice");
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    lake.assert_whole(&mut reader).await;
    let left: i64 = lake
        .app
        .value("SELECT (SELECT count(*) FROM lake_due) + (SELECT count(*) FROM lake_behind)")
        .await;
    assert_eq!(left, 0);
    let known: i64 = lake.app.value("SELECT count(*) FROM lake_snapshot").await;
    assert_eq!(known, 13);
    let step: i64 = lake
        .app
        .value(
            "SELECT rows_written FROM load_step JOIN load_run ON load_run.id = run_id \
             WHERE step = 'lake' AND state = 'running'",
        )
        .await;
    assert_eq!(step, prepared.rows_written(), "the ledger does not have the step");
    // More changes than it had seen.
    change(&lake, MAY).await;
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn a_conflict_in_one_table_leaves_the_others_done() {
    let for_what = "a conflict in one of several tables";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    let prepared = prepare(&lake, run).await.expect("a change");
    // Of another program, in the last table that is committed.
    let filter = json!("order_date < '2011-07-01T00:00:00'");
    reader.ask("delete_some", &[json!("sales"), filter]).await;
    assert_eq!(commit(&lake, &prepared, true).await, Committed::Conflict);
    prepared.give_up(&lake.app.pool).await.expect("it is given up");
    let lines = snapshots(&mut reader, "sales_order_line").await;
    assert_eq!(lines, 2, "it comes before the other");

    let again = prepare(&lake, run).await.expect("one table");
    assert_eq!(commit(&lake, &again, true).await, Committed::Yes);
    assert_eq!(snapshots(&mut reader, "sales_order_line").await, 2, "it was written twice");
    assert!(prepare(&lake, run).await.is_none(), "nothing is left to write");
    // Rows that the other program has deleted come back with their partition.
    change(&lake, "UPDATE sales_order_line SET rowguid = gen_random_uuid()").await;
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn a_table_that_was_rolled_back_is_written_anew() {
    let for_what = "a catalogue that was rolled back";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    let first = reader.ask("current", &[json!("sales")]).await;
    change(&lake, MAY).await;
    lake.load().await;
    reader.ask("roll_back", &[json!("sales"), first]).await;
    lake.load().await;
    lake.assert_whole(&mut reader).await;
    assert_eq!(snapshots(&mut reader, "sales").await, 3);

    reader.ask("drop", &[json!("sales_order_line")]).await;
    lake.load().await;
    reader.compare().await;
    let current = reader.ask("locations", &[]).await;
    lake.load().await;
    assert_eq!(reader.ask("locations", &[]).await, current, "nothing is left to write");
}

#[tokio::test]
async fn properties_of_others_are_kept() {
    let Some((lake, mut reader)) = filled("properties in a REST catalogue").await else { return };
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    let prepared = prepare(&lake, run).await.expect("a change");
    reader.ask("set_property", &[json!("sales"), json!("ours")]).await;
    assert_eq!(commit(&lake, &prepared, true).await, Committed::Yes);
    assert_eq!(reader.ask("get_property", &[json!("sales")]).await, "ours");
    lake.assert_whole(&mut reader).await;
}
