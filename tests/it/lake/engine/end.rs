//! Workers that are killed, jobs that are canceled, callers who go away, memory that is too small.

use std::process::Stdio;

use salesgraph::auth::Scope;
use salesgraph::job::cancel;
use salesgraph::lake::engine::EngineOptions;
use serde_json::Value;
use sqlx::{Executor as _, Postgres, Transaction};
use tokio::process::Child;
use uuid::Uuid;

use super::{OPTIONS, Sales};
use crate::support::TestApp;
use crate::support::lake::USUAL;

const QUERY: &str = "{ salesAggregate(groupBy: PRODUCT, engine: LAKE) \
                     { nodes { measures { lineCount } } } }";
/// A worker is about to write its answer, and waits for the lock.
const HALTED: &str = "SELECT EXISTS (SELECT FROM pg_locks \
    WHERE relation = 'lake_answer_group'::regclass AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// A lake, and a lock that keeps workers from writing their answers.
async fn locked() -> (Sales, Transaction<'static, Postgres>) {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let mut lock = sales.app.pool.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE lake_answer_group IN EXCLUSIVE MODE").await.expect("a lock");
    (sales, lock)
}

/// The program as a worker.
fn worker(app: &TestApp) -> Child {
    app.lake_command()
        .arg("worker")
        .env("LOAD_SCHEDULE", "off")
        .env("WORKER_DEAD_AFTER", "2s")
        .env("WORKER_GRACE", "100ms")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

async fn job(sales: &Sales) -> Uuid {
    sales.app.value("SELECT id FROM job WHERE task = 'lake_query'").await
}

#[tokio::test]
async fn the_question_of_a_killed_worker_is_answered_by_another() {
    let (sales, lock) = locked().await;
    let asked = sales.ask(QUERY);
    let worked = async {
        let mut first = worker(&sales.app);
        sales.app.wait_until(HALTED).await;
        first.kill().await.expect("it is killed");
        lock.rollback().await.expect("the lock is given back");
        worker(&sales.app)
    };
    let (answer, second) = tokio::join!(asked, worked);
    assert_eq!(answer["errors"], Value::Null);
    let postgres = sales.ask(&QUERY.replace("LAKE", "POSTGRES")).await;
    assert_eq!(answer["data"], postgres["data"]);
    let (state, attempts, _) = sales.app.ended(job(&sales).await).await;
    assert_eq!((state.as_str(), attempts), ("succeeded", 2));
    drop(second);
}

#[tokio::test]
async fn a_job_that_is_canceled_ends_the_request() {
    let (sales, lock) = locked().await;
    let working = sales.work().await;
    let canceled = async {
        sales.app.wait_until(HALTED).await;
        let job = job(&sales).await;
        let mut connection = sales.app.pool.acquire().await.expect("a connection");
        assert!(cancel(&mut connection, job).await.expect("it is canceled"));
    };
    let (answer, ()) = tokio::join!(sales.ask(QUERY), canceled);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
    lock.rollback().await.expect("the lock is given back");
    working.stop().await;
}

#[tokio::test]
async fn a_job_for_which_nobody_waits_is_stopped() {
    let (sales, lock) = locked().await;
    let working = sales.work().await;
    let gone = async {
        tokio::select! {
            answer = sales.ask(QUERY) => panic!("it is answered: {answer}"),
            () = sales.app.wait_until(HALTED) => {}
        }
    };
    gone.await;
    // The lock is still there.
    let (state, _, _) = sales.app.ended(job(&sales).await).await;
    assert_eq!(state, "succeeded");
    lock.rollback().await.expect("the lock is given back");
    let answered: i64 =
        sales.app.value("SELECT count(*) FROM lake_answer WHERE state = 'succeeded'").await;
    assert_eq!(answered, 0);
    working.stop().await;
}

#[tokio::test]
async fn too_little_memory_is_said_with_the_way_out() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let working = sales.work_with(&EngineOptions { memory: 20_000, spill: 0, ..OPTIONS }).await;
    let arguments = "groupBy: [PRODUCT, CUSTOMER, ORDER_DATE] ";
    let (code, message, _) = sales.refusal(arguments, &Scope::everything()).await;
    assert_eq!(code, "LAKE_LIMIT", "{message}");
    assert!(message.contains("LAKE_ENGINE_MEMORY"), "{message}");
    working.stop().await;
}
