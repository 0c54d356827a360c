//! A catalogue that is down, slow or refuses, and answers that are lost.

use std::time::Duration;

use salesgraph::config::{CatalogAccess, CatalogConfig, Secret};
use salesgraph::lake::curated::{Committed, CuratedOptions};
use salesgraph::load::Outcome;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::loads::{MAY, assert_may, change, files, filled, filled_through, is_commit, snapshots};
use super::writers::commit;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::lake::{USUAL, prepare, running};
use crate::support::lossy_proxy::{Loss, LossyProxy};

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_done_once() {
    let lose = move |line: &str, losses| match is_commit(line) && losses < 2 {
        true => Loss::Answer,
        false => Loss::Nothing,
    };
    let filled = filled_through("lost answers of a catalogue", lose).await;
    let Some((lake, mut reader, proxy)) = filled else { return };
    let before = files(&mut reader, "sales").await;
    change(&lake, MAY).await;
    let summary = lake.load().await;
    assert_eq!(proxy.losses(), 2, "both tables");
    assert!(summary.steps.iter().any(|step| step.step == "lake"));
    for table in ["sales", "sales_order_line"] {
        assert_eq!(snapshots(&mut reader, table).await, 2, "{table}: all of it, then a month");
    }
    assert_may(&before, &files(&mut reader, "sales").await);
    lake.assert_whole(&mut reader).await;
}

/// The server commits several tables at once, and does not list that it can.
#[tokio::test]
async fn several_tables_are_committed_at_once_where_that_is_listed() {
    let is_together = |line: &str| line.starts_with("POST") && line.contains("/transactions/");
    let lose = move |line: &str, losses| match is_together(line) && losses < 1 {
        true => Loss::Answer,
        false => Loss::Nothing,
    };
    let list = |line: &str, _| match line.contains("/v1/config") {
        true => Loss::Transactions,
        false => Loss::Nothing,
    };
    let for_what = "commits of several tables";
    let Some((mut lake, mut reader, listing)) = filled_through(for_what, list).await else {
        return;
    };
    let losing = LossyProxy::start(&listing.endpoint(), lose).await;
    losing.pause();
    lake.endpoint = losing.endpoint();
    // Of another URI, all of it is written anew.
    lake.load().await;
    for (number, is_lost) in [(3, false), (4, true)] {
        if is_lost {
            losing.resume();
        }
        let before = files(&mut reader, "sales").await;
        change(&lake, MAY).await;
        lake.load().await;
        for table in ["sales", "sales_order_line"] {
            assert_eq!(snapshots(&mut reader, table).await, number, "{table}");
        }
        assert_may(&before, &files(&mut reader, "sales").await);
        lake.assert_whole(&mut reader).await;
    }
    assert_eq!(losing.losses(), 1, "the tables were committed one by one");
}

/// The first of several tables only lets snapshots expire, which others may do as well.
#[tokio::test]
async fn several_tables_are_done_if_all_of_them_are() {
    let list = |line: &str, _| match line.contains("/v1/config") {
        true => Loss::Transactions,
        false => Loss::Nothing,
    };
    let for_what = "commits that several tables refuse";
    let Some((lake, mut reader, _listing)) = filled_through(for_what, list).await else { return };
    let first = reader.ask("current", &[json!("store")]).await;
    change(&lake, "UPDATE store SET name = name || ' Lda'").await;
    lake.load().await;
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    let short = CuratedOptions { snapshot_keep: Duration::from_millis(1), ..USUAL };
    let prepared = prepare(&lake.app, &lake.curated(short).await, run).await.expect("a change");
    reader.ask("expire", &[json!("store"), first]).await;
    let filter = json!("order_date < '2011-07-01T00:00:00'");
    reader.ask("delete_some", &[json!("sales"), filter]).await;
    assert_eq!(commit(&lake, &prepared, true).await, Committed::Conflict);
    prepared.give_up(&lake.app.pool).await.expect("it is given up");
    let again = prepare(&lake.app, &lake.curated(short).await, run).await.expect("the change");
    assert_eq!(commit(&lake, &again, true).await, Committed::Yes);
    change(&lake, "UPDATE sales_order_line SET rowguid = gen_random_uuid()").await;
    lake.load().await;
    reader.compare().await;
}

/// Whoever wants it to end does not wait for all tries.
#[tokio::test]
async fn a_commit_ends_early() {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let lose = move |line: &str, _| match is_commit(line) {
        true => {
            stopping.cancel();
            Loss::Request
        }
        false => Loss::Nothing,
    };
    let for_what = "a commit that is to end";
    let Some((lake, mut reader, proxy)) = filled_through(for_what, lose).await else { return };
    change(&lake, MAY).await;
    let run = running(&lake.app).await;
    let curated = lake.curated(USUAL).await;
    let prepared = curated.prepare(&lake.app.pool, run, &stop).await.expect("it is prepared");
    let prepared = prepared.expect("a change");
    let mut transaction = lake.app.pool.begin().await.expect("a transaction");
    let ended = salesgraph::error::Error::from(
        prepared.commit(&mut transaction).await.expect_err("it ends"),
    );
    assert!(ended.message().contains("interrupted"), "{ended:?}");
    transaction.rollback().await.expect("it is rolled back");
    assert_eq!(proxy.losses(), 1, "it was tried again");
    proxy.pause();
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn lost_answers_of_new_tables_make_no_second_table() {
    let for_what = "lost answers of new tables";
    let Some(lake) = crate::support::seaweed::RestLake::start(for_what).await else { return };
    crate::support::sample::clean().put(&lake.app, &crate::support::sample::ALL).await;
    let is_creation = |line: &str| {
        line.starts_with("POST") && (line.contains("/tables ") || line.contains("/namespaces "))
    };
    let lose = move |line: &str, losses| match is_creation(line) && losses < 4 {
        true => Loss::Answer,
        false => Loss::Nothing,
    };
    let proxy = LossyProxy::start(&lake.endpoint, lose).await;
    let config = CatalogConfig { uri: proxy.endpoint(), ..lake.config() };
    lake.load_with(lake.curated_of(USUAL, &config).await).await;
    assert_eq!(proxy.losses(), 4);
    lake.assert_whole(&mut lake.reader()).await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_anew() {
    let spoil = move |line: &str, losses| match is_commit(line) && losses < 1 {
        true => Loss::Token,
        false => Loss::Nothing,
    };
    let filled = filled_through("tokens of a catalogue", spoil).await;
    let Some((lake, mut reader, proxy)) = filled else { return };
    change(&lake, MAY).await;
    lake.load().await;
    assert_eq!(proxy.losses(), 1);
    assert_eq!(snapshots(&mut reader, "sales").await, 2);
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn a_catalogue_that_does_not_answer_is_named() {
    let Some((lake, mut reader)) = filled("a catalogue that is down").await else { return };
    change(&lake, MAY).await;
    let known = reader.ask("summaries", &[]).await;
    let refusing = FaultProxy::start(&lake.endpoint, |_| Fault::Refuse).await;
    let slow = CutProxy::start(&lake.endpoint, |_| Fate::Stall(0)).await;
    let none = CatalogConfig { uri: "http://127.0.0.1:1".to_owned(), ..lake.config() };
    let wrong = CatalogConfig { uri: format!("{}/nowhere", lake.endpoint), ..lake.config() };
    let stranger = CatalogAccess::Client {
        id: "admin".to_owned(),
        secret: Secret::new("wrong-and-secret"),
        server: None,
        scope: "catalog".to_owned(),
    };
    let stranger = CatalogConfig { access: stranger, ..lake.config() };
    let token = CatalogAccess::Token(Secret::new("wrong-and-secret"));
    let token = CatalogConfig { access: token, ..lake.config() };
    let open = CatalogConfig { access: CatalogAccess::Open, ..lake.config() };
    let timeout = Duration::from_millis(300);
    for (config, says) in [
        (CatalogConfig { uri: refusing.endpoint(), ..lake.config() }, refusing.endpoint()),
        (CatalogConfig { uri: slow.endpoint(), timeout, ..lake.config() }, slow.endpoint()),
        (none, "http://127.0.0.1:1".to_owned()),
        (wrong, "/nowhere".to_owned()),
        (stranger, "LAKE_CATALOG_CREDENTIAL".to_owned()),
        (token, "LAKE_CATALOG_TOKEN".to_owned()),
        (open, "the right to do so".to_owned()),
    ] {
        let summary = lake.try_load(lake.curated_of(USUAL, &config).await).await;
        assert_eq!(summary.outcome, Outcome::Failed, "{says}");
        let message = &summary.first_error().expect("an error").message;
        assert!(message.contains(&says), "'{says}' is not in: {message}");
        assert!(!message.contains("wrong-and-secret"), "{message}");
        assert_eq!(reader.ask("summaries", &[]).await, known, "the lake has changed");
    }
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}
