//! Sums that the loader makes itself are those that Postgres makes, to the last digit.

use salesgraph::load::{BatchLimits, Outcome, Refresh, RunAs, RunSummary, SumLimits};
use sqlx::{AssertSqlSafe, Executor as _, Postgres, Transaction};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::real::real_files;
use crate::support::TestApp;
use crate::support::draw::Draw;
use crate::support::sales;
use crate::support::sample::{self, ALL};

/// Few orders at once, and room for few sums.
const TIGHT: SumLimits = SumLimits { many_orders: 1, orders_at_once: 7, groups: 5 };

/// The tables, and the functions by which Postgres makes their rows.
const TABLES: [[&str; 2]; 2] = [
    ["sales_by_product_day", "sales_by_product_day_since"],
    ["sales_by_day", "sales_by_day_since"],
];

const DUE: &str = "SELECT count(*) FROM derivation_due WHERE step = 'sales_rollup'";
const STORED: &str =
    "SELECT (SELECT count(*) FROM sales_by_product_day) + (SELECT count(*) FROM sales_by_day)";

/// Makes everything due, and nothing known.
const FORGET: &str = "TRUNCATE sales_by_product_day, sales_by_day; \
     INSERT INTO derivation_due SELECT step FROM derivation_step";

/// Sales of which orders have no lines, or several of a product.
async fn with_sales(seed: u64) -> TestApp {
    let app = TestApp::start().await;
    sales::insert(&app.pool, seed).await;
    app
}

fn refresh(app: &TestApp, sums: SumLimits) -> Refresh {
    let limits = BatchLimits { rows: 5_000, bytes: 1 << 20, record_bytes: 1 << 20 };
    Refresh { database: app.database(), limits, sums, stop: CancellationToken::new() }
}

async fn refreshed(app: &TestApp, sums: SumLimits) -> RunSummary {
    let summary = refresh(app, sums).run(RunAs::default()).await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded, "{summary:?}");
    summary
}

async fn execute(app: &TestApp, sql: &str) {
    app.pool.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.expect(sql);
}

/// Compares two tables of sums.
async fn assert_same(app: &TestApp, left: &str, right: &str, when: &str) {
    let sql = format!(
        "SELECT count(*) FROM ((SELECT * FROM {left} EXCEPT SELECT * FROM {right}) \
         UNION ALL (SELECT * FROM {right} EXCEPT SELECT * FROM {left})) AS other"
    );
    let other: i64 =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await.expect("a comparison");
    assert_eq!(other, 0, "{when}: {left} is not {right}");
}

async fn assert_right(app: &TestApp, when: &str) {
    for [table, since] in TABLES {
        assert_same(app, table, &format!("{since}(NULL)"), when).await;
    }
    assert_eq!(app.value::<i64>(DUE).await, 0, "{when}");
}

/// Keeps what Postgres makes of the lines now.
async fn keep(app: &TestApp) {
    for [table, since] in TABLES {
        execute(app, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {since}(NULL)")).await;
    }
}

/// A run that waits where it writes its first sums, until the returned transaction ends. It holds
/// so few that it has not read all lines by then.
async fn waiting(app: &TestApp) -> (JoinHandle<RunSummary>, Transaction<'static, Postgres>) {
    let mut holder = app.pool.begin().await.expect("a transaction");
    holder.execute("LOCK TABLE sales_by_product_day IN SHARE MODE").await.expect("locked");
    let run = refresh(app, TIGHT).run(RunAs::default());
    let run = tokio::spawn(async { run.await.expect("the run ends") });
    app.wait_until(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'salesgraph load' AND wait_event_type = 'Lock' \
         AND starts_with(query, 'COPY sales_by_product_day FROM'))",
    )
    .await;
    (run, holder)
}

#[tokio::test]
async fn they_are_right_whatever_has_changed() {
    let app = with_sales(71).await;
    let mut draw = Draw::new(71);
    // Keys follow days in no way, unlike those of real orders.
    for round in 0..24 {
        let mut when = String::new();
        for _ in 0..draw.between(1, 3) {
            when += &sales::change(&mut app.pool.acquire().await.unwrap(), &mut draw).await;
        }
        let most = if draw.flip() { 8 } else { 400 };
        let sums = SumLimits {
            many_orders: 1,
            orders_at_once: 1 + draw.below(40),
            groups: 1 + draw.below(most),
        };
        let is_new = round % 3 == 0;
        if is_new {
            execute(&app, FORGET).await;
        }
        let summary = refreshed(&app, sums).await;
        when += &format!(" with {sums:?}");
        assert_right(&app, &when).await;
        if is_new {
            let stored: i64 = app.value(STORED).await;
            assert_eq!(summary.steps[0].rows_written, stored, "each row is written once: {when}");
        }
    }
    execute(&app, "INSERT INTO derivation_due SELECT step FROM derivation_step").await;
    assert_eq!(refreshed(&app, TIGHT).await.steps[0].rows_written, 0, "all rows are right already");
    execute(&app, "TRUNCATE sales_order_line").await;
    refreshed(&app, TIGHT).await;
    assert_eq!(app.value::<i64>(STORED).await, 0, "there are orders, but no lines");
}

#[tokio::test]
async fn they_are_right_for_files_with_defects_and_for_the_real_files() {
    for is_real in [false, true] {
        let app = TestApp::start().await;
        if is_real {
            let Some(dir) = real_files() else { return };
            app.put_dir(&dir).await;
        } else {
            sample::defective().put(&app, &ALL).await;
        }
        app.load().await;
        assert_right(&app, "after the load").await;
        let stored: i64 = app.value(STORED).await;
        for sums in [SumLimits::default(), SumLimits { many_orders: 1, groups: 999, ..TIGHT }] {
            let sums = SumLimits { orders_at_once: 1_000, ..sums };
            execute(&app, FORGET).await;
            let summary = refreshed(&app, sums).await;
            assert_eq!(summary.steps[0].rows_written, stored);
            assert_right(&app, "after a refresh").await;
        }
    }
}

/// The last order is the largest that the schema has room for: it is not held in 64 bits.
#[tokio::test]
async fn what_the_loader_does_not_hold_is_summed_up_by_postgres() {
    let app = with_sales(72).await;
    refreshed(&app, TIGHT).await;
    let huge = "UPDATE sales_order SET sub_total = 999999999999999.9999, tax_amt = 0, freight = 0, \
         total_due = 999999999999999.9999 \
         WHERE sales_order_id = (SELECT max(sales_order_id) FROM sales_order_line)";
    execute(&app, huge).await;
    refreshed(&app, TIGHT).await;
    assert_right(&app, "beside rows that were there").await;
    execute(&app, FORGET).await;
    let summary = refreshed(&app, TIGHT).await;
    assert_right(&app, "anew").await;
    let stored: i64 = app.value(STORED).await;
    assert_eq!(summary.steps[0].rows_written, stored, "what was written before is taken back");
    let greatest: String = app.value("SELECT max(order_total)::text FROM sales_by_day").await;
    assert!(greatest.starts_with("1000000000"), "{greatest}");
}

#[tokio::test]
async fn what_is_committed_while_lines_are_read_is_left_to_the_next_run() {
    let app = with_sales(73).await;
    let mut draw = Draw::new(73);
    for _ in 0..4 {
        execute(&app, "DROP TABLE IF EXISTS kept_sales_by_product_day, kept_sales_by_day").await;
        execute(&app, FORGET).await;
        keep(&app).await;
        let (run, holder) = waiting(&app).await;
        let change = sales::small_change(&mut app.pool.acquire().await.unwrap(), &mut draw).await;
        // Whatever it was: this one changes every day.
        execute(&app, "UPDATE sales_order SET freight = freight + 1, total_due = total_due + 1")
            .await;
        holder.rollback().await.expect("released");
        assert_eq!(run.await.expect("it has run").outcome, Outcome::Succeeded);
        for [table, _] in TABLES {
            assert_same(&app, table, &format!("kept_{table}"), &change).await;
        }
        assert!(app.value::<i64>(DUE).await > 0, "{change}");
        refreshed(&app, TIGHT).await;
        assert_right(&app, &change).await;
    }
}

#[tokio::test]
async fn a_run_that_ends_in_the_middle_leaves_nothing() {
    let app = with_sales(74).await;
    execute(&app, FORGET).await;
    let due: i64 = app.value(DUE).await;
    let (run, holder) = waiting(&app).await;
    run.abort();
    assert!(run.await.is_err_and(|error| error.is_cancelled()));
    holder.rollback().await.expect("released");
    app.wait_until_no_loader().await;
    assert_eq!((app.value::<i64>(STORED).await, app.value::<i64>(DUE).await), (0, due));
    refreshed(&app, TIGHT).await;
    assert_right(&app, "the next run").await;
}

#[tokio::test]
async fn a_lost_connection_is_survived() {
    let app = with_sales(75).await;
    for lost in [
        "wait_event_type = 'Lock'",
        "wait_event_type <> 'Lock' AND starts_with(query, 'COPY (SELECT')",
    ] {
        execute(&app, FORGET).await;
        let (run, holder) = waiting(&app).await;
        let sql = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'salesgraph load' AND {lost}"
        );
        let ended: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&app.pool).await.expect("ended");
        assert!(ended > 0, "{lost}");
        holder.rollback().await.expect("released");
        assert_eq!(run.await.expect("it has run").outcome, Outcome::Succeeded, "{lost}");
        assert_right(&app, lost).await;
    }
}
