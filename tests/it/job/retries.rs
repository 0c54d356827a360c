//! What becomes of jobs that fail.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use salesgraph::error::{Code, Error, Result};
use salesgraph::job::{Handler, Run, Task};

use super::queue::{add, new_job};
use crate::support::TestApp;
use crate::support::jobs::Working;

/// Fails with these codes, one after the other, then succeeds; records what it is told.
struct Failing {
    codes: Mutex<VecDeque<Option<Code>>>,
    /// Attempts as the handler saw them.
    attempts: Mutex<Vec<i32>>,
    gave_up: Mutex<Vec<String>>,
}

impl Failing {
    /// `None` panics.
    fn with(codes: &[Option<Code>]) -> Arc<Self> {
        Arc::new(Self {
            codes: Mutex::new(codes.iter().copied().collect()),
            attempts: Mutex::default(),
            gave_up: Mutex::default(),
        })
    }
}

impl Handler for Failing {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            self.attempts.lock().unwrap().push(job.attempt);
            match self.codes.lock().unwrap().pop_front() {
                None => Ok(()),
                Some(Some(code)) => Err(Error::new(code, "because of the test")),
                Some(None) => panic!("because of the test"),
            }
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, _: &'a Run, error: &'a Error) -> BoxFuture<'a, Result<()>> {
        self.gave_up.lock().unwrap().push(error.message().to_owned());
        std::future::ready(Ok(())).boxed()
    }
}

/// Runs one job; gives its end, the attempts, and what was said when it was given up.
async fn end_of(codes: &[Option<Code>]) -> ((String, i32, String), Vec<i32>, Vec<String>) {
    let app = TestApp::start().await;
    let handler = Failing::with(codes);
    let worker = Working::on(&app, Task::Report, handler.clone());
    let job = add(&app, new_job(None)).await;
    // Pauses between attempts are no part of this test.
    let impatient = tokio::spawn({
        let pool = app.pool.clone();
        async move {
            loop {
                let _ = sqlx::query(
                    "UPDATE graphile_worker._private_jobs SET run_at = now() \
                     WHERE run_at > now() AND locked_at IS NULL",
                )
                .execute(&pool)
                .await;
                // The polling interval.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    });
    let end = app.ended(job).await;
    impatient.abort();
    worker.stop().await;
    let attempts = handler.attempts.lock().unwrap().clone();
    let gave_up = handler.gave_up.lock().unwrap().clone();
    (end, attempts, gave_up)
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let codes = [Some(Code::Unavailable), Some(Code::Timeout)];
    let (end, attempts, gave_up) = end_of(&codes).await;
    assert_eq!(end, ("succeeded".to_owned(), 3, String::new()));
    assert_eq!((attempts, gave_up), (vec![1, 2, 3], vec![]));
}

#[tokio::test]
async fn after_its_last_attempt_a_job_is_given_up() {
    let (end, attempts, gave_up) = end_of(&[Some(Code::Unavailable); 4]).await;
    assert_eq!(end, ("failed".to_owned(), 3, "UNAVAILABLE: because of the test".to_owned()));
    assert_eq!((attempts, gave_up), (vec![1, 2, 3], vec!["because of the test".to_owned()]));
}

#[tokio::test]
async fn what_will_fail_again_is_given_up_at_once() {
    for code in [Code::NotFound, Code::BadUserInput, Code::Config, Code::Internal] {
        let (end, attempts, gave_up) = end_of(&[Some(code)]).await;
        assert_eq!((end.0.as_str(), end.1, attempts), ("failed", 1, vec![1]), "{code:?}");
        assert_eq!(gave_up, ["because of the test"], "{code:?}");
    }
    let (end, _, gave_up) = end_of(&[None]).await;
    assert_eq!(end, ("failed".to_owned(), 1, "INTERNAL: the job panicked".to_owned()));
    assert_eq!(gave_up, ["the job panicked"]);
}

#[tokio::test]
async fn waiting_for_a_lock_is_no_attempt() {
    let (end, attempts, _) = end_of(&[Some(Code::Locked); 5]).await;
    assert_eq!(end, ("succeeded".to_owned(), 1, String::new()));
    assert_eq!(attempts, [1; 6]);
}
