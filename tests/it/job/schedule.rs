//! Due times, with the clock in the hands of the test.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use salesgraph::config::CronTimes;
use salesgraph::error::Result;
use salesgraph::job::loads::ScheduledLoad;
use salesgraph::job::{Due, Schedule, add};
use sqlx::PgConnection;

use super::queue::new_job;
use crate::support::TestApp;
use crate::support::jobs::Working;
use crate::support::sample::{self, PERSON};

struct Added;

impl Due for Added {
    fn add<'a>(&'a self, connection: &'a mut PgConnection) -> BoxFuture<'a, Result<()>> {
        async move { add(connection, new_job(None)).await.map(drop) }.boxed()
    }
}

fn times(expression: &str) -> CronTimes {
    CronTimes::parse(expression, "UTC".parse().expect("a zone")).expect("an expression")
}

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-05-{text}:00Z").parse().expect("a time")
}

async fn jobs(app: &TestApp) -> i64 {
    app.value("SELECT count(*) FROM job").await
}

#[tokio::test]
async fn a_due_time_adds_one_job_whatever_the_number_of_workers() {
    let app = TestApp::start().await;
    let schedules: Vec<Schedule> =
        (0..5).map(|_| Schedule::new("test", times("0 3 * * *"), Arc::new(Added))).collect();
    let all = async |now: &str| {
        let now = at(now);
        let ticks = schedules.iter().map(|schedule| schedule.tick(&app.pool, now));
        let added = join_all(ticks).await.into_iter().map(|tick| tick.expect("a tick"));
        added.filter(|added| *added).count()
    };
    assert_eq!(all("01T12:00").await, 0, "the first start begins from now");
    assert_eq!(all("02T02:59").await, 0);
    for day in ["02", "03", "04"] {
        assert_eq!(all(&format!("{day}T03:00")).await, 1, "{day}");
        assert_eq!(all(&format!("{day}T03:01")).await, 0, "{day}");
    }
    assert_eq!(jobs(&app).await, 3);
    // A clock that is behind changes nothing.
    assert_eq!(all("03T03:00").await, 0);

    // After days without a worker it is made up for once.
    assert_eq!(all("20T09:30").await, 1);
    assert_eq!(all("20T09:31").await, 0);
    assert_eq!(all("21T03:00").await, 1);
    assert_eq!(jobs(&app).await, 5);
}

#[tokio::test]
async fn a_changed_schedule_begins_anew() {
    let app = TestApp::start().await;
    let schedule =
        |expression| Schedule::new("test", times(expression), Arc::new(Added) as Arc<dyn Due>);
    assert!(!schedule("0 3 * * *").tick(&app.pool, at("01T12:00")).await.unwrap());
    assert!(!schedule("0 4 * * *").tick(&app.pool, at("09T12:00")).await.unwrap());
    assert!(schedule("0 4 * * *").tick(&app.pool, at("10T04:00")).await.unwrap());
    assert_eq!(jobs(&app).await, 1);
}

#[tokio::test]
async fn a_scheduled_load_waits_for_the_one_before() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &[PERSON]).await;
    let load =
        ScheduledLoad { source: app.source_uri(), mode: salesgraph::config::LoadMode::Merge };
    let schedule = Schedule::new("load", times("0 3 * * *"), Arc::new(load));
    schedule.tick(&app.pool, at("01T12:00")).await.unwrap();
    for day in ["02", "03"] {
        assert!(schedule.tick(&app.pool, at(&format!("{day}T03:00"))).await.unwrap());
    }
    assert_eq!(jobs(&app).await, 1, "the first one is still queued");
    let worker = Working::loading(&app).await;
    app.wait_until("SELECT state = 'succeeded' FROM load_run").await;
    app.wait_until("SELECT state = 'succeeded' FROM job").await;
    assert!(schedule.tick(&app.pool, at("04T03:00")).await.unwrap());
    assert_eq!(jobs(&app).await, 2);
    app.wait_until("SELECT count(*) = 2 FROM load_run WHERE state = 'succeeded'").await;
    worker.stop().await;
}
