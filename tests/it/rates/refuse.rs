//! What is not asked, not read to its end, or not taken.

use std::time::Duration;

use salesgraph::config::{LoadMode, RatesConfig};
use salesgraph::error::Code;
use salesgraph::graphql::Commands;
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::support::TestApp;
use crate::support::commands::ask;
use crate::support::http::{TestServer, state};
use crate::support::rates::{Next, Queued, RatesApi, RatesApp, body, days};

const REFRESH: &str = "mutation Refresh($input: RefreshCurrencyRatesInput!) {
    refreshCurrencyRates(input: $input) { job { jobId } } }";

/// Fetches with changed settings; gives the error.
async fn failed(world: &RatesApp, change: impl FnOnce(&mut RatesConfig)) -> (Code, String) {
    let (queued, stop) = (Queued::default(), CancellationToken::new());
    let request = days("2024-01-02", "2024-01-02", &["USD"]);
    let error = world.fetcher(change).fetch(&request, &queued, &stop).await.expect_err("an error");
    assert_eq!(queued.take(), [] as [&str; 0]);
    (error.code(), error.message().to_owned())
}

#[tokio::test]
async fn private_addresses_are_not_asked_by_whatever_name() {
    let world = RatesApp::frankfurter().await;
    let port = world.api.address.port();
    // The last one is another way to write 127.0.0.1, which the system's resolver knows.
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"] {
        let url = format!("http://{host}:{port}/v1");
        let (code, message) = failed(&world, |config| {
            config.url = url;
            config.allow_private = false;
            config.attempts = 1;
        })
        .await;
        assert_eq!(code, Code::Config, "{host}: {message}");
        assert!(message.contains("RATES_ALLOW_PRIVATE"), "{message}");
    }
    assert_eq!(world.api.requests(), [] as [&str; 0]);
    assert_eq!(world.keys("raw").await, [] as [&str; 0]);
}

#[tokio::test]
async fn time_and_size_of_an_answer_are_limited() {
    let world = RatesApp::frankfurter().await;
    // One of its own: the time may be over before the request comes to it.
    let silent = RatesApi::start().await;
    silent.next([Next::Silence]);
    let (code, message) = failed(&world, |config| {
        config.url = format!("http://{}/v1", silent.address);
        config.timeout = Duration::from_millis(50);
        config.attempts = 1;
    })
    .await;
    assert_eq!(code, Code::Unavailable);
    assert!(message.contains("no answer within 0.05 s"), "{message}");
    world.api.next([body(&"x".repeat(5_000))]);
    let (code, message) = failed(&world, |config| config.max_bytes = 4_096).await;
    assert_eq!(code, Code::Conflict);
    assert!(message.contains("4096 bytes") && message.contains("RATES_MAX_BYTES"), "{message}");
    assert_eq!(world.api.requests().len(), 1, "a large answer is not asked for again");
    let port = world.api.address.port();
    // Nobody listens there.
    let (code, _) = failed(&world, |config| {
        config.url = format!("http://127.0.0.1:{}/v1", if port == 1 { 2 } else { 1 });
        config.attempts = 2;
    })
    .await;
    assert_eq!(code, Code::Unavailable);
}

#[tokio::test]
async fn a_request_that_cannot_be_asked_is_refused_by_name() {
    let world = RatesApp::with("ecb", "/stats/eurofxref", &[]).await;
    let server = world.serve().await;
    for (input, argument) in [
        (json!({ "base": "USD" }), "base"),
        (json!({ "base": "euro" }), "base"),
        (json!({ "currencies": ["usd"] }), "currencies"),
        (json!({ "currencies": ["EUR"] }), "currencies"),
        (json!({ "from": "1998-12-31" }), "from"),
        (json!({ "from": "2024-02-01", "to": "2024-01-01" }), "from"),
        (json!({ "to": "2999-01-01" }), "to"),
    ] {
        let answer = ask(&server, REFRESH, json!({ "input": input })).await.json();
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!(
            *extensions,
            json!({ "code": "BAD_USER_INPUT", "argument": argument }),
            "{input}: {answer}"
        );
    }
    assert_eq!(world.app.value::<i64>("SELECT count(*) FROM job").await, 0);
    server.stop().await;
}

#[tokio::test]
async fn without_a_lake_it_is_said_how_to_set_it() {
    let app = TestApp::start().await;
    let commands = Commands::new(app.pool.clone()).with_loads(None, LoadMode::Merge);
    let server =
        TestServer::serve(state(&app.pool, RequestLimits::default()).with_commands(commands)).await;
    let replay = "mutation { replaySourceFailures(input: {}) { job { jobId } } }";
    for (query, variables) in [(REFRESH, json!({ "input": {} })), (replay, Json::Null)] {
        let answer = ask(&server, query, variables).await;
        assert_eq!(answer.code(), "UNAVAILABLE", "{}", answer.text);
        assert!(answer.text.contains("LAKE_URI"), "{}", answer.text);
    }
    server.stop().await;
    app.run(&["rates"]).await.expect(2);
    app.run(&["reprocess", "currency-rates", "--from", "2026-01-01", "--to", "2026-01-02"])
        .await
        .expect(2);
}
