//! Adding jobs, canceling them, and working through them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use salesgraph::error::{Code, Error, Result};
use salesgraph::job::{self, Handler, NewJob, Run, Task};
use serde_json::json;
use sqlx::Connection as _;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::jobs::Working;

/// A job for the test's own handler.
pub(super) fn new_job(key: Option<&str>) -> NewJob {
    NewJob {
        task: Task::Report,
        key: key.map(str::to_owned),
        payload: json!({ "raw": "a secret", "number": 1 }),
        max_attempts: 3,
        run_at: None,
    }
}

pub(super) async fn add(app: &TestApp, job: NewJob) -> Uuid {
    job::add(&mut app.pool.acquire().await.expect("a connection"), job).await.expect("it is added")
}

/// Counts jobs and lets each pass a gate.
struct Gated {
    begun: AtomicUsize,
    gate: Semaphore,
}

impl Gated {
    fn new(open: usize) -> Arc<Self> {
        Arc::new(Self { begun: AtomicUsize::new(0), gate: Semaphore::new(open) })
    }
}

impl Handler for Gated {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            self.begun.fetch_add(1, Ordering::SeqCst);
            tokio::select! {
                permit = self.gate.acquire() => {
                    permit.expect("never closed").forget();
                    Ok(())
                }
                () = job.stop.cancelled() => Err(Error::new(Code::Conflict, "stopped")),
            }
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _: &'a Run, _: &'a Error) -> BoxFuture<'a, Result<()>> {
        std::future::ready(Ok(())).boxed()
    }
}

#[tokio::test]
async fn one_job_of_a_key_is_open_at_a_time() {
    let app = TestApp::start().await;
    let first = add(&app, new_job(Some("a"))).await;
    assert_eq!(add(&app, new_job(Some("a"))).await, first);
    assert_ne!(add(&app, new_job(Some("b"))).await, first);
    let other = add(&app, new_job(None)).await;
    assert_ne!(add(&app, new_job(None)).await, other);

    let handler = Gated::new(100);
    let worker = Working::on(&app, Task::Report, handler.clone());
    assert_eq!(app.ended(first).await, ("succeeded".to_owned(), 1, String::new()));
    assert_ne!(add(&app, new_job(Some("a"))).await, first, "its key is free again");
    worker.stop().await;
    let kept: String = app.value("SELECT payload::text FROM job ORDER BY id LIMIT 1").await;
    assert_eq!(kept, r#"{"number": 1}"#, "what must not stay stays");

    // Fifty at once are one job.
    let adding = (0..50).map(|_| add(&app, new_job(Some("many"))));
    let ids = futures_util::future::join_all(adding).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_job_is_added_with_the_transaction_of_its_caller_or_not_at_all() {
    let app = TestApp::start().await;
    let mut connection = app.pool.acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    job::add(&mut transaction, new_job(Some("a"))).await.unwrap();
    transaction.rollback().await.unwrap();
    drop(connection);
    assert_eq!(app.value::<i64>("SELECT count(*) FROM job").await, 0);
    let delivered = "SELECT count(*) FROM graphile_worker._private_jobs";
    assert_eq!(app.value::<i64>(delivered).await, 0);

    // It is begun although the worker was idle before.
    let handler = Gated::new(100);
    let worker = Working::on(&app, Task::Report, handler.clone());
    app.wait_until("SELECT count(*) > 0 FROM graphile_worker._private_workers").await;
    let job = add(&app, new_job(None)).await;
    assert_eq!(app.ended(job).await.0, "succeeded");
    worker.stop().await;
    assert_eq!(app.value::<i64>(delivered).await, 0, "deliveries are removed");
    assert_eq!(handler.begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_worker_goes_through_many_jobs_by_itself() {
    let app = TestApp::start().await;
    let handler = Gated::new(1000);
    for _ in 0..60 {
        add(&app, new_job(None)).await;
    }
    let worker = Working::on(&app, Task::Report, handler.clone());
    app.wait_until("SELECT count(*) = 60 FROM job WHERE state = 'succeeded'").await;
    worker.stop().await;
    assert_eq!(handler.begun.load(Ordering::SeqCst), 60, "each ran once");
}

#[tokio::test]
async fn a_canceled_job_is_not_begun_and_one_that_runs_is_stopped() {
    let app = TestApp::start().await;
    let cancel = async |id| {
        job::cancel(&mut app.pool.acquire().await.unwrap(), id).await.expect("it is canceled")
    };
    let queued = add(&app, new_job(None)).await;
    assert!(cancel(queued).await);
    assert!(!cancel(queued).await, "it was canceled before");

    let handler = Gated::new(0);
    let worker = Working::on(&app, Task::Report, handler.clone());
    let running = add(&app, new_job(None)).await;
    app.wait_until("SELECT count(*) = 1 FROM job WHERE state = 'running'").await;
    assert!(cancel(running).await);
    // The worker has only this one place free once it has noticed.
    let next = [add(&app, new_job(None)).await, add(&app, new_job(None)).await];
    app.wait_until("SELECT count(*) = 2 FROM job WHERE state = 'running'").await;
    handler.gate.add_permits(2);
    for job in next {
        assert_eq!(app.ended(job).await.0, "succeeded");
    }
    for job in [queued, running] {
        assert_eq!(app.ended(job).await.0, "canceled");
    }
    worker.stop().await;
    assert_eq!(handler.begun.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_stopped_worker_hands_its_job_to_another_at_once() {
    let app = TestApp::start().await;
    let (first, second) = (Gated::new(0), Gated::new(100));
    let worker = Working::on(&app, Task::Report, first.clone());
    let job = add(&app, new_job(None)).await;
    app.wait_until("SELECT count(*) = 1 FROM job WHERE state = 'running'").await;
    worker.stop().await;
    let back: (String, i32, Option<String>) =
        sqlx::query_as("SELECT state::text, attempts, worker FROM job")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert_eq!(back, ("queued".to_owned(), 0, None), "it is no attempt");
    let worker = Working::on(&app, Task::Report, second.clone());
    assert_eq!(app.ended(job).await.0, "succeeded");
    worker.stop().await;
}

#[tokio::test]
async fn jobs_are_counted_by_task_and_state() {
    let app = TestApp::start().await;
    add(&app, new_job(None)).await;
    add(&app, new_job(None)).await;
    let canceled = add(&app, NewJob { task: Task::Notify, ..new_job(None) }).await;
    app.run(&["jobs", "cancel", &canceled.to_string()]).await.expect(0);
    app.run(&["jobs", "cancel", &canceled.to_string()]).await.expect(1);
    let counts = job::counts(&app.pool).await.expect("counts");
    let counts: Vec<_> =
        counts.iter().map(|count| (&*count.task, &*count.state, count.jobs)).collect();
    assert_eq!(counts, [("notify", "canceled", 1), ("report", "queued", 2)]);
    app.run(&["jobs"]).await.expect(0).says(&["notify", "canceled", "queued"]);
    let listed = app.run(&["jobs", "list", "--state", "canceled"]).await.expect(0);
    let ids = listed.out.lines().filter(|line| line.contains("0/3"));
    assert!(ids.map(|line| line.contains(&canceled.to_string())).eq([true]), "{}", listed.out);
}
