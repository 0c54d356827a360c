//! Workers that are killed, jobs that are canceled, callers who go away, memory that is too small.

use salesgraph::auth::Scope;
use salesgraph::job::{Handler as _, Run, cancel};
use salesgraph::lake::engine::EngineOptions;
use serde_json::{Value, json};
use sqlx::{Executor as _, Postgres, Transaction};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{OPTIONS, Sales};
use crate::support::jobs::start_worker;
use crate::support::lake::USUAL;
use crate::support::write;

const QUERY: &str = "{ salesAggregate(groupBy: PRODUCT, engine: LAKE) \
                     { nodes { measures { lineCount } } } }";
/// A worker is about to write its answer, and waits for the lock.
const HALTED: &str = "SELECT EXISTS (SELECT FROM pg_locks \
    WHERE relation = 'lake_answer_group'::regclass AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

/// Likewise two of them.
const BOTH_HALTED: &str = "SELECT count(*) = 2 FROM pg_locks \
    WHERE relation = 'lake_answer_group'::regclass AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
/// A question waits for a worker.
const QUEUED: &str = "SELECT count(*) = 1 FROM job WHERE task = 'lake_query'";

/// A lake, and a lock that keeps workers from writing their answers.
async fn locked() -> (Sales, Transaction<'static, Postgres>) {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let mut lock = sales.app.pool.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE lake_answer_group IN EXCLUSIVE MODE").await.expect("a lock");
    (sales, lock)
}

impl Sales {
    async fn execute(&self, sql: &'static str) {
        write(&self.app.pool, sql).await;
    }

    /// Asks, and compares with Postgres.
    async fn assert_answered(&self) {
        let answer = self.ask(QUERY).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        let postgres = self.ask(&QUERY.replace("LAKE", "POSTGRES")).await;
        assert_eq!(answer["data"], postgres["data"]);
    }
}

async fn job(sales: &Sales) -> Uuid {
    sales.app.value("SELECT id FROM job WHERE task = 'lake_query'").await
}

#[tokio::test]
async fn the_question_of_a_killed_worker_is_answered_by_another() {
    let (sales, lock) = locked().await;
    let asked = sales.ask(QUERY);
    let worked = async {
        let mut first = start_worker(&mut sales.app.lake_command());
        sales.app.wait_until(HALTED).await;
        first.kill().await.expect("it is killed");
        lock.rollback().await.expect("the lock is given back");
        start_worker(&mut sales.app.lake_command())
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
    sales.assert_answered().await;
    working.stop().await;
}

#[tokio::test]
async fn a_job_that_is_canceled_before_it_begins_is_replaced() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let canceled = async {
        sales.app.wait_until(QUEUED).await;
        let job = job(&sales).await;
        let mut connection = sales.app.pool.acquire().await.expect("a connection");
        assert!(cancel(&mut connection, job).await.expect("it is canceled"));
    };
    let (answer, ()) = tokio::join!(sales.ask(QUERY), canceled);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
    let working = sales.work().await;
    sales.assert_answered().await;
    working.stop().await;
}

#[tokio::test]
async fn a_job_that_ended_without_an_answer_is_replaced() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let ended = async {
        sales.app.wait_until(QUEUED).await;
        sales.execute("UPDATE job SET state = 'succeeded', finished_at = now()").await;
    };
    let (answer, ()) = tokio::join!(sales.ask(QUERY), ended);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
    let working = sales.work().await;
    sales.assert_answered().await;
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
    sales.execute("UPDATE lake_answer SET wanted_until = now()").await;
    // The lock is still there, so nothing can be answered.
    sales
        .app
        .wait_until("SELECT NOT EXISTS (SELECT FROM lake_answer WHERE state = 'queued')")
        .await;
    lock.rollback().await.expect("the lock is given back");
    let (state, _, _) = sales.app.ended(job(&sales).await).await;
    assert_eq!(state, "succeeded");
    let answered: i64 =
        sales.app.value("SELECT count(*) FROM lake_answer WHERE state = 'succeeded'").await;
    assert_eq!(answered, 0);
    sales.assert_answered().await;
    working.stop().await;
}

#[tokio::test]
async fn who_asks_again_finds_the_job_that_has_begun() {
    let (sales, lock) = locked().await;
    let working = sales.work().await;
    let kept = "SELECT bool_and(wanted_until > now() + interval '1 minute') FROM lake_answer";
    tokio::select! {
        answer = sales.ask(QUERY) => panic!("it is answered: {answer}"),
        () = sales.app.wait_until(kept) => {}
    }
    let asked = sales.ask(QUERY);
    let unlocked = async {
        sales.app.wait_until(HALTED).await;
        lock.rollback().await.expect("the lock is given back");
    };
    let (answer, ()) = tokio::join!(asked, unlocked);
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let jobs: i64 = sales.app.value("SELECT count(*) FROM job WHERE task = 'lake_query'").await;
    assert_eq!(jobs, 1);
    working.stop().await;
}

#[tokio::test]
async fn two_workers_at_one_question_answer_it_once() {
    let (sales, lock) = locked().await;
    let handler = sales.handler(&OPTIONS).await;
    let asked = sales.ask(QUERY);
    let answered = async {
        sales.app.wait_until(QUEUED).await;
        let id: Uuid = sales.app.value("SELECT id FROM lake_answer").await;
        let run = |attempt| Run {
            id: Uuid::nil(),
            attempt,
            max_attempts: 3,
            payload: json!({ "answer": id }),
            stop: CancellationToken::new(),
        };
        // As when the first was taken for dead, and then goes on.
        let (first, second) = (run(1), run(2));
        let unlocked = async {
            sales.app.wait_until(BOTH_HALTED).await;
            lock.rollback().await.expect("the lock is given back");
        };
        let (first, second, ()) = tokio::join!(handler.run(&first), handler.run(&second), unlocked);
        first.expect("one answers");
        second.expect("the other leaves it at that");
    };
    let (answer, ()) = tokio::join!(asked, answered);
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let postgres = sales.ask(&QUERY.replace("LAKE", "POSTGRES")).await;
    assert_eq!(answer["data"], postgres["data"]);
    let twice: i64 =
        sales.app.value("SELECT count(*) - count(DISTINCT keys) FROM lake_answer_group").await;
    assert_eq!(twice, 0);
}

#[tokio::test]
async fn an_answer_that_vanishes_is_no_answer_without_groups() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    sales.assert_answered().await;
    working.stop().await;
    let mut lock = sales.app.pool.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE lake_answer_group IN ACCESS EXCLUSIVE MODE").await.expect("a lock");
    let vanished = async {
        sales.app.wait_until(HALTED).await;
        lock.execute("DELETE FROM lake_answer").await.expect("it is removed");
        lock.commit().await.expect("it is committed");
    };
    let (answer, ()) = tokio::join!(sales.ask(QUERY), vanished);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer}");
    assert_eq!(answer["data"]["salesAggregate"], Value::Null);
}

#[tokio::test]
async fn a_change_while_the_lake_is_asked_is_not_mixed_with_the_lines() {
    for is_written in [false, true] {
        let (sales, lock) = locked().await;
        let working = sales.work().await;
        // Postgres is asked for the keys first.
        let query =
            QUERY.replace("engine", r#"filter: { product: { color: { ieq: "mauve" } } }, engine"#);
        let changed = async {
            sales.app.wait_until(HALTED).await;
            sales.execute("UPDATE product SET color = 'Mauve' WHERE product_id = 2").await;
            if is_written {
                sales.write_lake(USUAL).await;
            }
            lock.rollback().await.expect("the lock is given back");
        };
        let (answer, ()) = tokio::join!(sales.ask(&query), changed);
        if is_written {
            let postgres = sales.ask(&query.replace("LAKE", "POSTGRES")).await;
            assert_eq!(answer["errors"], Value::Null, "{answer}");
            assert_eq!(answer["data"], postgres["data"]);
            assert_ne!(answer["data"]["salesAggregate"]["nodes"], json!([]));
        } else {
            assert_eq!(answer["errors"][0]["extensions"]["code"], "LAKE_OUTDATED", "{answer}");
        }
        working.stop().await;
    }
}

#[tokio::test]
async fn of_too_many_groups_those_are_kept_that_were_wanted_last() {
    let sales = Sales::start(1).await;
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    sales.assert_answered().await;
    sales.execute("UPDATE lake_answer SET groups = 10000000").await;
    let answer = sales.ask(&QUERY.replace("PRODUCT", "ONLINE")).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    sales.app.wait_until("SELECT max(groups) < 1000 FROM lake_answer").await;
    sales.assert_answered().await;
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
