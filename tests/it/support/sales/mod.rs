//! Sales that expose common mistakes: two customers of one name and two of one person,
//! customers without a person, customers whose key is that of another's person, a
//! product several times in an order and under several offers, orders without lines,
//! orders at midnight and at other times of the day, days, weeks, months, quarters and
//! years without orders, and nulls.

mod changes;
mod oracle;
mod questions;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::cluster::note_sales;
use super::draw::Draw;
use super::{Api, database};
pub(crate) use changes::{change, small_change};
pub(crate) use oracle::{
    ALL, Ask, DIMENSIONS, Dimension, MEASURES, Measure, TEXT, dimension, keyed, plain,
};
pub(crate) use questions::{CONDITIONS, question};

/// Filters, each with the same in SQL.
pub(crate) const FILTERS: [(&str, &str); 16] = [
    ("{}", "true"),
    ("{ orderQuantity: { gte: 12 } }", "l.order_quantity >= 12"),
    ("{ productId: { in: [2, 3, 5] } }", "l.product_id IN (2, 3, 5)"),
    (r#"{ product: { color: { eq: "Red" } } }"#, "p.color = 'Red'"),
    ("{ product: { color: { isNull: true } } }", "p.color IS NULL"),
    (
        r#"{ order: { orderDate: { gte: "2011-02-05", lt: "2011-10-26" } } }"#,
        "o.order_date BETWEEN '2011-02-05' AND '2011-10-25 23:59:59'",
    ),
    (
        r#"{ order: { orderDate: { gt: "2011-02-05T07:00:00" } } }"#,
        "o.order_date > '2011-02-05 07:00'",
    ),
    (
        r#"{ not: { order: { orderDate: { gte: "2011-10-24" } } }, productId: { ne: 4 } }"#,
        "o.order_date < '2011-10-24' AND l.product_id <> 4",
    ),
    (r#"{ person: { lastName: { eq: "Adams" } } }"#, "person.last_name = 'Adams'"),
    (
        r#"{ not: { person: { lastName: { eq: "Adams" } } } }"#,
        "person.last_name IS DISTINCT FROM 'Adams'",
    ),
    ("{ customer: { storeId: { isNull: false } } }", "c.store_id IS NOT NULL"),
    (
        "{ or: [{ product: { daysToManufacture: { gte: 2 } } },
                { order: { onlineOrderFlag: { eq: true } } }] }",
        "p.days_to_manufacture >= 2 OR o.online_order_flag",
    ),
    (
        "{ order: { lines: { count: { gte: 3 } } } }",
        "(SELECT count(*) FROM sales_order_line i WHERE i.sales_order_id = o.sales_order_id) > 2",
    ),
    ("{ specialOfferProduct: { specialOfferId: { ne: 1 } } }", "l.special_offer_id > 1"),
    (r#"{ order: { totalDue: { gt: "5000" } } }"#, "o.total_due > 5000"),
    ("{ productId: { in: [] } }", "false"),
];

/// The selection of a group's key.
pub(crate) fn key(dimensions: &[&Dimension]) -> String {
    let fields: String = dimensions.iter().map(|one| format!("{} ", one.document)).collect();
    format!("key {{ __typename {fields}}}")
}

/// The selections of measures.
pub(crate) fn selected(measures: &[&Measure]) -> String {
    measures.iter().map(|one| format!("{} ", one.document)).collect()
}

/// A list of names in a document.
pub(crate) fn names(dimensions: &[&Dimension]) -> String {
    let names: Vec<&str> = dimensions.iter().map(|one| one.name).collect();
    format!("[{}]", names.join(", "))
}

/// The values of a group in an answer: its key, then its measures.
pub(crate) fn group_values(
    key: &Value,
    dimensions: &[&Dimension],
    of: &Value,
    measures: &[&Measure],
) -> Vec<Option<String>> {
    let key = (dimensions.iter().filter(|one| !one.document.is_empty()))
        .map(|one| plain(key.pointer(one.pointer).unwrap_or(&Value::Null)));
    let measures = measures.iter().map(|one| {
        plain(of.pointer(one.pointer).unwrap_or_else(|| panic!("{} is missing: {of}", one.pointer)))
    });
    key.chain(measures).collect()
}

/// At least one of these and at most `most`, in random order.
pub(crate) fn some<'a, T>(draw: &mut Draw, of: &'a [T], most: usize) -> Vec<&'a T> {
    let mut left: Vec<&T> = of.iter().collect();
    let count = 1 + draw.below(most);
    (0..count).map(|_| left.remove(draw.below(left.len()))).collect()
}

/// Rows determined by the seed.
fn rows(seed: u64) -> String {
    format!("SELECT set_config('test.seed', '{seed}', false);{ROWS}")
}

/// Inserts the rows.
pub(crate) async fn insert(pool: &PgPool, seed: u64) {
    pool.execute(AssertSqlSafe(rows(seed))).await.expect("the sales");
    note_sales(pool).await;
}

/// The API over these sales.
pub(crate) async fn start(seed: u64) -> Api {
    let db = database().await;
    insert(&db.pool, seed).await;
    Api::over(db).await
}

const ROWS: &str = r"
CREATE FUNCTION pg_temp.pick(what text, number integer, choices integer) RETURNS integer
LANGUAGE sql AS $$
    SELECT (abs(hashtextextended(what || number, current_setting('test.seed')::bigint) / 2)
            % choices)::integer
$$;
INSERT INTO person (business_entity_id, person_type, name_style, first_name, last_name,
                    email_promotion, rowguid, modified_date, source_file_id, source_line)
SELECT i, 'IN', false, 'Ann', (ARRAY['Adams', 'Baker', 'Clark'])[1 + i % 3], 0,
       gen_random_uuid(), '2014-01-01', 1, i
FROM generate_series(1, 14) i;
INSERT INTO customer (customer_id, person_id, store_id, territory_id, account_number, rowguid,
                      modified_date, source_file_id, source_line)
SELECT i, CASE WHEN i % 5 > 0 THEN 1 + (i * 3) % 14 END,
       CASE WHEN i % 5 = 0 OR i % 4 = 0 THEN 900 + i % 3 END, 1 + i % 3, 'AW' || i,
       gen_random_uuid(), '2014-01-01', 1, i
FROM generate_series(1, 20) i;
INSERT INTO product (product_id, name, product_number, make_flag, finished_goods_flag, color,
                     safety_stock_level, reorder_point, standard_cost, list_price,
                     days_to_manufacture, product_line, class, sell_start_date, rowguid,
                     modified_date, source_file_id, source_line)
SELECT i, 'Product ' || i, 'P-' || i, true, true, (ARRAY['Red', NULL, 'Black', 'Blue'])[1 + i % 4],
       100, 75, 10, 20, (ARRAY[0, 1, 2, 4])[1 + i % 4], (ARRAY['R', 'M', 'T', 'S', NULL])[1 + i % 5],
       (ARRAY['H', 'M', 'L', NULL])[1 + i * 3 % 4], '2011-01-01', gen_random_uuid(), '2014-01-01', 1, i
FROM generate_series(1, 10) i;
INSERT INTO special_offer_product (special_offer_id, product_id, rowguid, modified_date,
                                   source_file_id, source_line)
SELECT o, i, gen_random_uuid(), '2014-01-01', 1, i
FROM generate_series(1, 10) i, generate_series(1, 4) o;
INSERT INTO sales_order (sales_order_id, revision_number, order_date, due_date, status,
                         online_order_flag, sales_order_number, customer_id, sales_person_id,
                         territory_id, bill_to_address_id, ship_to_address_id, ship_method_id,
                         sub_total, tax_amt, freight, total_due, rowguid, modified_date,
                         source_file_id, source_line)
SELECT i, 1, day, day, 1 + pg_temp.pick('status', i, 6), online, 'SO' || i,
       1 + pg_temp.pick('customer', i, 18), CASE WHEN NOT online THEN 270 + i % 3 END,
       nullif(pg_temp.pick('territory', i, 4), 0), 1, 1, 1, net, tax, 1.5, net + tax + 1.5,
       gen_random_uuid(), '2014-01-01', 1, i
FROM generate_series(1, 80) i
CROSS JOIN LATERAL (
    SELECT timestamp '2011-02-03' + interval '1 day' * (
               (ARRAY[0, 260, 900])[1 + pg_temp.pick('time', i, 3)] + pg_temp.pick('day', i, 12))
           + interval '1 hour' * (pg_temp.pick('hour', i, 4) * 7) AS day,
        pg_temp.pick('online', i, 2) = 1 AS online,
        pg_temp.pick('net', i, 90000000) / 10000.0 AS net,
        pg_temp.pick('tax', i, 9999999) / 10000.0 AS tax) AS drawn;
INSERT INTO sales_order_line (sales_order_id, sales_order_detail_id, order_quantity, product_id,
                              special_offer_id, unit_price, unit_price_discount, line_total,
                              rowguid, modified_date, source_file_id, source_line)
SELECT sales_order_id, detail, quantity, product, offer, price, discount,
       round(price * (1 - discount) * quantity, 6), gen_random_uuid(), '2014-01-01', 1, detail
FROM generate_series(1, 80) AS sales_order_id
CROSS JOIN LATERAL generate_series(1, pg_temp.pick('lines', sales_order_id, 7)) AS n
CROSS JOIN LATERAL (SELECT sales_order_id * 10 + n AS detail) AS numbered
CROSS JOIN LATERAL (
    SELECT 1 + pg_temp.pick('quantity', detail, 30) AS quantity,
        1 + pg_temp.pick('product', detail, 9) AS product,
        1 + pg_temp.pick('offer', detail, 4) AS offer,
        pg_temp.pick('price', detail, 20000000) / 10000.0 AS price,
        0.05 * pg_temp.pick('discount', detail, 4) AS discount) AS drawn;
";
