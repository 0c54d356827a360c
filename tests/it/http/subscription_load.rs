//! A load followed by the clients `graphql-ws` and `graphql-sse` while it runs.

use std::time::Duration;

use salesgraph::http::RequestLimits;
use serde_json::{Value as Json, json};
use sqlx::Executor as _;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::http::{TestServer, state};
use crate::support::npm::Clients;
use crate::support::{TestApp, sample};

const LIMIT: Duration = Duration::from_secs(60);

const FOLLOW: &str = "subscription Follow($id: ID!) {
  run: loadRun(id: $id) { ...Progress }
}
fragment Progress on LoadRun { id state rowsRead rowsInserted files { totalCount } }";

/// A client's process.
struct Follower {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Follower {
    fn start(clients: &Clients, transport: &str, url: &str, query: &str, id: &str) -> Self {
        let mut command = clients.command("follow.mjs");
        command.args([transport, url, query, &json!({ "id": id }).to_string()]);
        command.stdout(std::process::Stdio::piped());
        let mut process = command.spawn().expect("node starts");
        let out = process.stdout.take().expect("its output");
        Self { lines: BufReader::new(out).lines(), _process: process }
    }

    /// The next message it receives.
    async fn receive(&mut self) -> Json {
        let line = timeout(LIMIT, self.lines.next_line()).await.expect("a message in time");
        let line = line.expect("text").expect("its output");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The run of the next answer, which has no errors.
    async fn run(&mut self) -> Json {
        let message = self.receive().await;
        assert_eq!(message["next"]["errors"], Json::Null, "{message}");
        assert!(message["next"]["data"]["run"].is_object(), "{message}");
        message["next"]["data"]["run"].clone()
    }
}

async fn serve(app: &TestApp) -> (TestServer, String) {
    let server = TestServer::serve(state(&app.pool, RequestLimits::default())).await;
    let url = format!("http://{}/graphql", server.address);
    (server, url)
}

async fn running(app: &TestApp) -> Uuid {
    let sql = "SELECT id FROM load_run WHERE state = 'running'";
    loop {
        if let Some(id) = sqlx::query_scalar(sql).fetch_optional(&app.pool).await.expect(sql) {
            return id;
        }
    }
}

#[tokio::test]
async fn a_load_is_followed_to_its_end() {
    let Some(clients) = Clients::installed("subscriptions by npm's clients").await else { return };
    let app = TestApp::start().await;
    sample::clean().put(&app, &sample::ALL).await;
    let (server, url) = serve(&app).await;
    // Locks stop the load before its first row, and then before its last file.
    let mut before_persons = app.pool.begin().await.unwrap();
    before_persons.execute("LOCK TABLE person, product IN SHARE MODE").await.unwrap();
    let mut before_lines = app.pool.begin().await.unwrap();
    before_lines.execute("LOCK TABLE sales_order_line IN SHARE MODE").await.unwrap();
    let load = app.loader(|_| {}).await;
    let load = tokio::spawn(load.run());
    let id = running(&app).await.to_string();

    let mut followers =
        ["ws", "sse"].map(|transport| Follower::start(clients, transport, &url, FOLLOW, &id));
    for follower in &mut followers {
        let run = follower.run().await;
        assert_eq!((&run["state"], &run["rowsRead"]), (&json!("RUNNING"), &json!(0)), "{run}");
    }
    before_persons.rollback().await.unwrap();
    let mut seen = Vec::new();
    for follower in &mut followers {
        let run = follower.run().await;
        assert_eq!(run["state"], "RUNNING", "{run}");
        assert!(run["rowsRead"].as_i64() > Some(0), "{run}");
        seen.push(run);
    }
    before_lines.rollback().await.unwrap();
    load.await.unwrap().expect("the run ends");

    let (read, inserted): (i64, i64) = sqlx::query_as(
        "SELECT sum(rows_read)::bigint, sum(rows_inserted)::bigint FROM load_run_file",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    for (follower, mut last) in followers.iter_mut().zip(seen) {
        loop {
            let message = follower.receive().await;
            if message["complete"] == true {
                break;
            }
            let run = message["next"]["data"]["run"].clone();
            assert_ne!(run, last, "only changes are sent");
            assert!(run["rowsRead"].as_i64() >= last["rowsRead"].as_i64(), "{run} after {last}");
            assert_eq!(last["state"], "RUNNING", "{run} after the end");
            last = run;
        }
        assert_eq!(last["state"], "SUCCEEDED", "{last}");
        assert_eq!((&last["rowsRead"], &last["rowsInserted"]), (&json!(read), &json!(inserted)));
        assert_eq!(last["files"]["totalCount"], sample::ALL.len());
    }

    // A run that has ended sends its last state at once.
    for transport in ["ws", "sse"] {
        let mut follower = Follower::start(clients, transport, &url, FOLLOW, &id);
        assert_eq!(follower.run().await["state"], "SUCCEEDED", "{transport}");
        assert_eq!(follower.receive().await, json!({ "complete": true }), "{transport}");
    }
    server.stop().await;
}

#[tokio::test]
async fn clients_receive_errors() {
    let Some(clients) = Clients::installed("refusals by npm's clients").await else { return };
    let app = TestApp::start().await;
    let (server, url) = serve(&app).await;
    let unknown = Uuid::nil().to_string();
    for transport in ["ws", "sse"] {
        for (id, code) in [(unknown.as_str(), "NOT_FOUND"), ("none", "BAD_USER_INPUT")] {
            let mut follower = Follower::start(clients, transport, &url, FOLLOW, id);
            let answer = follower.receive().await["next"].clone();
            assert_eq!(answer["data"], json!({ "run": null }), "{transport} {answer}");
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{transport} {answer}");
            assert_eq!(
                (&error["path"], &error["locations"]),
                (&json!(["run"]), &json!([{"line": 2, "column": 3}]))
            );
            assert_eq!(follower.receive().await, json!({ "complete": true }), "{transport}");
        }
        let wrong = "subscription Follow($id: ID!) { loadRun(id: $id) { nothing } }";
        let mut follower = Follower::start(clients, transport, &url, wrong, &unknown);
        let message = follower.receive().await;
        // WebSocket has a message for refusals, event streams have none.
        let errors = if transport == "ws" { &message["error"] } else { &message["next"]["errors"] };
        assert_eq!(errors[0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{message}");
        assert_eq!(message["next"].get("data"), None);

        // A query has one answer.
        let mut follower = Follower::start(clients, transport, &url, "{ __typename }", "");
        let answer = follower.receive().await;
        assert_eq!(answer["next"]["data"], json!({ "__typename": "Query" }), "{transport}");
        assert_eq!(follower.receive().await, json!({ "complete": true }), "{transport}");
    }
    server.stop().await;
}
