//! Measures of the sales of a row, computed for all rows of a list at once.

use serde_json::Value;

use crate::support::draw::Draw;
use crate::support::sales::{
    self, ALL, Ask, DIMENSIONS, Dimension, FILTERS, MEASURES, Measure, TEXT, dimension, keyed,
    plain, selected, some,
};
use crate::support::statements;

static ORDER: Dimension =
    keyed("salesOrderId", "/salesOrderId", dimension("", TEXT, "l.sales_order_id"));
static OFFER: Dimension = keyed(
    "specialOfferId productId",
    "",
    dimension("", TEXT, "l.special_offer_id || '/' || l.product_id"),
);

fn one(name: &str) -> &'static Dimension {
    DIMENSIONS.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Lists, the names of their keys, and the dimension of a line that equals the key.
fn lists() -> [(&'static str, &'static [&'static str], &'static Dimension); 5] {
    [
        ("customers", &["customerId"], one("CUSTOMER")),
        ("persons", &["businessEntityId"], one("PERSON")),
        ("products", &["productId"], one("PRODUCT")),
        ("salesOrders", &["salesOrderId"], &ORDER),
        ("specialOfferProducts", &["specialOfferId", "productId"], &OFFER),
    ]
}

#[tokio::test]
async fn one_statement_measures_the_sales_of_every_row() {
    let mut draw = Draw::new(21);
    let api = sales::start(21).await;
    let pool = &api.db.pool;
    for (list, keys, dimension) in lists() {
        for turn in 0..10 {
            let measures: Vec<&Measure> = match turn {
                0 => MEASURES.iter().collect(),
                _ => some(&mut draw, &MEASURES, 4),
            };
            let (filter, predicate) = FILTERS[(turn * 5) % FILTERS.len()];
            let list_of = |first| {
                format!(
                    "{{ {list}(first: {first}) {{ nodes {{ {}
                        sales(filter: {filter}) {{ {} }} }} }} }}",
                    keys.join(" "),
                    selected(&measures),
                )
            };
            let (_, few) = statements::during(api.data(&list_of(2))).await;
            let (data, seen) = statements::during(api.data(&list_of(1000))).await;
            assert_eq!(seen.len(), few.len(), "{seen:?}");
            let measured = seen.iter().filter(|one| one.contains(" AS made ")).count();
            assert_eq!(measured, 1, "{seen:?}");
            let dimensions = [dimension];
            let ask = Ask { predicate, measures: &measures, ..ALL };
            let there = Ask { dimensions: &dimensions, ..ask }.groups(pool).await;
            let nothing = Ask { predicate: "false", ..ask }.groups(pool).await;
            let nodes = data[list]["nodes"].as_array().unwrap();
            assert!(nodes.len() > 8, "{list}");
            let mut met = 0;
            for node in nodes {
                let key: Vec<String> = keys.iter().map(|key| node[key].to_string()).collect();
                let key = Some(key.join("/"));
                let found = there.iter().find(|group| group[0] == key);
                met += usize::from(found.is_some());
                let wanted = found.map_or(&nothing[0][..], |group| &group[1..]);
                let values: Vec<Option<String>> = (measures.iter())
                    .map(|one| plain(node["sales"].pointer(one.pointer).unwrap_or(&Value::Null)))
                    .collect();
                assert_eq!(values, wanted, "{list} {key:?}: {}", list_of(1000));
            }
            // No row owns the sales of customers without a person.
            let owned = there.iter().filter(|group| group[0].is_some()).count();
            assert_eq!(met, owned, "{list}");
        }
    }
}

#[tokio::test]
async fn sales_are_measured_at_any_depth_and_several_times() {
    let api = sales::start(22).await;
    let document = |first: usize| {
        format!(
            "{{ customers(first: {first}) {{ nodes {{ customerId
                all: sales {{ lineCount lineTotal {{ median }} }}
                many: sales(filter: {{ orderQuantity: {{ gte: 12 }} }}) {{ lineCount }}
                few: sales(filter: {{ orderQuantity: {{ lt: 12 }} }}) {{ lineCount }}
                orders(first: 20) {{ nodes {{ sales {{ lineCount }}
                    lines(first: 20) {{ nodes {{ product {{ sales {{ orderCount }} }} }} }} }} }}
            }} }} }}"
        )
    };
    let (_, few) = statements::during(api.data(&document(4))).await;
    let (data, seen) = statements::during(api.data(&document(20))).await;
    assert_eq!(seen.len(), few.len(), "the number depends on the rows: {seen:?}");
    let mut lines = 0;
    for customer in data["customers"]["nodes"].as_array().unwrap() {
        let count = |value: &Value| value["lineCount"].as_u64().unwrap();
        let all = count(&customer["all"]);
        assert_eq!(all, count(&customer["many"]) + count(&customer["few"]), "{customer}");
        let orders = customer["orders"]["nodes"].as_array().unwrap();
        assert_eq!(all, orders.iter().map(|order| count(&order["sales"])).sum::<u64>());
        assert_eq!(all == 0, customer["all"]["lineTotal"]["median"].is_null());
        lines += all;
    }
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM sales_order_line")
        .fetch_one(&api.db.pool)
        .await
        .unwrap();
    assert_eq!(i64::try_from(lines), Ok(stored));
}
