//! Faults: of workers, of S3 and of Postgres. In the end each report is complete, with the
//! right hash, or has failed with a reason; no object is partial, no upload is left open, and
//! none was made twice.

use std::time::Duration;

use salesgraph::auth::Scope;
use salesgraph::embedded::postgres::Crash;
use salesgraph::storage::S3Settings;
use serde_json::{Value as Json, json};
use sqlx::Executor as _;
use tokio::process::Child;
use tokio::time::sleep;

use super::lines;
use crate::support::draw::Draw;
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::reports::TestReports;
use crate::support::servers::{Servers, start_postgres, state_dir};
use crate::support::{TestApp, fixture, write};

const INTERVAL: Duration = Duration::from_secs(900);

/// Some 60,000 more lines, so that a file has several parts.
const MORE_LINES: &str = "
    INSERT INTO sales_order_line (sales_order_id, sales_order_detail_id, order_quantity,
        product_id, special_offer_id, unit_price, unit_price_discount, line_total, rowguid,
        modified_date, source_file_id, source_line)
    SELECT sales_order_id, 100 + n, 2, 1 + n % 20, 1 + n % 2, 2024.994, 0.02, 3968.988240,
        '00000000-0000-0000-0000-000000000006', '2011-05-31', 1, n
    FROM sales_order, generate_series(1, 340) n";

async fn filled(app: TestApp) -> TestApp {
    fixture::insert(&app.pool).await;
    write(&app.pool, MORE_LINES).await;
    app
}

/// Asks for so many reports and gives their ids.
async fn request(test: &TestReports, count: usize) -> Vec<Json> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let mut input = lines(&format!("number {number}"));
        if number % 4 == 3 {
            input["format"] = json!(["CSV_GZIP", "PARQUET"][number / 4 % 2]);
        }
        let requested = test.request(&Scope::everything(), input).await;
        assert_eq!(requested["reused"], false);
        ids.push(requested["report"]["id"].clone());
    }
    ids
}

/// Waits for all of them, and checks what is left in the bucket. Tells how many succeeded.
async fn settled(test: &TestReports, ids: &[Json]) -> usize {
    let all = Scope::everything();
    let (mut expected, mut succeeded) = (Vec::new(), 0);
    let rows: i64 = test.app.value("SELECT count(*) FROM sales_order_line").await;
    for id in ids {
        let report = test.ended(&all, id).await;
        if report["state"] == "SUCCEEDED" {
            succeeded += 1;
            assert_eq!(report["rowCount"], rows, "{report}");
            test.file(&report).await;
            let key = report["key"].as_str().expect("a key").to_owned();
            let stem = key.split_once('.').expect("an extension").0.to_owned();
            expected.extend([format!("{stem}.manifest.json"), key]);
        } else {
            assert_eq!(report["state"], "FAILED", "{report}");
            assert!(report["error"]["message"].is_string(), "a failure has a reason: {report}");
        }
    }
    // What a worker could not remove, the sweep does.
    test.reports.sweep(&test.app.pool, Duration::ZERO).await.expect("S3 is well again");
    let mut found: Vec<String> = test.objects().await.into_iter().map(|it| it.key).collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "one file for each report, and nothing else");
    assert_eq!(test.open_uploads().await, [], "no upload is left open");
    succeeded
}

fn worker(app: &TestApp) -> Child {
    let mut command = app.command();
    command.arg("worker").env("LOAD_SCHEDULE", "off").env("WORKER_DEAD_AFTER", "2s");
    command.env("RUST_LOG", "warn").stdout(std::process::Stdio::null());
    command.spawn().expect("the worker starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_killed_thirty_times_make_each_report_once() {
    let app = filled(TestApp::start().await).await;
    let test = TestReports::without_worker(app, INTERVAL).await;
    let ids = request(&test, 20).await;
    let mut draw = Draw::new(11);
    let mut workers = [worker(&test.app), worker(&test.app)];
    // However fast the machine is: two reports at the least are cut while they are read.
    let mut lock = test.app.pool.begin().await.expect("a transaction");
    lock.execute("LOCK TABLE sales_order_line").await.expect("the lock");
    test.app.wait_until("(SELECT count(*) FROM report WHERE state = 'running') >= 2").await;
    for worker in &mut workers {
        worker.kill().await.expect("it is killed");
    }
    lock.rollback().await.expect("no lock any more");
    workers = [worker(&test.app), worker(&test.app)];
    for _ in 0..28 {
        // No synchronisation: any moment is as good as another.
        sleep(Duration::from_millis(draw.below(400) as u64)).await;
        let victim = draw.below(workers.len());
        workers[victim].kill().await.expect("it is killed");
        workers[victim] = worker(&test.app);
    }
    for id in &ids {
        test.ended(&Scope::everything(), id).await;
    }
    // One that was taken for dead may still be at a report that another has made.
    for worker in &mut workers {
        worker.kill().await.expect("it is killed");
    }
    let succeeded = settled(&test, &ids).await;
    assert!(succeeded > 0, "the last workers were not killed");
    let attempts: i64 = test.app.value("SELECT sum(attempt) FROM report").await;
    assert!(attempts >= 22, "two were cut while they were read: {attempts} attempts");
}

async fn over_s3(fault: impl Fn(usize) -> Fault + Send + 'static) -> (TestReports, FaultProxy) {
    let app = filled(TestApp::start().await).await;
    let endpoint = app.s3().endpoint_url.clone().expect("an endpoint");
    let proxy = FaultProxy::start(&endpoint, fault).await;
    let s3 = S3Settings { endpoint_url: Some(proxy.endpoint()), ..app.s3().clone() };
    (TestReports::over(app, &s3, INTERVAL).await, proxy)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_in_the_middle_of_a_part_leave_nothing_behind() {
    // A part has 8 MiB, so these cuts are within one.
    let (mut test, proxy) = over_s3(|number| match number {
        0..=11 => Fault::CutAfter(1 << (14 + number % 10)),
        _ => Fault::Pass,
    })
    .await;
    let ids = request(&test, 6).await;
    test.start_worker();
    assert_eq!(settled(&test, &ids).await, 6);
    assert!(proxy.connections() > 12, "the cuts came while reports were made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_wait_for_an_s3_that_refuses() {
    let (mut test, _proxy) = over_s3(|number| match number {
        0..=7 => Fault::Refuse,
        _ => Fault::Pass,
    })
    .await;
    let ids = request(&test, 3).await;
    test.start_worker();
    assert_eq!(settled(&test, &ids).await, 3);
}

/// S3 that never comes back: the reports fail with a reason, and are not made for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_s3_a_report_fails_with_a_reason() {
    let (mut test, _proxy) = over_s3(|_| Fault::Refuse).await;
    let ids = request(&test, 1).await;
    // The pauses between five attempts take minutes.
    let once = "UPDATE job SET max_attempts = 1 WHERE task = 'report'";
    test.app.pool.execute(once).await.expect("the job");
    test.start_worker();
    let report = test.ended(&Scope::everything(), &ids[0]).await;
    assert_eq!(report["state"], "FAILED", "{report}");
    assert_eq!(report["error"]["code"], "UNAVAILABLE", "{report}");
    test.app.wait_until("SELECT state = 'failed' FROM job WHERE task = 'report'").await;
    let jobs = test.ask(&Scope::everything(), DEAD_JOBS, json!({})).await;
    assert_eq!(jobs["data"]["jobs"]["totalCount"], 1, "a dead job is visible: {jobs}");
}

const DEAD_JOBS: &str =
    "{ jobs(filter: {state: {eq: FAILED}, task: {eq: REPORT}}) { totalCount } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_survive_restarts_of_postgres() {
    let mut postgres = start_postgres(&state_dir("reports")).await;
    let app = filled(TestApp::start_on(Servers::on(&postgres).await).await).await;
    let mut test = TestReports::without_worker(app, INTERVAL).await;
    let ids = request(&test, 8).await;
    test.start_worker();
    for made in [1, 3] {
        test.app
            .wait_until(&format!(
                "(SELECT count(*) FROM report WHERE state = 'succeeded') >= {made}"
            ))
            .await;
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
    }
    assert_eq!(settled(&test, &ids).await, 8);
    test.stop_worker().await;
    postgres.stop().await.expect("Postgres stops");
}
