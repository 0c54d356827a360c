//! A line has the territory of its order, whoever writes which of them.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::sample::{self, ALL, DETAIL, HEADER};
use crate::support::{TestApp, fixture, write};

/// Lines with another territory than their order.
const WRONG: &str = "SELECT count(*) FROM sales_order_line AS line JOIN sales_order AS ordered \
     USING (sales_order_id) WHERE line.territory_id IS DISTINCT FROM ordered.territory_id";

async fn assert_right(app: &TestApp, when: &str) {
    assert_eq!(app.value::<i64>(WRONG).await, 0, "{when}");
}

async fn written(app: &TestApp, sql: &str) {
    assert!(write(&app.pool, sql).await > 0, "{sql}");
    assert_right(app, sql).await;
}

/// Appends columns of a line to those of its key and territory: `$` stands for what is given.
fn line(columns: &str, given: &str) -> String {
    format!(
        "INSERT INTO sales_order_line ({columns}, order_quantity, product_id, special_offer_id, \
           unit_price, unit_price_discount, line_total, rowguid, modified_date, source_file_id, \
           source_line) \
         SELECT {given}, 1, 1, 1, 1, 0, 1, gen_random_uuid(), '2026-01-01', 1, 1"
    )
}

#[tokio::test]
async fn a_load_gives_lines_the_territory_of_their_orders() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    let others: Vec<&str> = ALL.into_iter().filter(|key| *key != HEADER).collect();
    clean.put(&app, &others).await;
    app.load_small().await;
    let parked: i64 = app.value("SELECT count(*) FROM load_parked").await;
    assert_eq!(parked, clean.count(DETAIL), "the orders are missing");
    clean.put(&app, &[HEADER]).await;
    app.load_small().await;
    assert_right(&app, "lines that were parked").await;
    let territories: i64 =
        app.value("SELECT count(DISTINCT territory_id) FROM sales_order_line").await;
    assert!(territories > 1, "{territories}");

    // The same lines again, some of them changed.
    written(&app, "UPDATE sales_order SET territory_id = 9 WHERE territory_id = 1").await;
    write(&app.pool, "UPDATE sales_order_line SET order_quantity = 77, line_total = round(unit_price * (1 - unit_price_discount) * 77, 6), source_file_id = 0 WHERE sales_order_id % 3 = 0").await;
    let mut again = clean.file(DETAIL).to_vec();
    again.extend_from_slice(b"\r\n");
    app.put("sales/Sales.SalesOrderDetail-again.csv", again).await;
    let summary = app.load_small().await;
    assert!(summary.totals.updated > 0, "{summary:?}");
    assert_right(&app, "lines that were loaded again").await;

    // A newer version of the orders.
    let records: Vec<String> = clean.records(HEADER).iter().map(|it| moved(it)).collect();
    app.put("sales/Sales.SalesOrderHeader-new.csv", clean.with_records(HEADER, &records)).await;
    let summary = app.load_small().await;
    assert!(summary.totals.updated > 0, "{summary:?}");
    let elsewhere: i64 =
        app.value("SELECT count(*) FROM sales_order_line WHERE territory_id <> 77").await;
    assert_eq!(elsewhere, 0, "the lines have moved with their orders");
    assert_right(&app, "orders that were loaded again").await;
}

/// The record of an order, in territory 77 and changed much later.
fn moved(record: &str) -> String {
    let header = std::str::from_utf8(sample::clean().file(HEADER)).expect("UTF-8");
    let names: Vec<&str> = header.lines().next().expect("a header").split(SEPARATOR).collect();
    let mut values: Vec<&str> = record.split(SEPARATOR).collect();
    let at = |name: &str| names.iter().position(|own| *own == name).expect("a column");
    values[at("TerritoryID")] = "77";
    let modified = values[at("ModifiedDate")].replacen("20", "21", 1);
    values[at("ModifiedDate")] = &modified;
    values.join(SEPARATOR)
}

const SEPARATOR: &str = ";";

#[tokio::test]
async fn what_is_written_by_hand_is_corrected() {
    let app = TestApp::start().await;
    fixture::insert(&app.pool).await;
    assert_right(&app, "the fixture, which tells no territory").await;
    for change in [
        line("sales_order_id, sales_order_detail_id", "1001, 100"),
        line("sales_order_id, sales_order_detail_id, territory_id", "1001, 101, 99"),
        line("sales_order_id, sales_order_detail_id, territory_id", "1001, 101, 98")
            + " ON CONFLICT (sales_order_id, sales_order_detail_id) \
               DO UPDATE SET territory_id = excluded.territory_id",
        "UPDATE sales_order_line SET territory_id = 99 WHERE sales_order_id < 5000".to_owned(),
        "UPDATE sales_order_line SET territory_id = NULL".to_owned(),
        // To an order of another territory.
        "UPDATE sales_order_line SET sales_order_id = 2001, sales_order_detail_id = 200 \
         WHERE sales_order_id = 1001 AND sales_order_detail_id = 100"
            .to_owned(),
        "UPDATE sales_order SET territory_id = 5 WHERE sales_order_id < 5000".to_owned(),
        "UPDATE sales_order SET territory_id = NULL WHERE sales_order_id < 3000".to_owned(),
        "UPDATE sales_order SET territory_id = 6, order_date = order_date - interval '9 days'"
            .to_owned(),
        "WITH moved AS (UPDATE sales_order SET territory_id = 4 WHERE sales_order_id = 1001 \
         RETURNING sales_order_id) \
         UPDATE sales_order_line AS line SET order_quantity = 7, line_total = 7, unit_price = 1, \
         unit_price_discount = 0 FROM moved WHERE line.sales_order_id <> moved.sales_order_id"
            .to_owned(),
    ] {
        written(&app, &change).await;
    }
}

/// Two writers of the same order, each in a transaction.
struct Writers(TestApp);

impl Writers {
    /// Writes in a transaction that stays open.
    fn write(&self, sql: &str) -> JoinHandle<PgConnection> {
        let database = self.0.database().application_name("writer");
        let sql = format!("BEGIN; {sql}");
        tokio::spawn(async move {
            let mut writer = PgConnection::connect_with(&database).await.expect("a connection");
            writer.execute(AssertSqlSafe(sql)).await.expect("it is written");
            writer
        })
    }

    async fn wait_until_one_is_blocked(&self) {
        let waiting = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'writer' AND wait_event_type = 'Lock')";
        self.0.wait_until(waiting).await;
    }
}

const TRANSFER: &str = "UPDATE sales_order SET territory_id = 55 WHERE sales_order_id = 1003";

/// Changes of the lines of that order. The first brings the territory that it sees, as a load
/// does.
fn changes() -> [String; 4] {
    [
        line(
            "sales_order_id, sales_order_detail_id, territory_id",
            "1003, 300, (SELECT territory_id FROM sales_order WHERE sales_order_id = 1003)",
        ),
        "UPDATE sales_order_line SET order_quantity = order_quantity + 1, line_total = \
         round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6) \
         WHERE sales_order_id = 1003"
            .to_owned(),
        "UPDATE sales_order_line SET sales_order_id = 1003, sales_order_detail_id = 301 \
         WHERE sales_order_id = 2003 AND sales_order_detail_id = 1"
            .to_owned(),
        "DELETE FROM sales_order_line WHERE sales_order_id = 1003 AND sales_order_detail_id = 1"
            .to_owned(),
    ]
}

#[tokio::test]
async fn an_order_takes_lines_along_that_were_open() {
    for change in changes() {
        let writers = Writers(TestApp::start().await);
        fixture::insert(&writers.0.pool).await;
        let mut lines = writers.write(&change).await.expect("no other writer");
        let transfer = writers.write(TRANSFER);
        writers.wait_until_one_is_blocked().await;
        lines.execute("COMMIT").await.expect("committed");
        let mut transfer = transfer.await.expect("it is transferred");
        transfer.execute("COMMIT").await.expect("committed");
        assert_right(&writers.0, &change).await;
    }
}

#[tokio::test]
async fn lines_written_while_their_order_is_transferred_have_its_new_territory() {
    for change in changes() {
        let writers = Writers(TestApp::start().await);
        fixture::insert(&writers.0.pool).await;
        let mut transfer = writers.write(TRANSFER).await.expect("no other writer");
        let lines = writers.write(&change);
        writers.wait_until_one_is_blocked().await;
        transfer.execute("COMMIT").await.expect("committed");
        let mut lines = lines.await.expect("the lines are written");
        lines.execute("COMMIT").await.expect("committed");
        assert_right(&writers.0, &change).await;
    }
}

/// Both lock the lines before the order.
#[tokio::test]
async fn writers_of_an_order_and_of_its_lines_wait_in_one_direction() {
    let writers = Writers(TestApp::start().await);
    fixture::insert(&writers.0.pool).await;
    let first = "UPDATE sales_order_line SET carrier_tracking_number = '1' \
                 WHERE sales_order_id = 1003 AND sales_order_detail_id = 1; ";
    let second = "UPDATE sales_order_line SET carrier_tracking_number = '2' \
                  WHERE sales_order_id = 1003 AND sales_order_detail_id = 2; COMMIT";
    let mut lines = writers.write(first).await.expect("no other writer");
    let transfer = writers.write(TRANSFER);
    writers.wait_until_one_is_blocked().await;
    lines.execute(second).await.expect("it does not wait for who waits for it");
    let mut transfer = transfer.await.expect("it is transferred");
    transfer.execute("COMMIT").await.expect("committed");
    assert_right(&writers.0, "in turn").await;
}
