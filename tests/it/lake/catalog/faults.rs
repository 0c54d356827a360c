//! A catalogue that is down, slow or refuses, and answers that are lost.

use std::time::Duration;

use salesgraph::config::{CatalogAccess, CatalogConfig, Secret};
use salesgraph::load::Outcome;

use super::loads::{MAY, change, filled, snapshots};
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::lake::USUAL;
use crate::support::lossy_proxy::{Loss, LossyProxy};

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_done_once() {
    let Some((lake, mut reader)) = filled("lost answers of a catalogue").await else { return };
    change(&lake, MAY).await;
    let is_commit = |line: &str| line.starts_with("POST") && line.contains("/tables/");
    let lose = move |line: &str, losses| match is_commit(line) && losses < 2 {
        true => Loss::Answer,
        false => Loss::Nothing,
    };
    let proxy = LossyProxy::start(&lake.endpoint, lose).await;
    let config = CatalogConfig { uri: proxy.endpoint(), ..lake.config() };
    let summary = lake.load_with(lake.curated_of(USUAL, &config).await).await;
    assert_eq!(proxy.losses(), 2, "both tables");
    assert!(summary.steps.iter().any(|step| step.step == "lake"));
    for table in ["sales", "sales_order_line"] {
        assert_eq!(snapshots(&mut reader, table).await, 2, "{table}: all of it, then a month");
    }
    lake.assert_whole(&mut reader).await;
}

/// The server commits several tables at once, and does not list that it can.
#[tokio::test]
async fn several_tables_are_committed_at_once_where_that_is_listed() {
    let Some((lake, mut reader)) = filled("commits of several tables").await else { return };
    let list = |line: &str, _| match line.contains("/v1/config") {
        true => Loss::Transactions,
        false => Loss::Nothing,
    };
    let listing = LossyProxy::start(&lake.endpoint, list).await;
    let is_commit = |line: &str| line.starts_with("POST") && line.contains("/transactions/commit");
    let lose = move |line: &str, losses| match is_commit(line) && losses < 1 {
        true => Loss::Answer,
        false => Loss::Nothing,
    };
    let losing = LossyProxy::start(&listing.endpoint(), lose).await;
    for (number, endpoint) in [(2, listing.endpoint()), (3, losing.endpoint())] {
        change(&lake, MAY).await;
        let config = CatalogConfig { uri: endpoint, ..lake.config() };
        lake.load_with(lake.curated_of(USUAL, &config).await).await;
        for table in ["sales", "sales_order_line"] {
            assert_eq!(snapshots(&mut reader, table).await, number, "{table}");
        }
        lake.assert_whole(&mut reader).await;
    }
    assert_eq!(losing.losses(), 1, "the tables were committed one by one");
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
    let Some((lake, mut reader)) = filled("tokens of a catalogue").await else { return };
    change(&lake, MAY).await;
    let is_commit = |line: &str| line.starts_with("POST") && line.contains("/tables/");
    let spoil = move |line: &str, losses| match is_commit(line) && losses < 1 {
        true => Loss::Token,
        false => Loss::Nothing,
    };
    let proxy = LossyProxy::start(&lake.endpoint, spoil).await;
    let config = CatalogConfig { uri: proxy.endpoint(), ..lake.config() };
    lake.load_with(lake.curated_of(USUAL, &config).await).await;
    assert_eq!(proxy.losses(), 1);
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
