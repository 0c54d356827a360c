//! Inventory, territories, stores and currency rates: optional files. Without them
//! everything else is loaded; with them it refers to them.

use salesgraph::graphql::{Engine, Limits};
use salesgraph::load::Outcome;
use salesgraph::query::Reader;
use serde_json::{Value, json};

use crate::load::real::real_files;
use crate::support::sample::{self, OPTIONAL, REQUIRED};
use crate::support::{TestApp, ask};

fn engine(app: &TestApp) -> Engine {
    Engine::new(Reader::new(app.pool.clone()), Limits::default())
}

/// The data of a query that must succeed.
async fn data(engine: &Engine, query: &str) -> Value {
    let mut answer = ask(engine, query).await;
    assert_eq!(answer["errors"], Value::Null, "{query}");
    answer["data"].take()
}

const REFERENCES: &str = "{
    customers(first: 3, filter: { storeId: { isNull: false } }) {
        nodes { store { name demographics customers { totalCount } } territory { name group } }
    }
    salesOrders(first: 3, filter: { currencyRateId: { isNull: false } }) {
        nodes { territory { name } currencyRate { toCurrencyCode averageRate } }
    }
    products(first: 3) { nodes { inventory { totalCount nodes { quantity product { name } } } } }
}";

#[tokio::test]
async fn a_bucket_without_them_loads_and_their_fields_are_null_or_empty() {
    let clean = sample::clean();
    let app = TestApp::start().await;
    clean.put(&app, &REQUIRED).await;
    let checked = app.loader(|_| {}).await.check().await.expect("the check ends");
    assert_eq!(checked.outcome, Outcome::Succeeded, "{checked:?}");
    let summary = app.load_small().await;
    assert_eq!((summary.outcome, summary.files_found), (Outcome::Succeeded, 6), "{summary:?}");
    assert_eq!((summary.totals.rejected, summary.totals.parked), (0, 0));

    let engine = engine(&app);
    let found = data(&engine, REFERENCES).await;
    let none = json!({ "store": null, "territory": null });
    assert_eq!(found["customers"]["nodes"], json!([none, none, none]));
    let none = json!({ "territory": null, "currencyRate": null });
    assert_eq!(found["salesOrders"]["nodes"], json!([none, none, none]));
    let none = json!({ "inventory": { "totalCount": 0, "nodes": [] } });
    assert_eq!(found["products"]["nodes"], json!([none, none, none]));

    let found = data(
        &engine,
        "{ productInventory(productId: 1, locationId: 1) { bin } territory(territoryId: 1) { name }
           store(businessEntityId: 292) { name } currencyRate(currencyRateId: 2) { averageRate }
           productInventories { totalCount } territories { totalCount } stores { totalCount }
           currencyRates { totalCount }
           named: customers(filter: { territory: { name: { ne: \"x\" } } }) { totalCount }
           other: customers(filter: { not: { territory: { name: { eq: \"x\" } } } }) { totalCount }
           customers(orderBy: [{ field: STORE_NAME }, { field: TERRITORY_NAME }]) { totalCount }
           products(first: 1, orderBy: { field: INVENTORY_QUANTITY, direction: DESC }) {
               nodes { productId } } }",
    )
    .await;
    for field in ["productInventory", "territory", "store", "currencyRate"] {
        assert_eq!(found[field], Value::Null, "{field}");
    }
    for list in ["productInventories", "territories", "stores", "currencyRates", "named"] {
        assert_eq!(found[list]["totalCount"], 0, "{list}");
    }
    for list in ["other", "customers"] {
        assert_eq!(found[list]["totalCount"], clean.count(sample::CUSTOMER), "{list}");
    }
    assert_eq!(found["products"]["nodes"], json!([{ "productId": 1 }]), "all are equal");

    // When they arrive, no other row changes, and every reference resolves.
    let before = app.snapshot().await;
    clean.put(&app, &OPTIONAL).await;
    let summary = app.load_small().await;
    assert_eq!((summary.outcome, summary.files_skipped), (Outcome::Succeeded, 6), "{summary:?}");
    let rows: i64 = OPTIONAL.iter().map(|key| clean.count(key)).sum();
    assert_eq!((summary.totals.read, summary.totals.inserted), (rows, rows));
    let after = app.snapshot().await;
    for table in ["customer", "product", "sales_order"] {
        assert_eq!(before.tables[table], after.tables[table], "{table}");
    }
    let found = data(&engine, REFERENCES).await;
    for place in [
        "/customers/nodes/0/store/name",
        "/customers/nodes/0/territory/group",
        "/salesOrders/nodes/0/territory/name",
    ] {
        assert!(found.pointer(place).is_some_and(Value::is_string), "{place}: {found}");
    }
    assert!(found["salesOrders"]["nodes"][0]["currencyRate"]["averageRate"].is_string(), "{found}");
    assert!(found["products"]["nodes"][0]["inventory"]["totalCount"].as_i64() > Some(0), "{found}");
}

/// Lists, each with its field and a statement that must return the same rows.
const LISTS: [(&str, &str, &str); 6] = [
    (
        "territories",
        "{ nodes { territoryId customers { totalCount } orders { totalCount } } }",
        "SELECT jsonb_agg(jsonb_build_object('territoryId', territory_id,
           'customers', jsonb_build_object('totalCount',
             (SELECT count(*) FROM customer WHERE customer.territory_id = t.territory_id)),
           'orders', jsonb_build_object('totalCount',
             (SELECT count(*) FROM sales_order WHERE sales_order.territory_id = t.territory_id)))
           ORDER BY territory_id) FROM territory t",
    ),
    (
        "territories(orderBy: [{ field: ORDER_TOTAL, direction: DESC }])",
        "{ nodes { territoryId } }",
        "SELECT jsonb_agg(jsonb_build_object('territoryId', territory_id)
           ORDER BY coalesce(total, 0) DESC, territory_id)
         FROM territory LEFT JOIN (SELECT territory_id, sum(total_due) AS total FROM sales_order
           GROUP BY 1) AS sums USING (territory_id)",
    ),
    (
        "stores(first: 1000, orderBy: [{ field: CUSTOMER_COUNT, direction: DESC }])",
        "{ nodes { businessEntityId customers { nodes { customerId } } } }",
        "SELECT jsonb_agg(jsonb_build_object('businessEntityId', business_entity_id,
           'customers', jsonb_build_object('nodes', (SELECT coalesce(jsonb_agg(
             jsonb_build_object('customerId', customer_id) ORDER BY customer_id), '[]')
             FROM customer WHERE store_id = business_entity_id)))
           ORDER BY (SELECT count(*) FROM customer WHERE store_id = business_entity_id) DESC,
             business_entity_id) FROM store",
    ),
    (
        "currencyRates(first: 100, filter: { orders: { some: {} } })",
        "{ nodes { currencyRateId orders { nodes { salesOrderId } } } }",
        "SELECT jsonb_agg(rate ORDER BY rate->'currencyRateId') FROM (
           SELECT jsonb_build_object('currencyRateId', currency_rate_id, 'orders',
             jsonb_build_object('nodes', jsonb_agg(jsonb_build_object('salesOrderId',
               sales_order_id) ORDER BY sales_order_id))) AS rate
           FROM sales_order JOIN currency_rate USING (currency_rate_id)
           GROUP BY currency_rate_id ORDER BY currency_rate_id LIMIT 100) AS rates",
    ),
    (
        "products(first: 20, orderBy: [{ field: INVENTORY_QUANTITY, direction: DESC }])",
        "{ nodes { productId inventory { nodes { locationId product { productId } } } } }",
        "SELECT jsonb_agg(product ORDER BY pieces DESC, product->'productId') FROM (
           SELECT sum(quantity) AS pieces, jsonb_build_object('productId', product_id,
             'inventory', jsonb_build_object('nodes', jsonb_agg(jsonb_build_object(
               'locationId', location_id, 'product', jsonb_build_object('productId', product_id))
               ORDER BY location_id))) AS product
           FROM product_inventory GROUP BY product_id
           ORDER BY 1 DESC, product_id LIMIT 20) AS products",
    ),
    (
        "customers(first: 50, filter: { territory: { group: { eq: \"Europe\" } } },
                   orderBy: [{ field: TERRITORY_NAME, direction: DESC }])",
        "{ nodes { customerId territory { name } store { name } } }",
        "SELECT jsonb_agg(customer ORDER BY place) FROM (
           SELECT row_number() OVER (ORDER BY territory.name DESC, customer_id) AS place,
             jsonb_build_object('customerId', customer_id,
               'territory', jsonb_build_object('name', territory.name),
               'store', CASE WHEN business_entity_id IS NOT NULL THEN
                 jsonb_build_object('name', store.name) END) AS customer
           FROM customer JOIN territory USING (territory_id)
           LEFT JOIN store ON business_entity_id = store_id
           WHERE territory_group = 'Europe' ORDER BY place LIMIT 50) AS customers",
    ),
];

async fn both_ways_agree(app: &TestApp) {
    let engine = engine(app);
    for (list, selection, sql) in LISTS {
        let mut found = data(&engine, &format!("{{ list: {list} {selection} }}")).await;
        let expected: Value = app.value(sql).await;
        assert!(expected.as_array().is_some_and(|rows| rows.len() > 5), "{list}: {expected}");
        assert_eq!(found["list"]["nodes"].take(), expected, "{list}");
    }
}

#[tokio::test]
async fn references_can_be_followed_both_ways() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &sample::ALL).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    both_ways_agree(&app).await;
}

#[tokio::test]
async fn references_of_the_real_files_can_be_followed_both_ways() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;
    assert_eq!(app.load().await.outcome, Outcome::Succeeded);
    both_ways_agree(&app).await;
    let found = data(
        &engine(&app),
        "{ customer(customerId: 29825) { store { name salesPersonId } territory { name group } }
           salesOrder(salesOrderId: 43661) { currencyRate { toCurrencyCode averageRate } }
           territory(territoryId: 6) { salesYtd salesLastYear costYtd costLastYear }
           product(productId: 1) { inventory { nodes { shelf bin quantity } } } }",
    )
    .await;
    let expected = json!({
        "customer": {
            "store": { "name": "Better Bike Shop", "salesPersonId": 279 },
            "territory": { "name": "Southeast", "group": "North America" },
        },
        "salesOrder": { "currencyRate": { "toCurrencyCode": "CAD", "averageRate": "1.4641" } },
        "territory": {
            "salesYtd": "6771829.1376", "salesLastYear": "5693988.8600",
            "costYtd": "0.0000", "costLastYear": "0.0000",
        },
        "product": { "inventory": { "nodes": [
            { "shelf": "A", "bin": 1, "quantity": 408 },
            { "shelf": "B", "bin": 5, "quantity": 324 },
            { "shelf": "A", "bin": 5, "quantity": 353 },
        ] } },
    });
    assert_eq!(found, expected);
}
