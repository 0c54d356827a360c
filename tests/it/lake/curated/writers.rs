//! Several writers, and S3 that does not do what it should.

use salesgraph::embedded::postgres::Crash;
use salesgraph::lake::curated::{Committed, Prepared};
use salesgraph::load::{Outcome, RunAs};
use salesgraph::storage::S3Settings;
use serde_json::json;

use salesgraph::lake::curated::Curated;

use crate::load::outage::own_postgres;
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::lake::{LakeReader, USUAL, prepare, running};
use crate::support::sample::{self, ALL};
use crate::support::{TestApp, write};

const CHANGE: &str = "UPDATE sales_order_line SET order_quantity = order_quantity + 1, \
     line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6) \
     WHERE sales_order_detail_id % 17 = 0";

async fn filled(for_what: &str) -> Option<(TestApp, LakeReader)> {
    let app = TestApp::start().await;
    let reader = app.lake_reader(for_what).await?;
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    Some((app, reader))
}

async fn commit(app: &TestApp, prepared: &Prepared) -> Committed {
    let mut transaction = app.pool.begin().await.expect("a transaction");
    let committed = prepared.commit(&mut transaction).await.expect("it is decided");
    if committed == Committed::Yes {
        transaction.commit().await.expect("it is committed");
    }
    committed
}

#[tokio::test]
async fn of_two_writers_one_wins_and_the_other_begins_anew() {
    let Some((app, mut reader)) = filled("two writers").await else { return };
    write(&app.pool, CHANGE).await;
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    let first = prepare(&app, &lake, run).await.expect("a change");
    let second = prepare(&app, &lake, run).await.expect("a change");
    // More changes than the first one has seen.
    write(&app.pool, CHANGE).await;
    assert_eq!(commit(&app, &first).await, Committed::Yes);
    assert_eq!(commit(&app, &second).await, Committed::Conflict);
    second.give_up(&app.pool).await.expect("it is given up");
    let again = prepare(&app, &lake, run).await.expect("the second change");
    assert_eq!(commit(&app, &again).await, Committed::Yes);
    assert!(prepare(&app, &lake, run).await.is_none(), "nothing is left to write");
    reader.compare().await;
    assert_eq!(app.lake_objects().await, reader.reachable().await);
}

#[tokio::test]
async fn a_change_by_another_program_is_kept() {
    let Some((app, mut reader)) = filled("a commit of PyIceberg in between").await else { return };
    write(&app.pool, CHANGE).await;
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    let prepared = prepare(&app, &lake, run).await.expect("a change");
    reader.ask("set_property", &[json!("sales"), json!("ours")]).await;
    assert_eq!(commit(&app, &prepared).await, Committed::Conflict);
    prepared.give_up(&app.pool).await.expect("it is given up");
    let again = prepare(&app, &lake, run).await.expect("the change");
    assert_eq!(commit(&app, &again).await, Committed::Yes);
    assert_eq!(reader.ask("get_property", &[json!("sales")]).await, "ours");
    reader.compare().await;
}

#[tokio::test]
async fn an_attempt_of_a_run_that_is_over_cannot_be_committed() {
    let Some((app, mut reader)) = filled("an attempt of a dead run").await else { return };
    write(&app.pool, CHANGE).await;
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    let dead = prepare(&app, &lake, run).await.expect("a change");
    let before = app.lake_objects().await;
    // The run is marked as failed by the next one, which sweeps up.
    app.load_lake().await;
    let after = app.lake_objects().await;
    assert_eq!(after, reader.reachable().await);
    assert!(before.difference(&after).count() > 3, "there was nothing to sweep");
    let mut transaction = app.pool.begin().await.expect("a transaction");
    // The catalogue has moved on; were it not so, the attempt itself would be refused.
    let committed = dead.commit(&mut transaction).await;
    assert!(!matches!(committed, Ok(Committed::Yes)), "{committed:?}");
    reader.compare().await;
}

#[tokio::test]
async fn s3_that_fails_leaves_the_lake_as_it_was() {
    let Some((app, mut reader)) = filled("S3 that fails").await else { return };
    write(&app.pool, CHANGE).await;
    let endpoint = app.s3().endpoint_url.as_deref().expect("an endpoint");
    let known = reader.ask("summaries", &[]).await;
    for cut in [0, 20_000, 200_000] {
        let fault = move |_| if cut == 0 { Fault::Refuse } else { Fault::CutAfter(cut) };
        let proxy = FaultProxy::start(endpoint, fault).await;
        let settings = S3Settings { endpoint_url: Some(proxy.endpoint()), ..app.s3().clone() };
        let lake = Curated::connect(&app.lake_uri(), &settings, USUAL).await.expect("a lake");
        let load = app.loader(|_| {}).await;
        let known_as = RunAs { lake: Some(lake), ..RunAs::default() };
        let summary = load.run_as(known_as).await.expect("the run ends");
        if summary.outcome == Outcome::Succeeded {
            // Retries may get through by parts.
            assert!(cut > 0, "S3 refuses");
            break;
        }
        let error = summary.first_error().expect("an error");
        assert!(error.message.contains("lake could not be brought up to date"), "{error:?}");
        assert_eq!(reader.ask("summaries", &[]).await, known, "the lake has changed");
        assert!(proxy.connections() > 0);
    }
    app.load_lake().await;
    reader.compare().await;
    assert_eq!(app.lake_objects().await, reader.reachable().await);
}

#[tokio::test]
async fn a_crash_of_postgres_leaves_the_lake_whole() {
    let (mut postgres, app) = own_postgres().await;
    let Some(mut reader) = app.lake_reader("a crash of Postgres").await else { return };
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    write(&app.pool, CHANGE).await;
    let lake = Some(app.curated(USUAL).await);
    let load = app.loader(|_| {}).await;
    let known = RunAs { lake, ..RunAs::default() };
    let running = tokio::spawn(async move { load.run_as(known).await.expect("the run ends") });
    app.wait_until("SELECT EXISTS (SELECT FROM lake_attempt)").await;
    postgres.crash(Crash::Immediate).await.expect("Postgres ends");
    postgres.start_again().await.expect("Postgres comes back");
    let summary = running.await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{:?}", summary.first_error());
    reader.compare().await;
    app.load_lake().await;
    assert_eq!(app.lake_objects().await, reader.reachable().await);
    postgres.stop().await.expect("Postgres stops");
}
