//! What a function answers, and what is in the database then.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value as Json, json};
use sqlx::Executor as _;
use tokio::process::Command;

use super::runtime_api::Function;
use super::{created, scheduled};
use crate::support::TestApp;
use crate::support::process::send;
use crate::support::sample::{self, ALL, PERSON, PRODUCT};

const ROWS: &str =
    "SELECT (SELECT count(*) FROM person) * 1000000 + (SELECT count(*) FROM product)";

#[tokio::test]
async fn an_s3_event_loads_its_object_and_a_schedule_the_rest() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &[PERSON, PRODUCT]).await;
    let mut function = Function::start(&app, &[]).await;
    let answer = function.invoke(created(&app, PERSON)).await.expect("it is loaded");
    assert_eq!(answer["outcome"], "succeeded");
    assert_eq!(answer["totals"]["inserted"], clean.count(PERSON), "{answer}");
    assert_eq!(answer["ignored"], json!([]));
    assert_eq!(answer.get("batchItemFailures"), None, "that is for SQS only");
    assert_eq!(app.value::<i64>(ROWS).await, clean.count(PERSON) * 1_000_000);

    let answer = function.invoke(scheduled()).await.expect("it is loaded");
    assert_eq!((&answer["files_found"], &answer["files_skipped"]), (&json!(2), &json!(1)));
    assert_eq!(answer["totals"]["inserted"], clean.count(PRODUCT));
    let run: uuid::Uuid =
        app.value("SELECT id FROM load_run ORDER BY started_at DESC LIMIT 1").await;
    assert_eq!(answer["run_id"], run.to_string(), "the run in the ledger");

    // What is delivered twice is loaded once.
    let again = function.invoke(created(&app, PERSON)).await.expect("nothing is wrong");
    assert_eq!((&again["files_skipped"], &again["totals"]["read"]), (&json!(1), &json!(0)));
    app.assert_ledger_holds("after events").await;
}

#[tokio::test]
async fn a_batch_of_messages_is_one_load_and_rejects_are_no_error() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let mut function = Function::start(&app, &[]).await;
    let mut bodies: Vec<Json> = ALL.iter().map(|key| created(&app, key)).collect();
    bodies.push(created(&app, "notes.txt"));
    let messages = bodies.iter().map(
        |body| json!({ "messageId": "1", "eventSource": "aws:sqs", "body": body.to_string() }),
    );
    let mut messages: Vec<Json> = messages.collect();
    messages.push(json!({ "messageId": "2", "eventSource": "aws:sqs", "body": "text" }));
    let event = json!({ "Records": messages });
    let answer = function.invoke(event).await.expect("rejects are no error");
    assert_eq!(answer["outcome"], "succeeded_with_rejects");
    assert_eq!(answer["files_found"], ALL.len());
    assert_eq!(answer["batchItemFailures"], json!([{ "itemIdentifier": "2" }]));
    let ignored = format!("s3://{}/incoming/notes.txt", app.bucket_name());
    assert_eq!(answer["ignored"], json!([ignored]));
    assert_eq!(app.value::<i64>("SELECT count(*) FROM load_run").await, 1);
    let rejected: i64 = app.value("SELECT count(*) FROM load_reject").await;
    assert_eq!(answer["totals"]["rejected"], rejected);
}

#[tokio::test]
async fn what_fails_is_an_error_with_its_code_and_the_function_goes_on() {
    let app = TestApp::start().await;
    app.put(PERSON, "BusinessEntityID;Name\r\n1;x\r\n").await;
    let mut function = Function::start(&app, &[]).await;
    let failed = function.invoke(created(&app, PERSON)).await.expect_err("a wrong header");
    let message = failed["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains(PERSON) && message.contains("lacks"), "{failed}");
    assert_eq!(app.value::<String>("SELECT state FROM load_run").await, "failed");

    let unknown = function.invoke(json!({ "httpMethod": "GET" })).await.expect_err("unknown");
    assert_eq!(unknown["errorType"], "BAD_USER_INPUT");

    let mut other = app.pool.acquire().await.expect("a connection");
    other.execute("SELECT pg_advisory_lock(x'73616c6573677261'::bigint)").await.expect("a lock");
    let locked = function.invoke(scheduled()).await.expect_err("the lock is held");
    assert_eq!(locked["errorType"], "LOCKED");
    let message = locked["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains("another run holds the lock"), "{locked}");
    other.execute("SELECT pg_advisory_unlock_all()").await.expect("no lock");

    sample::clean().put(&app, &[PERSON]).await;
    let answer = function.invoke(created(&app, PERSON)).await.expect("it is loaded");
    assert_eq!(answer["outcome"], "succeeded");
    let nothing = function.invoke(created(&app, "notes.txt")).await.expect("no error");
    assert_eq!(nothing["outcome"], "nothing_to_load");
}

#[tokio::test]
async fn an_object_that_is_gone_is_named_and_no_error() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let mut function = Function::start(&app, &[]).await;
    let answer = function.invoke(created(&app, PRODUCT)).await.expect("it is no error");
    assert_eq!(answer["outcome"], "nothing_to_load", "{answer}");
    let gone = format!("s3://{}/incoming/{PRODUCT}", app.bucket_name());
    assert_eq!(answer["ignored"], json!([gone]));

    let source = "s3://there-is-no-such-bucket/incoming";
    let mut function = Function::start(&app, &[("SOURCE_URI", source)]).await;
    let mut event = created(&app, PRODUCT);
    event["Records"][0]["s3"]["bucket"]["name"] = "there-is-no-such-bucket".into();
    let failed = function.invoke(event).await.expect_err("there is no such bucket");
    assert_eq!(failed["errorType"], "NOT_FOUND");
}

#[tokio::test]
async fn a_load_is_stopped_before_the_deadline_and_the_next_one_goes_on() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let mut lock = app.pool.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE sales_order_line IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let mut function = Function::start(&app, &[]).await;
    function.begin(scheduled(), Duration::from_secs(4));
    function.logs("stopping before the deadline").await;
    lock.rollback().await.expect("no lock");
    let stopped = function.answer().await.expect_err("it did not come to its end");
    assert_eq!(stopped["errorType"], "TIMEOUT");
    let message = stopped["errorMessage"].as_str().unwrap_or_default();
    assert!(message.contains("the next run continues"), "{stopped}");
    assert_eq!(app.value::<String>("SELECT state FROM load_run").await, "failed");

    let answer = function.invoke(scheduled()).await.expect("it goes on");
    assert_eq!(answer["outcome"], "succeeded_with_rejects");
    let undisturbed = TestApp::start().await;
    sample::defective().put(&undisturbed, &ALL).await;
    undisturbed.load_small().await;
    assert_eq!(app.snapshot().await, undisturbed.snapshot().await);
    app.assert_ledger_holds("after the deadline").await;
}

#[tokio::test]
async fn no_secret_is_in_an_error() {
    let app = TestApp::start().await;
    let database = ("DATABASE_URL", "postgres://salesgraph:hushed-word@127.0.0.1:1/sales");
    let mut function = Function::start(&app, &[database]).await;
    let failed = function.invoke(scheduled()).await.expect_err("there is no such database");
    assert_eq!(failed["errorType"], "UNAVAILABLE");
    assert!(!failed.to_string().contains("hushed-word"), "{failed}");
}

#[tokio::test]
async fn an_idle_function_ends_by_a_signal() {
    let app = TestApp::start().await;
    let mut function = Function::start(&app, &[]).await;
    function.invoke(json!({ "httpMethod": "GET" })).await.expect_err("unknown");
    send(function.child(), Signal::SIGTERM);
    let ended = function.child().wait().await.expect("it ends");
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn elsewhere_than_in_lambda_the_command_names_another() {
    let output = Command::new(env!("CARGO_BIN_EXE_salesgraph"))
        .arg("lambda")
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .output()
        .await
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("AWS_LAMBDA_RUNTIME_API") && said.contains("salesgraph load"), "{said}");
}
