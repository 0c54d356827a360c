//! Amounts in another currency, by the rate of each order's day.

use salesgraph::report::Format;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use crate::support::export::{file_of, text_of};
use crate::support::{Api, on_one_machine, sales, write};

/// Currencies, each known in another way, with the rate of the order `o` in SQL.
const CURRENCIES: [(&str, &str); 6] = [
    // From dollars.
    (
        "EUR",
        "(SELECT end_of_day_rate FROM currency_rate WHERE from_currency_code = 'USD' \
         AND to_currency_code = 'EUR' AND currency_rate_date <= o.order_date \
         ORDER BY currency_rate_date DESC LIMIT 1)",
    ),
    // To dollars.
    (
        "GBP",
        "(SELECT 1 / end_of_day_rate FROM currency_rate WHERE from_currency_code = 'GBP' \
         AND currency_rate_date <= o.order_date ORDER BY currency_rate_date DESC LIMIT 1)",
    ),
    // By way of euros.
    (
        "JPY",
        "(SELECT j.end_of_day_rate / d.end_of_day_rate FROM currency_rate j, currency_rate d \
         WHERE j.to_currency_code = 'JPY' AND d.from_currency_code = 'EUR' \
         AND d.to_currency_code = 'USD' AND d.currency_rate_date = j.currency_rate_date \
         AND j.currency_rate_date <= o.order_date ORDER BY j.currency_rate_date DESC LIMIT 1)",
    ),
    // Known from the middle on.
    (
        "CHF",
        "(SELECT end_of_day_rate FROM currency_rate WHERE to_currency_code = 'CHF' \
         AND currency_rate_date <= o.order_date ORDER BY currency_rate_date DESC LIMIT 1)",
    ),
    ("XXX", "NULL::numeric"),
    ("USD", "1::numeric"),
];

/// Rates on every third day, of which the last before an order counts.
async fn rates(pool: &PgPool) {
    let day = "o.day::timestamp, o.day::timestamp, 1, 1, now()";
    let insert = format!(
        "WITH days AS (SELECT generate_series(first, last, interval '3 days') AS day FROM ( \
             SELECT min(order_date)::date - 1 AS first, max(order_date)::date AS last \
             FROM sales_order) AS all_days), \
           o AS (SELECT day, row_number() OVER (ORDER BY day) AS n FROM days), \
           rate AS (\
             SELECT 1000 + n AS id, 'USD' AS base, 'EUR' AS target, 0.7 + n * 0.0013 AS rate, o.* \
               FROM o \
             UNION ALL SELECT 20000 + n, 'GBP', 'USD', 1.3 + n * 0.0007, o.* FROM o \
             UNION ALL SELECT 40000 + n, 'EUR', 'USD', 1.1 + n * 0.0003, o.* FROM o \
             UNION ALL SELECT 60000 + n, 'EUR', 'JPY', 120 + n * 0.0101, o.* FROM o \
             UNION ALL SELECT 80000 + n, 'USD', 'CHF', 0.9 + n * 0.0009, o.* FROM o \
               WHERE n > (SELECT max(n) / 2 FROM o)) \
         INSERT INTO currency_rate (currency_rate_id, from_currency_code, to_currency_code, \
           average_rate, end_of_day_rate, currency_rate_date, modified_date, source_file_id, \
           source_line, loaded_at) \
         SELECT id, base, target, 99, rate, {day} FROM rate AS o"
    );
    write(pool, "DELETE FROM currency_rate").await;
    write(pool, &insert).await;
}

async fn start(seed: u64) -> Api {
    let api = sales::start(seed).await;
    rates(&api.db.pool).await;
    api
}

/// A number as Postgres or the API writes it, without zeros at the end.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Numbers of different precision are equal to ten digits.
#[track_caller]
fn assert_near(found: &Value, wanted: Option<&str>, what: &str) {
    let number = |digits: &str| digits.parse::<f64>().expect("a number");
    match (found.as_str(), wanted) {
        (Some(found), Some(wanted)) => {
            let (found, wanted) = (number(found), number(wanted));
            let most = wanted.abs().max(1.0) * 1e-10;
            assert!((found - wanted).abs() <= most, "{what}: {found} is not {wanted}");
        }
        (found, wanted) => assert_eq!(found, wanted, "{what}"),
    }
}

#[tokio::test]
async fn measures_are_those_of_each_amount_at_its_days_rate() {
    let api = start(31).await;
    for (currency, rate) in CURRENCIES {
        for (dimension, key, sql) in [
            ("ORDER_YEAR", "orderYear", "extract(year FROM o.order_date)::text"),
            ("CUSTOMER", "customer { customerId }", "o.customer_id::text"),
            ("PRODUCT", "product { productId }", "l.product_id::text"),
            ("ORDER_DATE", "orderDate", "o.order_date::date::text"),
        ] {
            for (filter, predicate) in
                [("{}", "true"), ("{ orderQuantity: { gte: 12 } }", "l.order_quantity >= 12")]
            {
                let wanted = oracle(&api.db.pool, rate, sql, predicate).await;
                let query = format!(
                    "{{ salesAggregate(groupBy: {dimension}, first: 1000) {{ nodes {{ \
                     key {{ {key} }} measures(filter: {filter}, in: {currency}) {{ \
                     withoutRateCount lineCount orderTotal lineTotal {{ sum min max avg median \
                     percentile(p: 0.3) stddev }} unitPrice {{ sum min }} \
                     orderQuantity {{ sum }} }} }} }} }}"
                );
                let data = api.data(&query).await;
                let nodes = data["salesAggregate"]["nodes"].as_array().expect("groups");
                assert!(!nodes.is_empty(), "{query}");
                for node in nodes {
                    check(node, &wanted, currency);
                }
                // What needs no median can be made of the orders, or of the days.
                let parts = query.replace("median percentile(p: 0.3) stddev", "");
                let of_parts = api.data(&parts).await;
                let of_days = parts.replace("withoutRateCount", "");
                let of_days = api.data(&of_days).await;
                for others in [of_parts, of_days] {
                    let others = others["salesAggregate"]["nodes"].as_array().expect("groups");
                    assert_eq!(others.len(), nodes.len());
                    for (node, other) in nodes.iter().zip(others) {
                        for (at, value) in flat(&other["measures"]) {
                            let same = node["measures"].pointer(&at).expect("the same measure");
                            assert_near(value, same.as_str(), &at);
                        }
                    }
                }
            }
        }
    }
}

/// Texts within measures, by their places.
fn flat(measures: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (name, value) in measures.as_object().expect("measures") {
        match value {
            Value::Object(inner) => {
                found.extend(inner.iter().map(|(one, it)| (format!("/{name}/{one}"), it)));
            }
            Value::String(_) | Value::Null => found.push((format!("/{name}"), value)),
            _ => {}
        }
    }
    found.retain(|(_, value)| !value.is_number());
    found
}

/// Of each group: its key, lines, lines without a rate, and amounts in the order of [`AMOUNTS`].
type Wanted = Vec<(String, i64, i64, Vec<Option<String>>)>;

const AMOUNTS: [&str; 10] = [
    "/orderTotal", "/lineTotal/sum", "/lineTotal/min", "/lineTotal/max", "/lineTotal/avg",
    "/lineTotal/median", "/lineTotal/percentile", "/lineTotal/stddev", "/unitPrice/sum",
    "/unitPrice/min",
];

async fn oracle(pool: &PgPool, rate: &str, key: &str, predicate: &str) -> Wanted {
    let statement = format!(
        "WITH line AS (SELECT {key} AS key, ({predicate}) AS kept, o.sales_order_id, \
             o.total_due * {rate} AS due, l.line_total * {rate} AS total, \
             l.unit_price * {rate} AS price, {rate} AS rate \
           FROM sales_order_line l JOIN sales_order o USING (sales_order_id)) \
         SELECT key, count(*) FILTER (WHERE kept), \
           count(*) FILTER (WHERE kept AND rate IS NULL), \
           (SELECT sum(due) FROM (SELECT DISTINCT one.sales_order_id, one.due FROM line AS one \
              WHERE one.key = line.key AND one.kept) AS orders)::text, \
           (sum(total) FILTER (WHERE kept))::text, (min(total) FILTER (WHERE kept))::text, \
           (max(total) FILTER (WHERE kept))::text, (avg(total) FILTER (WHERE kept))::text, \
           ((percentile_disc(0.5) WITHIN GROUP (ORDER BY total) FILTER (WHERE kept) \
             + percentile_disc(0.500000001) WITHIN GROUP (ORDER BY total) FILTER (WHERE kept)) \
             / 2)::text, \
           (percentile_disc(0.3) WITHIN GROUP (ORDER BY total) FILTER (WHERE kept))::text, \
           sqrt(var_samp(total) FILTER (WHERE kept))::text, \
           (sum(price) FILTER (WHERE kept))::text, (min(price) FILTER (WHERE kept))::text \
         FROM line GROUP BY key"
    );
    let mut machine = on_one_machine(pool, &statement).await;
    let rows = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *machine).await;
    let rows = rows.expect("the oracle");
    rows.into_iter()
        .map(|row| {
            let without: i64 = row.get(2);
            let amounts = (3..3 + AMOUNTS.len()).map(|index| row.get(index));
            let amounts =
                amounts.map(|amount: Option<String>| amount.filter(|_| without == 0)).collect();
            (row.get(0), row.get(1), without, amounts)
        })
        .collect()
}

fn check(node: &Value, wanted: &Wanted, currency: &str) {
    let key = node["key"].as_object().expect("a key").values().next().expect("one");
    let key = match key {
        Value::Object(of) => of.values().next().expect("a number").to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = wanted.iter().find(|(known, ..)| *known == key);
    let (_, lines, without, amounts) = found.unwrap_or_else(|| panic!("no group {key}"));
    let measures = &node["measures"];
    assert_eq!(measures["lineCount"], *lines, "{currency} {key}");
    assert_eq!(measures["withoutRateCount"], *without, "{currency} {key}");
    for (place, amount) in AMOUNTS.iter().zip(amounts) {
        let is_sum = place.ends_with("/sum") || *place == "/orderTotal";
        let nothing = (is_sum && *lines == 0).then_some("0");
        let found = measures.pointer(place).expect("a measure");
        assert_near(found, amount.as_deref().or(nothing), &format!("{currency} {key} {place}"));
    }
}

#[tokio::test]
async fn sums_of_known_rates_are_exact() {
    let api = start(32).await;
    let sql = format!(
        "SELECT sum(o.total_due * {})::text FROM sales_order o WHERE EXISTS (SELECT FROM \
         sales_order_line l WHERE l.sales_order_id = o.sales_order_id)",
        CURRENCIES[0].1
    );
    let mut machine = on_one_machine(&api.db.pool, &sql).await;
    let exact = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *machine).await;
    let exact: String = exact.expect("the sum");
    let query =
        r#"{ salesAggregate(groupBy: []) { nodes { measures(in: "EUR") { orderTotal } } } }"#;
    let data = api.data(query).await;
    let found = &data["salesAggregate"]["nodes"][0]["measures"]["orderTotal"];
    assert_eq!(trimmed(found.as_str().expect("a sum")), trimmed(&exact));
}

#[tokio::test]
async fn an_order_is_shown_in_a_currency_with_its_rate_or_the_reason() {
    let api = start(33).await;
    let query = "query ($currency: Currency!) { salesOrders(first: 1000) { nodes { \
        salesOrderId totalDue totalDueIn(currency: $currency) { \
        currency amount rate rateDate reason } } } }";
    for (currency, rate) in CURRENCIES {
        let statement = format!(
            "SELECT sales_order_id, (total_due * rate)::text, rate::text, order_date::date::text \
             FROM (SELECT o.*, {rate} AS rate FROM sales_order o) AS o ORDER BY sales_order_id"
        );
        let mut machine = on_one_machine(&api.db.pool, &statement).await;
        let wanted = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *machine).await;
        let wanted = wanted.expect("the orders");
        let answer = api.ask_with(query, json!({ "currency": currency })).await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        let nodes = answer["data"]["salesOrders"]["nodes"].as_array().expect("orders").clone();
        assert_eq!(nodes.len(), wanted.len());
        for (node, row) in nodes.iter().zip(&wanted) {
            let shown = &node["totalDueIn"];
            let amount: Option<String> = row.get(1);
            let rate: Option<String> = row.get(2);
            let day: String = row.get(3);
            assert_eq!(node["salesOrderId"], row.get::<i32, _>(0));
            assert_eq!(shown["currency"], currency);
            assert_near(&shown["amount"], amount.as_deref(), currency);
            assert_near(&shown["rate"], rate.as_deref(), currency);
            let reason = format!("no rate from USD to {currency} on or before {day}");
            let reason = amount.is_none().then_some(reason);
            assert_eq!(shown["reason"].as_str(), reason.as_deref());
        }
        if currency == "EUR" {
            for (node, row) in nodes.iter().zip(&wanted) {
                let amount: String = row.get(1);
                let shown = node["totalDueIn"]["amount"].as_str().expect("an amount");
                assert_eq!(trimmed(shown), trimmed(&amount), "every digit");
            }
        }
        let document = format!(
            "{{ salesOrders {{ nodes {{ salesOrderId \
             totalDueIn(currency: {currency}) {{ amount reason rateDate }} }} }} }}"
        );
        let file = text_of(&api.engine, &document, Format::Ndjson).await;
        for (line, node) in file.lines().zip(&nodes) {
            let row: Value = serde_json::from_str(line).expect("a row");
            assert_eq!(row["salesOrderId"], node["salesOrderId"]);
            assert_eq!(row["totalDueIn.reason"], node["totalDueIn"]["reason"]);
            let amount = &row["totalDueIn.amount"];
            assert_eq!(amount.is_null(), node["totalDueIn"]["amount"].is_null());
        }
        assert_eq!(file.lines().count(), nodes.len());
    }
}

#[tokio::test]
async fn sales_of_a_row_without_lines_are_nothing_in_any_currency() {
    let api = start(34).await;
    let query = "{ salesOrders(first: 1000) { nodes { sales(in: JPY) { lineCount orderTotal \
        lineTotal { sum } } } } }";
    let data = api.data(query).await;
    let nodes = data["salesOrders"]["nodes"].as_array().expect("orders");
    let (without, with): (Vec<_>, Vec<_>) =
        nodes.iter().partition(|node| node["sales"]["lineCount"] == 0);
    assert!(!without.is_empty() && !with.is_empty());
    for node in without {
        assert_eq!(node["sales"]["lineTotal"]["sum"], "0.000000");
        assert_eq!(node["sales"]["orderTotal"], "0.0000");
    }
    for node in with {
        assert!(node["sales"]["orderTotal"].is_string(), "{node}");
    }
}

#[tokio::test]
async fn the_newest_way_to_know_a_rate_counts() {
    let api = sales::start(36).await;
    let pool = &api.db.pool;
    write(pool, "DELETE FROM currency_rate").await;
    let rate = "SELECT numerator::text || '/' || denominator::text || ' ' || \
        coalesce(rate_date::date::text, '-') FROM conversion_rate('EUR', '2011-06-02 10:00')";
    let known = async || sqlx::query_scalar::<_, String>(rate).fetch_one(pool).await.expect("one");
    let add = async |id: i32, from: &str, to: &str, rate: &str, day: &str| {
        sqlx::query(
            "INSERT INTO currency_rate (currency_rate_id, from_currency_code, to_currency_code, \
             average_rate, end_of_day_rate, currency_rate_date, modified_date, source_file_id, \
             source_line) VALUES ($1, $2, $3, 1, $4::text::numeric, $5::text::timestamp, \
             '2011-01-01', 1, 1)",
        )
        .bind(id)
        .bind(from)
        .bind(to)
        .bind(rate)
        .bind(day)
        .execute(pool)
        .await
        .expect("a rate");
    };
    assert_eq!(known().await, "NaN/1 -");
    add(1, "USD", "EUR", "0.7", "2011-05-30").await;
    assert_eq!(known().await, "0.7000/1 2011-05-30");
    add(2, "EUR", "USD", "1.5", "2011-05-31").await;
    assert_eq!(known().await, "1/1.5000 2011-05-31", "it is newer");
    add(3, "USD", "EUR", "0.8", "2011-05-31").await;
    assert_eq!(known().await, "0.8000/1 2011-05-31", "of one day the direct one");
    add(4, "USD", "EUR", "0.9", "2011-06-02 18:00").await;
    assert_eq!(known().await, "0.9000/1 2011-06-02", "until the end of the day");
    add(5, "USD", "EUR", "2", "2011-06-03").await;
    assert_eq!(known().await, "0.9000/1 2011-06-02", "later ones are not known yet");
}

#[tokio::test]
async fn files_hold_amounts_of_any_digits() {
    let api = start(37).await;
    let document = "{ salesAggregate(groupBy: ORDER_YEAR) { nodes { key { orderYear } \
        measures(in: EUR) { orderTotal lineTotal { min max } } } } }";
    let parquet = file_of(&api.engine, document, Format::Parquet).await;
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let rows = text_of(&api.engine, document, Format::Ndjson).await;
    let data = api.data(document).await;
    let nodes = data["salesAggregate"]["nodes"].as_array().expect("groups");
    assert_eq!(rows.lines().count(), nodes.len());
    for (line, node) in rows.lines().zip(nodes) {
        let total = node["measures"]["orderTotal"].as_str().expect("a total");
        assert!(line.contains(trimmed(total)), "{line} has no {total}");
    }
}

#[tokio::test]
async fn what_is_no_currency_is_refused() {
    let api = start(35).await;
    for wrong in ["\"eur\"", "EURO", "\"E'R\"", "\"\""] {
        let query = format!(
            "{{ salesOrder(salesOrderId: 1) {{ totalDueIn(currency: {wrong}) {{ amount }} }} }}"
        );
        assert_eq!(api.refusal(&query).await, ("BAD_USER_INPUT".into(), "currency".into()));
        let query = format!(
            "{{ salesAggregate(groupBy: []) {{ nodes {{ measures(in: {wrong}) {{ lineCount }} }} }} }}"
        );
        assert_eq!(api.refusal(&query).await, ("BAD_USER_INPUT".into(), "in".into()));
    }
    let many: String = ('A'..='I')
        .map(|letter| format!("m{letter}: measures(in: XX{letter}) {{ orderTotal }} "))
        .collect();
    let query = format!("{{ salesAggregate(groupBy: []) {{ nodes {{ {many} }} }} }}");
    assert_eq!(api.refusal(&query).await, ("BAD_USER_INPUT".into(), "in".into()));
}
