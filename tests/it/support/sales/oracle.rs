//! Groups and measures in SQL independent of the product's: plain joins, orders by
//! their keys, statistics of arrays.

use crate::support::on_one_machine;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

/// A dimension.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dimension {
    /// Its name.
    pub(crate) name: &'static str,
    /// How its value is selected in the key of a group; empty where it cannot be.
    pub(crate) document: &'static str,
    /// Its JSON pointer in the answer.
    pub(crate) pointer: &'static str,
    /// The value of a line `l` of the order `o` of the customer `c`, with the product `p`.
    pub(crate) sql: &'static str,
    /// How a value `?` is shown.
    shown: &'static str,
}

/// A dimension that cannot be selected.
pub(crate) const fn dimension(
    name: &'static str,
    shown: &'static str,
    sql: &'static str,
) -> Dimension {
    Dimension { name, document: "", pointer: "", sql, shown }
}

/// A dimension that can be selected.
pub(crate) const fn keyed(
    document: &'static str,
    pointer: &'static str,
    of: Dimension,
) -> Dimension {
    Dimension { document, pointer, ..of }
}

const LINE: &str = "CASE ? WHEN 'R' THEN 'ROAD' WHEN 'M' THEN 'MOUNTAIN' WHEN 'T' THEN 'TOURING' WHEN 'S' THEN 'STANDARD' END";
const CLASS: &str = "CASE ? WHEN 'H' THEN 'HIGH' WHEN 'M' THEN 'MEDIUM' WHEN 'L' THEN 'LOW' END";
const STATUS: &str =
    "(ARRAY['IN_PROCESS', 'APPROVED', 'BACKORDERED', 'REJECTED', 'SHIPPED', 'CANCELLED'])[?]";
/// Unchanged.
pub(crate) const TEXT: &str = "?::text";

/// Monday, 1 January 2001 began a week, a month, a quarter and a year.
pub(crate) static DIMENSIONS: [Dimension; 19] = [
    keyed(
        "product { productId }",
        "/product/productId",
        dimension("PRODUCT", TEXT, "l.product_id"),
    ),
    keyed("productLine", "/productLine", dimension("PRODUCT_LINE", LINE, "p.product_line")),
    keyed("productClass", "/productClass", dimension("PRODUCT_CLASS", CLASS, "p.class")),
    keyed("productColor", "/productColor", dimension("PRODUCT_COLOR", TEXT, "p.color")),
    keyed(
        "daysToManufacture",
        "/daysToManufacture",
        dimension("DAYS_TO_MANUFACTURE", TEXT, "p.days_to_manufacture"),
    ),
    keyed(
        "customer { customerId }",
        "/customer/customerId",
        dimension("CUSTOMER", TEXT, "o.customer_id"),
    ),
    keyed(
        "person { businessEntityId }",
        "/person/businessEntityId",
        dimension("PERSON", TEXT, "c.person_id"),
    ),
    dimension("STORE", TEXT, "c.store_id"),
    dimension("TERRITORY", TEXT, "o.territory_id"),
    keyed("salesPersonId", "/salesPersonId", dimension("SALES_PERSON", TEXT, "o.sales_person_id")),
    keyed(
        "specialOfferId",
        "/specialOfferId",
        dimension("SPECIAL_OFFER", TEXT, "l.special_offer_id"),
    ),
    keyed("online", "/online", dimension("ONLINE", TEXT, "o.online_order_flag")),
    keyed("orderStatus", "/orderStatus", dimension("ORDER_STATUS", STATUS, "o.status")),
    keyed("orderDate", "/orderDate", dimension("ORDER_DATE", TEXT, "o.order_date::date")),
    keyed(
        "orderWeek",
        "/orderWeek",
        dimension(
            "ORDER_WEEK",
            TEXT,
            "o.order_date::date - (o.order_date::date - date '2001-01-01') % 7",
        ),
    ),
    keyed(
        "orderMonth",
        "/orderMonth",
        dimension("ORDER_MONTH", TEXT, "to_char(o.order_date, 'YYYY-MM-01')::date"),
    ),
    keyed(
        "orderQuarter",
        "/orderQuarter",
        dimension(
            "ORDER_QUARTER",
            TEXT,
            "make_date(to_char(o.order_date, 'YYYY')::integer,
                       to_char(o.order_date, 'Q')::integer * 3 - 2, 1)",
        ),
    ),
    keyed(
        "orderYear",
        "/orderYear",
        dimension("ORDER_YEAR", TEXT, "to_char(o.order_date, 'YYYY')::integer"),
    ),
    keyed(
        "orderWeekday",
        "/orderWeekday",
        dimension("ORDER_WEEKDAY", TEXT, "1 + (o.order_date::date - date '2001-01-01') % 7"),
    ),
];

/// All lines with the rows they refer to.
const FROM: &str = "sales_order_line l JOIN sales_order o USING (sales_order_id)
    JOIN customer c USING (customer_id) JOIN product p USING (product_id)
    LEFT JOIN person ON business_entity_id = person_id";

/// A measure.
#[derive(Debug)]
pub(crate) struct Measure {
    /// Its name in an order; empty where it has none.
    pub(crate) name: &'static str,
    /// How it is selected.
    pub(crate) document: &'static str,
    /// Its JSON pointer in the answer.
    pub(crate) pointer: &'static str,
    /// Its value for a group `g`: `n` lines, `orders` their orders, and the lines' sorted
    /// `quantities`, `prices` and `totals`.
    pub(crate) sql: &'static str,
}

macro_rules! measures {
    ($($name:literal $document:literal $pointer:literal $sql:expr;)*) => {
        [$(Measure { name: $name, document: $document, pointer: $pointer, sql: $sql }),*]
    };
}

macro_rules! of_orders {
    ($what:literal) => {
        concat!("(SELECT ", $what, " FROM sales_order d WHERE d.sales_order_id = ANY (g.orders))")
    };
}

macro_rules! statistic {
    ($what:literal, $values:literal) => {
        concat!("(SELECT ", $what, " FROM unnest(g.", $values, ") AS x)")
    };
}

macro_rules! median {
    ($values:literal) => {
        concat!("(g.", $values, "[(g.n + 1) / 2] + g.", $values, "[g.n / 2 + 1]) / 2.0")
    };
}

/// The last value of this many first thousandths.
macro_rules! percentile {
    ($thousandths:literal, $values:literal) => {
        concat!("g.", $values, "[greatest(1, (g.n * ", $thousandths, " + 999) / 1000)]")
    };
}

macro_rules! stddev {
    ($values:literal) => {
        concat!(
            "(SELECT sqrt((count(*) * sum(x * x) - sum(x) * sum(x))
                / nullif(count(*) * (count(*) - 1), 0)::numeric)
              FROM (SELECT unnest(g.",
            $values,
            ")::numeric AS x) AS x)"
        )
    };
}

/// All measures; some percentiles.
pub(crate) static MEASURES: [Measure; 25] = measures! {
    "ORDER_COUNT" "orderCount" "/orderCount" of_orders!("count(*)");
    "LINE_COUNT" "lineCount" "/lineCount" "g.n";
    "CUSTOMER_COUNT" "customerCount" "/customerCount" of_orders!("count(DISTINCT customer_id)");
    "ORDER_TOTAL" "orderTotal" "/orderTotal" of_orders!("coalesce(sum(total_due), 0)");
    "ORDER_QUANTITY_SUM" "orderQuantity { sum }" "/orderQuantity/sum"
        statistic!("coalesce(sum(x), 0)", "quantities");
    "ORDER_QUANTITY_AVG" "orderQuantity { avg }" "/orderQuantity/avg"
        statistic!("sum(x)::numeric / count(x)", "quantities");
    "ORDER_QUANTITY_MIN" "orderQuantity { min }" "/orderQuantity/min" "g.quantities[1]";
    "ORDER_QUANTITY_MAX" "orderQuantity { max }" "/orderQuantity/max" "g.quantities[g.n]";
    "ORDER_QUANTITY_MEDIAN" "orderQuantity { median }" "/orderQuantity/median" median!("quantities");
    "ORDER_QUANTITY_STDDEV" "orderQuantity { stddev }" "/orderQuantity/stddev" stddev!("quantities");
    "" "orderQuantity { p: percentile(p: 0.75) }" "/orderQuantity/p" percentile!(750, "quantities");
    "UNIT_PRICE_SUM" "unitPrice { sum }" "/unitPrice/sum" statistic!("coalesce(sum(x), 0)", "prices");
    "UNIT_PRICE_AVG" "unitPrice { avg }" "/unitPrice/avg" statistic!("sum(x) / count(x)", "prices");
    "UNIT_PRICE_MIN" "unitPrice { min }" "/unitPrice/min" "g.prices[1]";
    "UNIT_PRICE_MAX" "unitPrice { max }" "/unitPrice/max" "g.prices[g.n]";
    "UNIT_PRICE_MEDIAN" "unitPrice { median }" "/unitPrice/median" median!("prices");
    "UNIT_PRICE_STDDEV" "unitPrice { stddev }" "/unitPrice/stddev" stddev!("prices");
    "" "unitPrice { q: percentile(p: 0) }" "/unitPrice/q" percentile!(0, "prices");
    "LINE_TOTAL_SUM" "lineTotal { sum }" "/lineTotal/sum" statistic!("coalesce(sum(x), 0)", "totals");
    "LINE_TOTAL_AVG" "lineTotal { avg }" "/lineTotal/avg" statistic!("sum(x) / count(x)", "totals");
    "LINE_TOTAL_MIN" "lineTotal { min }" "/lineTotal/min" "g.totals[1]";
    "LINE_TOTAL_MAX" "lineTotal { max }" "/lineTotal/max" "g.totals[g.n]";
    "LINE_TOTAL_MEDIAN" "lineTotal { median }" "/lineTotal/median" median!("totals");
    "LINE_TOTAL_STDDEV" "lineTotal { stddev }" "/lineTotal/stddev" stddev!("totals");
    "" "lineTotal { r: percentile(p: 0.375) }" "/lineTotal/r" percentile!(375, "totals");
};

/// A question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// The keys of groups; `k0`, `k1` and so on in the SQL of the other fields.
    pub(crate) dimensions: &'a [&'a Dimension],
    /// A predicate of lines.
    pub(crate) predicate: &'a str,
    /// A predicate of groups `g`.
    pub(crate) having: &'a str,
    /// The order, ahead of the dimensions.
    pub(crate) order: &'a str,
    /// A partition, and how many first groups of each are kept.
    pub(crate) top: Option<(&'a str, i64)>,
    /// The values after the key.
    pub(crate) measures: &'a [&'a Measure],
}

/// All lines as one group.
pub(crate) const ALL: Ask<'static> =
    Ask { dimensions: &[], predicate: "true", having: "true", order: "", top: None, measures: &[] };

impl Ask<'_> {
    /// The groups: of each the selectable values of its key, then the measures, as
    /// [`plain`] texts.
    pub(crate) async fn groups(&self, pool: &PgPool) -> Vec<Vec<Option<String>>> {
        let numbered = |write: fn(usize, &Dimension) -> String| -> Vec<String> {
            self.dimensions.iter().enumerate().map(|(at, one)| write(at, one)).collect()
        };
        let lines = numbered(|at, one| format!("{} AS k{at}, ", one.sql)).concat();
        let names = numbered(|at, _| format!("k{at}")).join(", ");
        let comma = if names.is_empty() { "" } else { "," };
        let by = if names.is_empty() { "" } else { "GROUP BY" };
        let mut order: Vec<String> =
            (!self.order.is_empty()).then(|| self.order.to_owned()).into_iter().collect();
        order.extend(numbered(|at, _| format!("k{at} NULLS LAST")));
        // The only group needs an order all the same.
        order.push("n".to_owned());
        let order = order.join(", ");
        let (partition, most) = self.top.unwrap_or(("", i64::MAX));
        let values: Vec<String> = (self.dimensions.iter().enumerate())
            .filter(|(_, one)| !one.document.is_empty())
            .map(|(at, one)| one.shown.replace('?', &format!("k{at}")))
            .chain(
                self.measures
                    .iter()
                    .map(|one| format!("trim_scale(trunc(({})::numeric, 8))", one.sql)),
            )
            .map(|value| format!("({value})::text"))
            .collect();
        let sql = format!(
            "WITH g AS (
                SELECT {names}{comma} count(*) AS n, array_agg(sales_order_id) AS orders,
                    array_agg(order_quantity ORDER BY order_quantity) AS quantities,
                    array_agg(unit_price ORDER BY unit_price) AS prices,
                    array_agg(line_total ORDER BY line_total) AS totals
                FROM (SELECT {lines} l.* FROM {FROM} WHERE {}) AS line {by} {names}),
             numbered AS (
                SELECT *, row_number() OVER ({partition} ORDER BY {order}) AS place
                FROM g WHERE {})
             SELECT ARRAY[{}]::text[] FROM numbered AS g WHERE place <= {most} ORDER BY {order}",
            self.predicate,
            self.having,
            values.join(", "),
        );
        let mut machine = on_one_machine(pool, &sql).await;
        sqlx::query_scalar(AssertSqlSafe(sql.clone()))
            .fetch_all(&mut *machine)
            .await
            .unwrap_or_else(|error| panic!("{error}: {sql}"))
    }
}

/// A value of an answer as a text; a fraction has eight digits, no trailing zeros.
pub(crate) fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match text.split_once('.') {
        Some((whole, fraction)) if text.parse::<f64>().is_ok() => {
            let fraction: String = fraction.chars().take(8).collect();
            match fraction.trim_end_matches('0') {
                "" => whole.to_owned(),
                digits => format!("{whole}.{digits}"),
            }
        }
        _ => text,
    })
}
