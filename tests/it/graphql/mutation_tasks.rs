//! What a mutation has queued, beyond its request.

use salesgraph::config::LoadMode;
use salesgraph::graphql::Commands;
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};
use sqlx::{Executor as _, Postgres, Transaction};

use super::mutation::with_rejects;
use crate::support::TestApp;
use crate::support::commands::{ask, state_with_commands};
use crate::support::http::{TestServer, state};
use crate::support::jobs::Working;
use crate::support::sample::{self, ALL, PERSON};
use crate::support::socket::Socket;

const REPLAY: &str = "mutation { replayRejects(input: {}) { loadRun { id state } } }";

/// Keeps a replay before its first reject.
async fn halted(app: &TestApp) -> Transaction<'static, Postgres> {
    let mut lock = app.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE load_reject IN ACCESS EXCLUSIVE MODE").await.unwrap();
    lock
}

#[tokio::test]
async fn a_run_is_answered_at_once_and_followed_to_its_end() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let answer = ask(&server, REPLAY, Json::Null).await.json();
    let run = &answer["data"]["replayRejects"]["loadRun"];
    assert_eq!(run["state"], "QUEUED", "{answer}");

    let mut socket = Socket::begin(&server).await;
    let query = format!("subscription {{ loadRun(id: {}) {{ state }} }}", run["id"]);
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    let mut lock = Some(halted(&app).await);
    let (mut states, mut worker) = (Vec::new(), None);
    loop {
        let told = socket.receive().await;
        if told["type"] == "complete" {
            break;
        }
        let state = told["payload"]["data"]["loadRun"]["state"].clone();
        match state.as_str() {
            Some("QUEUED") => worker = Some(Working::loading(&app).await),
            Some("RUNNING") => lock.take().expect("it runs once").rollback().await.unwrap(),
            _ => {}
        }
        states.push(state);
    }
    assert_eq!(states, ["QUEUED", "RUNNING", "SUCCEEDED_WITH_REJECTS"]);
    worker.expect("it was started").stop().await;
    server.stop().await;
}

#[tokio::test]
async fn runs_that_are_asked_for_meanwhile_wait_for_their_turn() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let workers = [Working::loading(&app).await, Working::loading(&app).await];
    let lock = halted(&app).await;
    for _ in 0..3 {
        assert_eq!(ask(&server, REPLAY, Json::Null).await.json()["errors"], Json::Null);
    }
    app.wait_until("SELECT count(*) = 1 FROM load_run WHERE state = 'running'").await;
    // The second worker has tried, and waits.
    app.wait_until("SELECT count(*) > 0 FROM job WHERE state = 'queued' AND error_code = 'LOCKED'")
        .await;
    lock.rollback().await.unwrap();
    app.wait_until(
        "SELECT count(*) = 3 FROM load_run \
         WHERE source_uri = 'rejects:replay' AND state = 'succeeded_with_rejects'",
    )
    .await;
    app.wait_until("SELECT count(*) = 3 FROM job WHERE state = 'succeeded' AND attempts = 1").await;
    for worker in workers {
        worker.stop().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_mutation_runs_once_over_sockets_and_event_streams() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let runs = "SELECT count(*) FROM load_run WHERE source_uri = 'rejects:replay'";

    let mut socket = Socket::begin(&server).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": REPLAY } })).await;
    let told = socket.receive().await;
    let state = &told["payload"]["data"]["replayRejects"]["loadRun"]["state"];
    assert_eq!(state, "QUEUED", "{told}");
    assert_eq!(socket.receive().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(app.value::<i64>(runs).await, 1);

    let headers = [("accept", "text/event-stream"), ("content-type", "application/json")];
    let body = json!({ "query": REPLAY }).to_string();
    let answer = server.request("POST", "/graphql", &headers, &body).await;
    assert_eq!(answer.text.matches("event: next").count(), 1, "{}", answer.text);
    assert!(answer.text.contains("QUEUED"), "{}", answer.text);
    assert_eq!(app.value::<i64>(runs).await, 2);
    server.stop().await;
}

const START: &str = "mutation Start($input: StartLoadInput!) {
    startLoad(input: $input) { loadRun { runId state mode isCheck sourceUri } }
}";

#[tokio::test]
async fn a_load_is_started_of_the_source_or_a_part_of_it() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let worker = Working::loading(&app).await;
    let part = format!("{}/person", app.source_uri());
    let answer = ask(&server, START, json!({ "input": { "source": part } })).await.json();
    let run = answer["data"]["startLoad"]["loadRun"].clone();
    assert_eq!((&run["sourceUri"], &run["mode"]), (&json!(part), &json!("MERGE")), "{answer}");
    app.wait_until("SELECT count(*) = 1 FROM load_run WHERE finished_at IS NOT NULL").await;
    let answer = ask(&server, START, json!({ "input": {} })).await.json();
    assert_eq!(answer["data"]["startLoad"]["loadRun"]["state"], "QUEUED", "{answer}");
    app.wait_until("SELECT count(*) = 2 FROM load_run WHERE finished_at IS NOT NULL").await;
    let rows: i64 = app.value("SELECT count(*) FROM sales_order_line").await;
    assert!(rows > 0);

    for source in ["file:///etc", "s3://another-bucket", "s3://", "etc"] {
        let answer = ask(&server, START, json!({ "input": { "source": source } })).await;
        let error = answer.json()["errors"][0].clone();
        let extensions = json!({ "code": "BAD_USER_INPUT", "argument": "source" });
        assert_eq!(error["extensions"], extensions, "{source}: {error}");
    }
    let wrong = json!({ "input": { "mode": "REPLACE" } });
    assert_eq!(ask(&server, START, wrong).await.code(), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_run").await, 2);
    worker.stop().await;
    server.stop().await;

    let commands = Commands::new(app.pool.clone()).with_loads(None, LoadMode::Merge);
    let state = state(&app.pool, RequestLimits::default()).with_commands(commands);
    let server = TestServer::serve(state).await;
    let answer = ask(&server, START, json!({ "input": {} })).await;
    assert_eq!(answer.code(), "UNAVAILABLE", "{}", answer.text);
    server.stop().await;
}

#[tokio::test]
async fn a_check_writes_only_what_it_found() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &[PERSON]).await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let worker = Working::loading(&app).await;
    let before = app.snapshot().await;
    let answer = ask(&server, START, json!({ "input": { "check": true } })).await.json();
    assert_eq!(answer["data"]["startLoad"]["loadRun"]["isCheck"], true, "{answer}");
    app.wait_until("SELECT count(*) = 1 FROM load_run WHERE finished_at IS NOT NULL").await;
    let query = "{ loadRuns(first: 1) { nodes {
        state rowsRead rowsInserted rowsRejected files { totalCount }
        findings(first: 1) { totalCount nodes { objectKey line reason message } }
    } } }";
    let answer = ask(&server, query, Json::Null).await.json();
    let run = &answer["data"]["loadRuns"]["nodes"][0];
    assert_eq!(run["state"], "SUCCEEDED_WITH_REJECTS", "{answer}");
    assert_eq!(run["files"]["totalCount"], 0);
    let number = |name: &str| run[name].as_i64().expect(name);
    assert!(number("rowsRejected") > 0 && number("rowsInserted") > 0, "{run}");
    let found = run["findings"]["totalCount"].as_i64().expect("a count");
    assert_eq!(found, number("rowsRejected").min(20), "{run}");
    assert!(run["findings"]["nodes"][0]["line"].as_i64() > Some(1), "{run}");
    assert_eq!(app.snapshot().await, before);

    // A load finds the same.
    let load = app.load().await;
    assert_eq!(
        (load.totals.read, load.totals.rejected),
        (number("rowsRead"), number("rowsRejected"))
    );
    worker.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_refresh_is_a_run_without_files_and_jobs_are_listed() {
    let app = TestApp::start().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let worker = Working::loading(&app).await;
    let query = "mutation { refreshDemandForecast { loadRun { runId state sourceUri } } }";
    let answer = ask(&server, query, Json::Null).await.json();
    let run = &answer["data"]["refreshDemandForecast"]["loadRun"];
    assert_eq!((&run["state"], &run["sourceUri"]), (&json!("QUEUED"), &json!("derived:refresh")));
    app.wait_until("SELECT count(*) = 1 FROM job WHERE state = 'succeeded'").await;
    let query = "{ jobs(filter: { state: { eq: SUCCEEDED } }) { totalCount nodes {
        id jobId key task state attempts maxAttempts createdAt startedAt finishedAt worker
        error { code message }
    } } }";
    let answer = ask(&server, query, Json::Null).await.json();
    let job = &answer["data"]["jobs"]["nodes"][0];
    assert_eq!(
        (&job["task"], &job["attempts"]),
        (&json!("DEMAND_FORECAST"), &json!(1)),
        "{answer}"
    );
    let by_id =
        "query Job($id: ID!) { job(id: $id) { jobId } node(id: $id) { ... on Job { state } } }";
    let answer = ask(&server, by_id, json!({ "id": job["id"] })).await.json();
    let expected = json!({ "job": { "jobId": job["jobId"] }, "node": { "state": "SUCCEEDED" } });
    assert_eq!(answer["data"], expected, "{answer}");
    worker.stop().await;
    server.stop().await;
}
