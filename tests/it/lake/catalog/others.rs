//! What other programs do to the tables.

use std::time::Duration;

use salesgraph::config::{CatalogAccess, CatalogConfig};
use salesgraph::lake::curated::{Committed, CuratedOptions};
use salesgraph::load::Outcome;
use serde_json::json;

use super::loads::{MAY, change, filled, snapshots};
use super::writers::commit;
use crate::support::lake::{USUAL, prepare, running};

#[tokio::test]
async fn a_table_that_is_partitioned_in_another_way_is_an_error() {
    let for_what = "a table that is partitioned in another way";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    reader.ask("repartition", &[json!("sales")]).await;
    change(&lake, MAY).await;
    let curated = lake.curated(USUAL).await;
    let summary = lake.try_load(curated).await;
    assert_eq!(summary.outcome, Outcome::Failed);
    let message = &summary.first_error().expect("an error").message;
    assert!(message.contains("partitioned the table sales"), "{message}");
    assert_eq!(snapshots(&mut reader, "sales").await, 1);
    reader.ask("drop", &[json!("sales")]).await;
    lake.load().await;
    reader.compare().await;
}

#[tokio::test]
async fn a_table_that_is_partitioned_meanwhile_is_a_conflict() {
    let for_what = "a table that is partitioned meanwhile";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    let prepared = prepare(&lake.app, &lake.curated(USUAL).await, run).await.expect("a change");
    reader.ask("repartition", &[json!("sales")]).await;
    assert_eq!(commit(&lake, &prepared, true).await, Committed::Conflict);
    assert_eq!(snapshots(&mut reader, "sales").await, 1);
}

#[tokio::test]
async fn a_snapshot_that_is_named_meanwhile_stays() {
    let for_what = "a snapshot that is named meanwhile";
    let Some((lake, mut reader)) = filled(for_what).await else { return };
    let first = reader.ask("current", &[json!("sales")]).await;
    change(&lake, MAY).await;
    lake.load().await;
    let run = running(&lake.app).await;
    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    let curated = lake.curated(short).await;
    let prepared = prepare(&lake.app, &curated, run).await.expect("snapshots expire");
    reader.ask("tag", &[json!("sales"), first.clone()]).await;
    assert_eq!(commit(&lake, &prepared, true).await, Committed::Conflict);
    prepared.give_up(&lake.app.pool).await.expect("it is given up");
    let again = prepare(&lake.app, &curated, run).await.expect("others expire");
    assert_eq!(commit(&lake, &again, true).await, Committed::Yes);
    assert_eq!(reader.ask("tags", &[json!("sales")]).await, json!({"kept": first}));
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    assert_eq!(snapshots(&mut reader, "sales_order_line").await, 1);
    // It removes what was left.
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

/// S3 Tables, told by the name that requests are signed for: its service removes snapshots.
#[tokio::test]
async fn of_managed_tables_nothing_is_removed() {
    let Some((lake, mut reader)) = filled("managed tables").await else { return };
    let access = CatalogAccess::Signed { name: "s3tables".to_owned(), region: None };
    let config = CatalogConfig { access, ..lake.config() };
    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    for _ in 0..2 {
        change(&lake, MAY).await;
        lake.load_with(lake.curated_of(short, &config).await).await;
    }
    assert_eq!(snapshots(&mut reader, "sales").await, 3);
    lake.assert_whole(&mut reader).await;
}
