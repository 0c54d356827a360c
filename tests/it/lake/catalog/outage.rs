//! A catalogue that is busy, and S3 that does not do what it should.

use salesgraph::lake::curated::Curated;
use salesgraph::load::Outcome;
use salesgraph::storage::S3Settings;

use super::loads::{MAY, change, filled, filled_through, is_commit, snapshots};
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::lake::USUAL;
use crate::support::lossy_proxy::Loss;

#[tokio::test]
async fn a_catalogue_that_is_busy_is_asked_again() {
    let busy = |line: &str, losses: usize| match (line.starts_with("GET"), losses) {
        (true, 0) => Loss::Status(500),
        (true, 1) => Loss::Status(429),
        (false, 2) if is_commit(line) => Loss::Status(429),
        (false, 3) if is_commit(line) => Loss::Status(503),
        (false, 4) if is_commit(line) => Loss::Status(500),
        _ => Loss::Nothing,
    };
    let filled = filled_through("a catalogue that is busy", busy).await;
    let Some((lake, mut reader, proxy)) = filled else { return };
    change(&lake, MAY).await;
    lake.load().await;
    assert_eq!(proxy.losses(), 5);
    for table in ["sales", "sales_order_line"] {
        assert_eq!(snapshots(&mut reader, table).await, 2, "{table}");
    }
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn a_catalogue_that_stays_busy_is_named() {
    let busy = |line: &str, _| match is_commit(line) {
        true => Loss::Status(503),
        false => Loss::Nothing,
    };
    let for_what = "a catalogue that stays busy";
    let Some((lake, mut reader, proxy)) = filled_through(for_what, busy).await else { return };
    let known = reader.ask("summaries", &[]).await;
    change(&lake, MAY).await;
    let summary = lake.try_load(lake.curated(USUAL).await).await;
    assert_eq!(summary.outcome, Outcome::Failed);
    let message = &summary.first_error().expect("an error").message;
    assert!(message.contains("503") && message.contains(&proxy.endpoint()), "{message}");
    assert_eq!(reader.ask("summaries", &[]).await, known, "the lake has changed");
    proxy.pause();
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}

#[tokio::test]
async fn s3_that_fails_leaves_the_catalogue_as_it_was() {
    let Some((lake, mut reader)) = filled("S3 that fails beside a catalogue").await else { return };
    change(&lake, MAY).await;
    let endpoint = lake.s3.endpoint_url.clone().expect("an endpoint");
    let known = reader.ask("summaries", &[]).await;
    for cut in [0, 2_000] {
        let fault = move |_| if cut == 0 { Fault::Refuse } else { Fault::CutAfter(cut) };
        let proxy = FaultProxy::start(&endpoint, fault).await;
        let settings = S3Settings { endpoint_url: Some(proxy.endpoint()), ..lake.s3.clone() };
        let curated = Curated::connect(&lake.uri(), &settings, USUAL).await.expect("a lake");
        let curated = curated.with_catalog(&lake.config(), &settings).await.expect("a catalogue");
        let summary = lake.try_load(curated).await;
        assert_eq!(summary.outcome, Outcome::Failed, "after {cut} bytes");
        assert!(proxy.connections() > 0);
        assert_eq!(reader.ask("summaries", &[]).await, known, "the lake has changed");
    }
    lake.load().await;
    lake.assert_whole(&mut reader).await;
}
