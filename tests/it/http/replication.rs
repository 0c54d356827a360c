//! Changes that fire no ordinary triggers: answers, sales by day and territories of lines are
//! right after each of them, from servers that had answered before.

use std::path::Path;

use salesgraph::embedded::postgres::{Postgres, PostgresOptions};
use salesgraph::load::{BatchLimits, Outcome, Refresh, RunAs, SumLimits};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::freshness::{ask, node};
use crate::support::cluster::is_left_out;
use crate::support::http::TestServer;
use crate::support::ledger::wait_until;
use crate::support::sample::{self, PERSON};
use crate::support::servers::{Servers, state_dir};
use crate::support::{TestApp, fixture, write};

/// What each change below may change: rows, sales by day and by product, and lines by territory.
const DOCUMENTS: [&str; 4] = [
    "{ person(businessEntityId: 1) { firstName } }",
    "{ salesAggregate(groupBy: [ORDER_DATE]) { nodes { key { orderDate } measures { lineCount
        orderCount orderQuantity { sum } lineTotal { sum } } } } }",
    "{ salesAggregate(groupBy: [PRODUCT]) { nodes { key { product { productId } } measures {
        lineCount lineTotal { sum } } } } }",
    "{ salesOrderLines(filter: {salesOrderId: {lt: 4000}}, first: 100) { totalCount nodes {
        salesOrderId salesOrderDetailId orderQuantity lineTotal order { orderDate totalDue } } } }",
];

const CHANGES: [&str; 9] = [
    "UPDATE person SET first_name = 'changed' WHERE business_entity_id = 1",
    "UPDATE sales_order SET order_date = '2011-05-30' WHERE sales_order_id = 1001",
    "UPDATE sales_order SET order_date = '2011-06-02',
     sub_total = sub_total + 1, total_due = total_due + 1 WHERE sales_order_id = 1002",
    "UPDATE sales_order_line SET order_quantity = 7,
        line_total = unit_price * (1 - unit_price_discount) * 7
     WHERE sales_order_id = 1001 AND sales_order_detail_id = 1",
    "UPDATE sales_order SET territory_id = 7 WHERE sales_order_id = 1001",
    "DELETE FROM sales_order_line WHERE sales_order_id = 2003",
    "INSERT INTO sales_order_line (sales_order_id, sales_order_detail_id, order_quantity,
        product_id, special_offer_id, unit_price, unit_price_discount, line_total, rowguid,
        modified_date, source_file_id, source_line)
     SELECT sales_order_id, 500, 3, 9, 1, 10, 0, 30, '00000000-0000-0000-0000-000000000006',
        '2011-05-31', 1, 1 FROM sales_order WHERE sales_order_id < 4000",
    "UPDATE person SET first_name = 'again' WHERE business_entity_id = 1",
    "TRUNCATE sales_order_line",
];

/// The data of an answer.
async fn data(server: &TestServer, document: &str) -> Value {
    let mut answer = ask(server, document).await.json();
    assert_eq!(answer["errors"], Value::Null, "{document}");
    answer["data"].take()
}

/// How many lines have another territory than their order.
const WRONG_TERRITORIES: &str = "SELECT count(*) FROM sales_order_line AS line
    JOIN sales_order AS ordered USING (sales_order_id)
    WHERE line.territory_id IS DISTINCT FROM ordered.territory_id";

/// The answers are those of the rows: a server that never answered before gives the same, and
/// sales by day are what the lines come to.
async fn assert_fresh(url: &str, pool: &PgPool, warm: &TestServer, after: &str) {
    let cold = node(url).await;
    for document in DOCUMENTS {
        let expected = data(&cold, document).await;
        assert_eq!(data(warm, document).await, expected, "{document} after {after}");
        // Again, from the cache where it may be.
        assert_eq!(data(warm, document).await, expected, "{document} after {after}");
    }
    let by_day = "SELECT count(*) FROM ((SELECT order_date::date, line_count, order_count,
            order_total, line_total_sum FROM current_sales_by_day
        EXCEPT SELECT order_date, line_count, order_count, order_total, line_total_sum
            FROM sales_by_day_since(NULL))
        UNION ALL (SELECT order_date, line_count, order_count, order_total, line_total_sum
            FROM sales_by_day_since(NULL)
        EXCEPT SELECT order_date::date, line_count, order_count, order_total, line_total_sum
            FROM current_sales_by_day)) AS other";
    for (what, sql) in [("days differ", by_day), ("wrong territories", WRONG_TERRITORIES)] {
        let count: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.expect(what);
        assert_eq!(count, 0, "{what} after {after}");
    }
}

/// Sales are precomputed.
async fn filled() -> TestApp {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    sample::clean().put(&app, &[PERSON]).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    let days: i64 = app.value("SELECT count(*) FROM sales_by_day").await;
    assert!(days > 0, "nothing is precomputed");
    app
}

async fn unwatched(pool: &PgPool) -> i64 {
    let sql = "SELECT count(*) FROM unwatched_trigger";
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the triggers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_a_replica_changes_nothing_unseen() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let app = filled().await;
    let server = node(&app.database_url()).await;
    let mut session = PgConnection::connect(&app.database_url()).await.expect("a connection");
    session.execute("SET session_replication_role = replica").await.expect("a superuser");
    for change in CHANGES {
        for document in DOCUMENTS {
            data(&server, document).await;
        }
        session.execute(change).await.expect(change);
        assert_fresh(&app.database_url(), &app.pool, &server, change).await;
    }
    assert_eq!(unwatched(&app.pool).await, 0);
}

/// As `pg_restore --disable-triggers` does for each table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disabled_triggers_leave_no_answer_old() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    const TABLES: [&str; 3] = ["person", "sales_order", "sales_order_line"];
    let app = filled().await;
    let server = node(&app.database_url()).await;
    let set = async |to: &str| {
        for table in TABLES {
            let sql = format!("ALTER TABLE {table} {to} TRIGGER ALL");
            app.pool.execute(AssertSqlSafe(sql)).await.expect(to);
        }
    };
    for change in CHANGES.into_iter().filter(|it| !it.contains("territory_id")) {
        for document in DOCUMENTS {
            data(&server, document).await;
        }
        set("DISABLE").await;
        for document in DOCUMENTS {
            data(&server, document).await;
        }
        app.pool.execute(change).await.expect(change);
        write(
            &app.pool,
            "UPDATE sales_order_line AS line SET territory_id = ordered.territory_id
            FROM sales_order AS ordered
            WHERE ordered.sales_order_id = line.sales_order_id",
        )
        .await;
        assert_fresh(&app.database_url(), &app.pool, &server, change).await;
        set("ENABLE").await;
        assert_fresh(&app.database_url(), &app.pool, &server, "ENABLE TRIGGER ALL").await;
    }
    assert!(unwatched(&app.pool).await > 0, "ENABLE TRIGGER ALL makes ordinary triggers");
    let due = "SELECT since::text FROM sales_rollup_due";
    let since: String = app.value(due).await;
    assert_eq!(since, "-infinity");

    // The next run puts them back, and makes anew what is derived.
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    assert_eq!(unwatched(&app.pool).await, 0);
    let since: String = app.value(due).await;
    assert_eq!(since, "infinity");
    assert_fresh(&app.database_url(), &app.pool, &server, "the load").await;
}

async fn server(state: &Path) -> Postgres {
    let settings = [("wal_level", "logical"), ("fsync", "off"), ("max_connections", "60")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let options = PostgresOptions { state_dir: state.to_owned(), port: None, settings };
    Postgres::start(options).await.expect("Postgres starts")
}

/// What a subscriber needs: the data, not what is made of them.
const PUBLICATION: &str = "CREATE PUBLICATION sales FOR TABLE person, product, customer,
    special_offer_product, sales_order, sales_order_line, store, territory, currency_rate,
    product_inventory, load_file";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logical_replica_answers_as_the_publisher_does() {
    let (publisher, subscriber) =
        (server(&state_dir("publisher")).await, server(&state_dir("subscriber")).await);
    let from = TestApp::start_on(Servers::on(&publisher).await).await;
    let to = TestApp::start_on(Servers::on(&subscriber).await).await;
    fixture::insert(&from.pool).await;
    from.pool.execute(PUBLICATION).await.expect("a publication");
    let (here, there) = (node(&to.database_url()).await, node(&from.database_url()).await);
    for document in DOCUMENTS {
        data(&here, document).await;
    }
    let database = from.database().get_database().expect("a database").to_owned();
    let subscribe = format!(
        "CREATE SUBSCRIPTION sales CONNECTION '{}' PUBLICATION sales",
        publisher.url_for(&database)
    );
    to.pool.execute(AssertSqlSafe(subscribe)).await.expect("a subscription");
    let copied = "(SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel)";
    wait_until(&to.pool, copied).await;
    assert_fresh(&to.database_url(), &to.pool, &here, "the first copy").await;

    for change in CHANGES {
        for document in DOCUMENTS {
            data(&here, document).await;
        }
        from.pool.execute(change).await.expect(change);
        let position: String = from.value("SELECT pg_current_wal_lsn()::text").await;
        let applied =
            format!("(SELECT bool_and(replay_lsn >= '{position}') FROM pg_stat_replication)");
        wait_until(&from.pool, &applied).await;
        assert_fresh(&to.database_url(), &to.pool, &here, change).await;
        for document in DOCUMENTS {
            assert_eq!(data(&here, document).await, data(&there, document).await, "{change}");
        }
    }
    // Nobody loads on a replica: its notes must not pile up.
    let notes: i64 = to.value("SELECT count(*) FROM derivation_due").await;
    let steps: i64 = to.value("SELECT count(*) FROM derivation_step").await;
    assert!(notes <= 3 * steps, "{notes} notes");
    let stop = CancellationToken::new();
    let limits = BatchLimits { rows: 5_000, bytes: 1 << 20, record_bytes: 1 << 20 };
    let refresh = Refresh { database: to.database(), limits, sums: SumLimits::default(), stop };
    let summary = refresh.run(RunAs::default()).await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::Succeeded);
    let notes: i64 = to.value("SELECT count(*) FROM derivation_due").await;
    assert_eq!(notes, 0, "the run has taken them in");
    assert_fresh(&to.database_url(), &to.pool, &here, "the refresh").await;

    to.pool.execute("DROP SUBSCRIPTION sales").await.expect("unsubscribed");
    subscriber.stop().await.expect("Postgres stops");
    publisher.stop().await.expect("Postgres stops");
}
