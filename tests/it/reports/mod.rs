//! Reports: from the mutation to the file.

mod faults;
mod kinds;
mod made;
mod once;
mod reconcile;
mod refuse;
mod scope;

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::support::reports::TestReports;
use crate::support::{TestApp, fixture};

/// Over the fixture, with a worker.
async fn started() -> TestReports {
    let mut reports = without_worker().await;
    reports.start_worker();
    reports
}

/// Over the fixture.
async fn without_worker() -> TestReports {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    TestReports::without_worker(app, Duration::from_secs(900)).await
}

fn lines(project: &str) -> Json {
    json!({ "kind": "SALES_LINES", "project": project })
}
