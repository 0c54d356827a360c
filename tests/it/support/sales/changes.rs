//! Changes of sales by hand, as with a database client.

use sqlx::PgConnection;

use crate::support::draw::Draw;
use crate::support::servers::servers;
use crate::support::write_over;

/// Each takes a random order as `$order` and numbers as `$days` and `$number`.
const CHANGES: [&str; 10] = [
    // Lines are inserted, updated, moved to another order or product, deleted.
    "INSERT INTO sales_order_line SELECT sales_order_id, $number, NULL, 7, product_id, special_offer_id,
         12.5, 0, 87.5, rowguid, modified_date, 1, 1, now()
     FROM sales_order_line WHERE sales_order_id = $order LIMIT 1",
    "INSERT INTO sales_order_line SELECT $order, $number, NULL, 2, product_id, special_offer_id, 0.3333,
         0, 0.6666, rowguid, modified_date, 1, 1, now() FROM special_offer_product
     WHERE special_offer_id = 1 AND product_id = 1 + $number % 10",
    "UPDATE sales_order_line SET order_quantity = order_quantity + 1,
         line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6)
     WHERE sales_order_id BETWEEN $order AND $order + 2",
    "UPDATE sales_order_line SET product_id = 1 + (product_id + $number) % 10
     WHERE sales_order_id = $order",
    MOVE,
    "DELETE FROM sales_order_line WHERE sales_order_id = $order",
    // Orders move to another day, of the same month or not; their totals change.
    "UPDATE sales_order SET order_date = order_date + interval '1 day' * $days, due_date = 'infinity'
     WHERE sales_order_id = $order",
    "UPDATE sales_order SET sub_total = sub_total + 0.0001, total_due = total_due + 0.0001
     WHERE sales_order_id >= $order",
    "INSERT INTO sales_order (sales_order_id, revision_number, order_date, due_date, status,
         online_order_flag, sales_order_number, customer_id, bill_to_address_id, ship_to_address_id,
         ship_method_id, sub_total, tax_amt, freight, total_due, rowguid, modified_date,
         source_file_id, source_line)
     SELECT $number, 1, order_date + interval '1 day' * $days, 'infinity', 5, true, 'SO', 1, 1, 1, 1,
         1, 0, 0, 1, rowguid, modified_date, 1, 1 FROM sales_order WHERE sales_order_id = $order;
     INSERT INTO sales_order_line SELECT $number, product_id, NULL, 1, product_id, special_offer_id, 1, 0, 1,
         rowguid, modified_date, 1, 1, now()
     FROM special_offer_product WHERE special_offer_id = 1 AND product_id < 4",
    "DELETE FROM sales_order_line WHERE sales_order_id = $order;
     DELETE FROM sales_order WHERE sales_order_id = $order",
];

const MOVE: &str = "UPDATE sales_order_line AS line SET sales_order_id = $order,
         sales_order_detail_id = sales_order_detail_id + $number
     WHERE sales_order_id = (SELECT max(sales_order_id) FROM sales_order
                             WHERE sales_order_id < $order)";

/// The same on a cluster, where a row cannot go to another machine.
const MOVE_APART: &str = "INSERT INTO sales_order_line SELECT $order, sales_order_detail_id + $number,
         carrier_tracking_number, order_quantity, product_id, special_offer_id, unit_price,
         unit_price_discount, line_total, rowguid, modified_date, source_file_id, source_line,
         loaded_at
     FROM sales_order_line WHERE sales_order_id = (SELECT max(sales_order_id) FROM sales_order
                                                   WHERE sales_order_id < $order);
     DELETE FROM sales_order_line WHERE sales_order_id = (SELECT max(sales_order_id) FROM sales_order
                                                          WHERE sales_order_id < $order)";

/// Changes everything.
const ALL_AT_ONCE: &str = "
CREATE TEMP TABLE kept AS SELECT * FROM sales_order_line WHERE sales_order_id % 7 > 0;
TRUNCATE sales_order_line;
INSERT INTO sales_order_line SELECT * FROM kept WHERE sales_order_id % 2 = 0;
INSERT INTO sales_order_line SELECT * FROM kept WHERE sales_order_id % 2 = 1;
DROP TABLE kept";

/// Makes a random change; returns its SQL.
pub(crate) async fn change(connection: &mut PgConnection, draw: &mut Draw) -> String {
    if draw.once_in(12) {
        write_over(connection, ALL_AT_ONCE).await;
        return ALL_AT_ONCE.to_owned();
    }
    small_change(connection, draw).await
}

/// Likewise, a change that does not block other writers.
pub(crate) async fn small_change(connection: &mut PgConnection, draw: &mut Draw) -> String {
    let orders = "SELECT sales_order_id FROM sales_order ORDER BY sales_order_id";
    let orders = sqlx::query_scalar(orders).fetch_all(&mut *connection).await;
    let orders: Vec<i32> = orders.expect("the orders");
    let order = orders[draw.below(orders.len())];
    let change = match *draw.one(&CHANGES) {
        MOVE if servers().is_cluster() => MOVE_APART,
        other => other,
    };
    let sql = change
        .replace("$order", &order.to_string())
        .replace("$days", &draw.between(-40, 40).to_string())
        .replace("$number", &draw.between(10_000, 9_999_999).to_string());
    write_over(connection, &sql).await;
    sql
}
