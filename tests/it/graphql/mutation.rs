//! Mutations over HTTP, with `replayRejects` as their example.

use hyper::StatusCode;
use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};

use crate::support::commands::{ask, state_with_commands};
use crate::support::http::{TestServer, state};
use crate::support::jobs::Working;
use crate::support::sample::{self, CUSTOMER};
use crate::support::{TestApp, TestDb};

const JSON: &str = "application/json";

const REPLAY: &str = "mutation Replay($input: ReplayRejectsInput!) {
    replayRejects(input: $input) { loadRun { id runId state sourceUri startedAt finishedAt } }
}";

const RUN: &str = "query Run($id: ID!) { loadRun(id: $id) {
    id runId state sourceUri rowsRead rowsInserted rowsRejected error { code message }
    files { nodes { file { objectKey } } }
} }";

/// A customer as a record of its file.
pub(crate) fn customer(id: u32, territory: &str) -> String {
    let guid = "5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E";
    format!("{id};NULL;7;{territory};AW{id:08};{guid};2014-01-01 00:00:00.000")
}

/// Customers 1 to 4, of which 2 and 3 are rejected.
pub(crate) async fn with_rejects() -> TestApp {
    let app = TestApp::start().await;
    let records = [customer(1, "1"), customer(2, "North"), customer(3, "x"), customer(4, "1")];
    app.put(CUSTOMER, sample::clean().with_records(CUSTOMER, &records)).await;
    app.load().await;
    app
}

/// The run of a replay that is answered without an error, once it has ended.
async fn replay(app: &TestApp, server: &TestServer, input: Json) -> Json {
    let answer = ask(server, REPLAY, json!({ "input": input })).await;
    assert_eq!((answer.status, &answer.json()["errors"]), (StatusCode::OK, &Json::Null));
    let run = answer.json()["data"]["replayRejects"]["loadRun"].clone();
    assert_eq!((&run["startedAt"], &run["finishedAt"]), (&Json::Null, &Json::Null), "{run}");
    assert_eq!((&run["state"], &run["sourceUri"]), (&json!("QUEUED"), &json!("rejects:replay")));
    app.wait_until("SELECT count(*) = 0 FROM load_run WHERE finished_at IS NULL").await;
    let ended = ask(server, RUN, json!({ "id": run["id"] })).await.json();
    assert_eq!(ended["errors"], Json::Null, "{ended}");
    ended["data"]["loadRun"].clone()
}

async fn data(server: &TestServer, query: &str) -> Json {
    let answer = ask(server, query, Json::Null).await.json();
    assert_eq!(answer["errors"], Json::Null, "{answer}");
    answer["data"].clone()
}

async fn runs(app: &TestApp) -> i64 {
    app.value("SELECT count(*) FROM load_run").await
}

#[tokio::test]
async fn rejects_are_replayed_after_a_fix() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let worker = Working::loading(&app).await;
    let query = "{ customer(customerId: 2) { territoryId }
        loadRejects { nodes { id line run { id runId } file { id } } } }";
    let before = data(&server, query).await;
    assert_eq!(before["customer"], Json::Null);
    let rejects = before["loadRejects"]["nodes"].as_array().unwrap();
    assert_eq!(rejects.len(), 2);

    // What still does not fit stays a reject, now of the run of the replay.
    let [north, x] = [&rejects[0], &rejects[1]];
    let snapshot = app.snapshot().await;
    let key = format!("incoming/{CUSTOMER}");
    let mut last = north["run"].clone();
    for input in [
        |_: &Json| json!({}),
        |_: &Json| json!({ "runId": null, "raw": null }),
        |last: &Json| json!({ "runId": last["id"] }),
        |last: &Json| json!({ "runId": last["runId"] }),
    ] {
        let run = replay(&app, &server, input(&last)).await;
        assert_eq!(run["state"], "SUCCEEDED_WITH_REJECTS", "{run}");
        assert_eq!(run["sourceUri"], "rejects:replay");
        assert_eq!(run["files"]["nodes"], json!([{ "file": { "objectKey": key } }]));
        assert_eq!(app.snapshot().await, snapshot);
        last = run;
    }
    for (input, state) in [
        (json!({ "fileId": north["file"]["id"] }), "SUCCEEDED_WITH_REJECTS"),
        (json!({ "fileId": north["file"]["id"], "runId": north["run"]["id"] }), "SUCCEEDED"),
    ] {
        assert_eq!(replay(&app, &server, input).await["state"], state);
    }

    let input = json!({ "rejectId": north["id"], "raw": customer(2, "6") });
    let run = replay(&app, &server, input.clone()).await;
    let counts = (&run["state"], &run["rowsInserted"], &run["rowsRejected"]);
    assert_eq!(counts, (&json!("SUCCEEDED"), &json!(1), &json!(-1)), "{run}");
    let after = data(&server, query).await;
    assert_eq!(after["customer"], json!({ "territoryId": 6 }));
    assert_eq!(after["loadRejects"]["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(data(&server, "{ loadRuns(first: 1) { nodes { id } } }").await, {
        json!({ "loadRuns": { "nodes": [{ "id": run["id"] }] } })
    });

    // Where the cause of the other is mended, it needs no text.
    sqlx::query("UPDATE load_reject SET raw = $1")
        .bind(customer(3, "7").into_bytes())
        .execute(&app.pool)
        .await
        .unwrap();
    let run = replay(&app, &server, json!({ "rejectId": x["id"] })).await;
    assert_eq!((&run["state"], &run["rowsInserted"]), (&json!("SUCCEEDED"), &json!(1)), "{run}");

    // Nothing is selected any more.
    let run = replay(&app, &server, json!({})).await;
    assert_eq!((&run["state"], &run["rowsInserted"]), (&json!("SUCCEEDED"), &json!(0)), "{run}");
    assert_eq!(run["files"]["nodes"], json!([]));
    let gone = ask(&server, REPLAY, json!({ "input": input })).await;
    assert_eq!(gone.code(), "NOT_FOUND", "{}", gone.text);
    app.assert_ledger_holds("after replays").await;
    let left: i64 = app.value("SELECT count(*) FROM job WHERE payload ? 'raw'").await;
    assert_eq!(left, 0, "corrected text stays in ended jobs");
    worker.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn an_input_that_cannot_be_used_is_refused_before_a_run_is_queued() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let rejects = data(&server, "{ loadRejects { nodes { id file { id } } } }").await;
    let id = rejects["loadRejects"]["nodes"][0]["id"].clone();
    let file = rejects["loadRejects"]["nodes"][0]["file"]["id"].clone();
    let before = runs(&app).await;
    sqlx::query("UPDATE load_reject SET reason = 'record_too_long'")
        .execute(&app.pool)
        .await
        .unwrap();
    for (input, code, argument) in [
        (json!({ "runId": file }), "BAD_USER_INPUT", "runId"),
        (json!({ "fileId": id }), "BAD_USER_INPUT", "fileId"),
        (json!({ "rejectId": "1:2" }), "BAD_USER_INPUT", "rejectId"),
        (json!({ "raw": "a;b" }), "BAD_USER_INPUT", "raw"),
        (json!({ "rejectId": id }), "BAD_USER_INPUT", "raw"),
        (json!({ "rejectId": id, "runId": uuid::Uuid::nil() }), "NOT_FOUND", "rejectId"),
    ] {
        let answer = ask(&server, REPLAY, json!({ "input": input })).await;
        assert_eq!(answer.json()["data"], json!({ "replayRejects": null }), "{input}");
        let error = answer.json()["errors"][0].clone();
        assert_eq!(error["extensions"], json!({ "code": code, "argument": argument }), "{input}");
        assert_eq!(error["path"], json!(["replayRejects"]));
    }
    for (query, variables) in [
        ("mutation { replayRejects { loadRun { id } } }", Json::Null),
        ("mutation { replayRejects(input: {}) }", Json::Null),
        ("mutation { replayRejects(input: { all: true }) { loadRun { id } } }", Json::Null),
        ("mutation { __schema { queryType { name } } }", Json::Null),
        (REPLAY, json!({ "input": { "all": true } })),
        (REPLAY, json!({ "input": null })),
    ] {
        let answer = ask(&server, query, variables).await;
        assert_eq!(answer.code(), "GRAPHQL_VALIDATION_FAILED", "{query}: {}", answer.text);
    }
    assert_eq!(runs(&app).await, before);
    server.stop().await;
}

#[tokio::test]
async fn a_mutation_that_costs_too_much_does_nothing() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let before = runs(&app).await;
    let query = "mutation { replayRejects(input: {}) { loadRun { files(first: 1000) { nodes {
        file { rejects(first: 1000) { nodes { id run { rejects(first: 1000) { nodes { id } } } } }
    } } } } } }";
    let answer = ask(&server, query, Json::Null).await;
    assert_eq!(answer.code(), "QUERY_TOO_COMPLEX", "{}", answer.text);
    assert_eq!(runs(&app).await, before);
    server.stop().await;
}

#[tokio::test]
async fn root_fields_run_one_after_the_other_in_their_order() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let query = "mutation {
        b: replayRejects(input: {}) { ...f }
        bad: replayRejects(input: { rejectId: \"none\" }) { ...f }
        __typename
        a: replayRejects(input: {}) { __typename ...f again: loadRun { runId } }
    }
    fragment f on ReplayRejectsPayload { loadRun { runId state } }";
    let answer = ask(&server, query, Json::Null).await.json();
    let data = &answer["data"];
    let keys: Vec<&String> = data.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 4);
    assert_eq!((&data["bad"], &data["__typename"]), (&Json::Null, &json!("Mutation")));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["bad"]));
    assert_eq!(data["a"]["__typename"], "ReplayRejectsPayload");
    assert_eq!(data["a"]["again"]["runId"], data["a"]["loadRun"]["runId"]);
    // They are queued in this order.
    let id = |root: &str| data[root]["loadRun"]["runId"].as_str().unwrap().to_owned();
    assert!(id("b") < id("a"), "{data}");
    assert_eq!(runs(&app).await, 3);
    server.stop().await;
}

#[tokio::test]
async fn no_mutation_is_answered_for_another() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app).with_batch_max(2)).await;
    let before = runs(&app).await;
    let body = json!({ "query": REPLAY, "variables": { "input": {} } }).to_string();
    for _ in 0..2 {
        assert_eq!(server.post(JSON, &body).await.json()["errors"], Json::Null);
    }
    assert_eq!(runs(&app).await, before + 2);

    // Side by side each has a run of its own.
    let batch = format!("[{body},{body}]");
    let (array, one, two) =
        tokio::join!(server.post(JSON, &batch), server.post(JSON, &body), server.post(JSON, &body));
    let mut answers: Vec<Json> = array.json().as_array().unwrap().clone();
    answers.extend([one.json(), two.json()]);
    let mut queued: Vec<_> = answers
        .iter()
        .map(|answer| answer["data"]["replayRejects"]["loadRun"]["id"].as_str().expect("a run"))
        .collect();
    queued.sort_unstable();
    queued.dedup();
    assert_eq!(queued.len(), 4, "two answers show the same run");
    assert_eq!(runs(&app).await, before + 6);
    server.stop().await;
}

#[tokio::test]
async fn no_page_of_another_site_can_run_a_mutation() {
    let app = with_rejects().await;
    let server = TestServer::serve(state_with_commands(&app)).await;
    let before = runs(&app).await;
    let query = "mutation { replayRejects(input: {}) { loadRun { id } } }";
    let body = json!({ "query": query }).to_string();
    let form = "query=mutation+%7B+replayRejects(input%3A+%7B%7D)+%7B+loadRun+%7B+id+%7D+%7D+%7D";
    // What a form or a script of another site can send without being asked about first.
    for (kind, body) in [
        ("text/plain", body.as_str()),
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=x", body.as_str()),
    ] {
        let headers = [("content-type", kind), ("origin", "http://evil.example")];
        let answer = server.request("POST", "/graphql", &headers, body).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let answer = server.get(&format!("/graphql?{form}")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "POST");

    // Nor where a browser does not ask.
    for origin in ["http://evil.example", "http://localhost:3000", "null"] {
        let headers = [("content-type", JSON), ("origin", origin)];
        let answer = server.request("POST", "/graphql", &headers, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let host = ("evil.example", [("content-type", JSON)]);
    let answer = server.request_as(host.0, "POST", "/graphql", &host.1, &body).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(runs(&app).await, before);

    let own = [("content-type", JSON), ("origin", "http://localhost")];
    let answer = server.request("POST", "/graphql", &own, &body).await;
    assert_eq!(answer.json()["errors"], Json::Null, "{}", answer.text);
    assert_eq!(runs(&app).await, before + 1);
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_commands_says_so() {
    let db: TestDb = crate::support::database().await;
    let server = TestServer::serve(state(&db.pool, RequestLimits::default())).await;
    let answer = ask(&server, REPLAY, json!({ "input": {} })).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::OK, "UNAVAILABLE"));
    server.stop().await;
}
