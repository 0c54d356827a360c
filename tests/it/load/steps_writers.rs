//! Concurrent writes are derived, in whatever order they are committed.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::TestApp;
use crate::support::forecast::assert_as_worked_out;
use crate::support::sample::{self, ALL};

/// The latest order with a line of a product that the check of the forecast covers.
const ORDER: &str = "(SELECT sales_order_id FROM sales_order JOIN sales_order_line \
     USING (sales_order_id) WHERE product_id % 12 = 7 \
     ORDER BY order_date DESC, sales_order_id LIMIT 1)";

/// Moves that order to a much earlier day.
const MOVE: &str = "UPDATE sales_order SET order_date = order_date - interval '400 days' \
     WHERE sales_order_id = {order}";

/// Changes of its lines.
const CHANGES: [&str; 3] = [
    "INSERT INTO sales_order_line SELECT sales_order_id, 1000000, carrier_tracking_number, 99, \
       product_id, special_offer_id, 1, 0, 99, gen_random_uuid(), modified_date, source_file_id, \
       source_line, loaded_at \
     FROM sales_order_line WHERE sales_order_id = {order} AND product_id % 12 = 7 LIMIT 1",
    "UPDATE sales_order_line SET order_quantity = 77, unit_price = 1, unit_price_discount = 0, \
       line_total = 77 WHERE sales_order_id = {order}",
    "DELETE FROM sales_order_line WHERE sales_order_id = {order} AND product_id % 12 = 7",
];

/// Two concurrent writers of one order.
struct Writers {
    app: TestApp,
    order: i32,
}

impl Writers {
    async fn start() -> Self {
        let app = TestApp::start().await;
        sample::clean().put(&app, &ALL).await;
        app.load_small().await;
        let order = sqlx::query_scalar(AssertSqlSafe(ORDER)).fetch_one(&app.pool).await;
        Self { app, order: order.expect("an order") }
    }

    /// Writes in a transaction that stays open.
    fn write(&self, sql: &str) -> JoinHandle<PgConnection> {
        let database = self.app.database().application_name("writer");
        let sql = format!("BEGIN; {}", sql.replace("{order}", &self.order.to_string()));
        tokio::spawn(async move {
            let mut writer = PgConnection::connect_with(&database).await.expect("a connection");
            writer.execute(AssertSqlSafe(sql)).await.expect("it is written");
            writer
        })
    }

    async fn wait_until_one_is_blocked(&self) {
        let waiting = "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'writer' AND wait_event_type = 'Lock')";
        self.app.wait_until(waiting).await;
    }

    async fn derive(&self, when: &str) {
        self.app.load_small().await;
        assert_as_worked_out(&self.app.pool, when).await;
        let other: i64 = self
            .app
            .value(
                "SELECT count(*) FROM ((SELECT * FROM sales_by_product_day EXCEPT \
                   SELECT * FROM sales_by_product_day_since(NULL)) UNION ALL \
                 (SELECT * FROM sales_by_product_day_since(NULL) EXCEPT \
                   SELECT * FROM sales_by_product_day)) AS other",
            )
            .await;
        assert_eq!(other, 0, "{when}: sales by product and day");
    }
}

#[tokio::test]
async fn moving_an_order_waits_for_its_open_lines() {
    let writers = Writers::start().await;
    for change in CHANGES {
        let mut lines = writers.write(change).await.expect("no other writer");
        let moving = writers.write(MOVE);
        writers.wait_until_one_is_blocked().await;
        writers.derive("with lines open").await;
        lines.execute("COMMIT").await.expect("committed");
        let mut moving = moving.await.expect("it is moved");
        writers.derive("with an order open").await;
        moving.execute("COMMIT").await.expect("committed");
        writers.derive(change).await;
    }
}

#[tokio::test]
async fn lines_written_while_an_order_moves_count_on_its_new_day() {
    let writers = Writers::start().await;
    for change in CHANGES {
        let mut moving = writers.write(MOVE).await.expect("no other writer");
        let lines = writers.write(change);
        writers.wait_until_one_is_blocked().await;
        moving.execute("COMMIT").await.expect("committed");
        let mut lines = lines.await.expect("the lines are written");
        writers.derive("with lines open").await;
        lines.execute("COMMIT").await.expect("committed");
        writers.derive(change).await;
    }
}

/// Like two batches of a load.
#[tokio::test]
async fn lines_of_the_same_order_do_not_wait_for_each_other() {
    let writers = Writers::start().await;
    let first = writers.write(CHANGES[0]).await.expect("no other writer");
    let more = CHANGES[0].replace("1000000", "1000001");
    let limited = format!("SET LOCAL lock_timeout = '10s'; {more}");
    let mut second = writers.write(&limited).await.expect("it does not wait");
    second.execute("COMMIT").await.expect("committed");
    writers.derive("with a line open").await;
    first.close().await.expect("released");
}
