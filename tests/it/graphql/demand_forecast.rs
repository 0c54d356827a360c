//! The demand forecast in the API.

use chrono::{Days, NaiveDate};
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

use crate::load::real::real_files;
use crate::support::draw::Draw;
use crate::support::forecast::assert_all_as_worked_out;
use crate::support::sample::{self, ALL};
use crate::support::{Api, TestApp, ask, statements, write};

/// The selection of each row.
const NODE: &str = "date productId predictedQuantity basisDays availableQuantity shortfall";

async fn loaded() -> TestApp {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    assert_eq!(app.load().await.steps.len(), 2);
    app
}

fn engine(app: &TestApp) -> Engine {
    Engine::new(Reader::new(app.pool.clone()), Limits::default())
}

/// The connection of a query of the root field.
async fn list(engine: &Engine, arguments: &str, selection: &str) -> Value {
    let query = format!("{{ demandForecast({arguments}) {{ {selection} }} }}");
    let mut answer = ask(engine, query.as_str()).await;
    assert_eq!(answer["errors"], Value::Null, "{query}");
    answer["data"]["demandForecast"].take()
}

async fn nodes(engine: &Engine, arguments: &str) -> Vec<Value> {
    let (arguments, selection) =
        (format!("{arguments}, first: 1000"), format!("nodes {{ {NODE} }}"));
    let list = list(engine, &arguments, &selection).await;
    list["nodes"].as_array().expect("nodes").clone()
}

/// The last order date.
async fn last(app: &TestApp) -> NaiveDate {
    app.value("SELECT max(order_date)::date FROM sales_order").await
}

/// The period before and after the last order date.
async fn period(app: &TestApp, before: u64, after: u64) -> String {
    let last = last(app).await;
    format!("from: \"{}\", to: \"{}\"", last - Days::new(before), last + Days::new(after))
}

/// The rows that meet a condition, as the API writes them, by date and product.
async fn stored(app: &TestApp, condition: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT jsonb_build_object('date', date, 'productId', product_id, 'predictedQuantity', \
           predicted_quantity::text, 'basisDays', basis_days, 'availableQuantity', \
           available_quantity, 'shortfall', shortfall::text)::text \
         FROM demand_forecast WHERE {condition} ORDER BY date, product_id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&app.pool).await.expect(condition);
    rows.iter().map(|row| serde_json::from_str(row.get(0)).expect("JSON")).collect()
}

#[tokio::test]
async fn forecasts_of_the_real_files_follow_from_their_rows() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;
    app.load().await;
    assert_eq!(assert_all_as_worked_out(&app.pool, "the real files").await, 154_334);

    let engine = engine(&app);
    let products: Vec<i32> =
        sqlx::query_scalar("SELECT DISTINCT product_id FROM sales_order_line ORDER BY 1")
            .fetch_all(&app.pool)
            .await
            .expect("the products");
    let mut draw = Draw::new(3);
    let mut found = 0;
    for _ in 0..60 {
        let product = *draw.one(&products);
        let date = NaiveDate::from_ymd_opt(2014, 7, 28).expect("a day")
            - Days::new(u64::try_from(draw.between(0, 1_150)).expect("days"));
        let arguments = format!("from: \"{date}\", to: \"{date}\", productIds: [{product}]");
        let expected: Option<(String, i64)> = sqlx::query_as(
            "WITH days AS (SELECT sum(order_quantity) AS sold FROM sales_order_line \
               JOIN sales_order USING (sales_order_id) \
               WHERE product_id = $1 AND order_date < $2 \
                 AND to_char(order_date, 'ID') = to_char($2, 'ID') \
               GROUP BY order_date::date ORDER BY order_date::date DESC LIMIT 4), \
             ranked AS (SELECT sold, row_number() OVER (ORDER BY sold) AS place, \
               count(*) OVER () AS days FROM days) \
             SELECT round(avg(sold), 1)::text, max(days) FROM ranked \
             WHERE place IN ((days + 1) / 2, (days + 2) / 2) HAVING count(*) > 0",
        )
        .bind(product)
        .bind(date)
        .fetch_optional(&app.pool)
        .await
        .expect("the median");
        let inventory: Option<i64> =
            sqlx::query_scalar("SELECT sum(quantity) FROM product_inventory WHERE product_id = $1")
                .bind(product)
                .fetch_one(&app.pool)
                .await
                .expect("the inventory");
        let expected: Vec<Value> = expected
            .into_iter()
            .map(|(predicted, days)| {
                let available = inventory.unwrap_or(0);
                let quantity: f64 = predicted.parse().expect("a number");
                let stock = f64::from(i32::try_from(available).expect("fits"));
                json!({
                    "date": date, "productId": product, "predictedQuantity": predicted,
                    "basisDays": days, "availableQuantity": available,
                    "shortfall": format!("{:.1}", (quantity - stock).max(0.0)),
                })
            })
            .collect();
        found += expected.len();
        assert_eq!(nodes(&engine, &arguments).await, expected, "{arguments}");
    }
    assert!(found > 20, "{found} of 60 had a forecast");

    let horizon = "from: \"2014-07-01\", to: \"2014-12-31\"";
    let ahead = list(&engine, &format!("{horizon}, last: 1"), "totalCount nodes { date }").await;
    assert_eq!(ahead, json!({ "totalCount": 6_984, "nodes": [{ "date": "2014-07-28" }] }));
    let short = list(&engine, &format!("{horizon}, onlyShortfall: true"), "totalCount").await;
    assert_eq!(short["totalCount"], 1_580);
}

#[tokio::test]
async fn pages_in_either_direction_return_each_row_once() {
    let app = loaded().await;
    let engine = engine(&app);
    let period = period(&app, 25, 40).await;
    let last = last(&app).await;
    let all = stored(&app, &format!("date >= date '{last}' - 25")).await;
    assert!(all.len() > 500, "{}", all.len());
    let count = list(&engine, &period, "totalCount").await;
    assert_eq!(count["totalCount"], json!(all.len()));
    assert_eq!(all.last().expect("rows")["date"], json!(last + Days::new(28)));

    let selection = format!(
        "edges {{ cursor node {{ {NODE} }} }} \
         pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}"
    );
    for (size, from, more, end, forwards) in [
        ("first: 37", "after", "hasNextPage", "endCursor", true),
        ("last: 41", "before", "hasPreviousPage", "startCursor", false),
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let arguments = format!("{period}, {size}{cursor}");
            let page = list(&engine, &arguments, &selection).await;
            let edges = page["edges"].as_array().expect("edges").iter();
            let rows: Vec<Value> = edges.map(|edge| edge["node"].clone()).collect();
            let place = if forwards { seen.len() } else { 0 };
            seen.splice(place..place, rows);
            if page["pageInfo"][more] == json!(false) {
                break;
            }
            cursor = format!(", {from}: {}", page["pageInfo"][end]);
        }
        assert_eq!(seen, all, "{size}");
    }

    let by_demand = format!(
        "{period}, first: 20, orderBy: [{{ field: PREDICTED_QUANTITY, direction: DESC }}], \
         filter: {{ basisDays: {{ eq: 4 }} }}"
    );
    let top = list(&engine, &by_demand, "nodes { basisDays predictedQuantity }").await;
    let top: Vec<f64> = top["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| node["predictedQuantity"].as_str().and_then(|it| it.parse().ok()).expect("it"))
        .collect();
    assert!(top.len() == 20 && top.is_sorted_by(|one, next| one >= next), "{top:?}");
}

#[tokio::test]
async fn arguments_filter_by_product_and_shortfall() {
    let app = loaded().await;
    let engine = engine(&app);
    write(&app.pool, "TRUNCATE product_inventory").await;
    app.load().await;
    let period = period(&app, 10, 28).await;
    let all = nodes(&engine, &format!("{period}, productIds: [707, 708, 709]")).await;
    let last = last(&app).await;
    let condition = format!("date >= date '{last}' - 10 AND product_id IN (707, 708, 709)");
    assert_eq!(all, stored(&app, &condition).await);
    assert!(all.len() > 30, "{all:?}");
    for row in &all {
        let nothing = [&row["availableQuantity"], &row["shortfall"]];
        assert_eq!(nothing, [&Value::Null; 2], "no inventory is loaded");
    }
    let none = list(&engine, &format!("{period}, onlyShortfall: true"), "totalCount").await;
    assert_eq!(none["totalCount"], 0, "nothing is known to be short");
    let none = list(&engine, &format!("{period}, productIds: []"), "totalCount").await;
    assert_eq!(none["totalCount"], 0);

    // One product has a lot in stock, one a little in two places, the third nothing.
    write(&app.pool, "INSERT INTO product_inventory (product_id, location_id, shelf, bin, quantity, rowguid, \
               modified_date, source_file_id, source_line) \
             SELECT product_id, place, 'A', 1, quantity, gen_random_uuid(), '2014-01-01', 1, 1 \
             FROM (VALUES (707, 1, 30000), (708, 1, 1), (708, 2, 1)) AS of (product_id, place, quantity)").await;
    let unchanged = nodes(&engine, &format!("{period}, productIds: [707, 708, 709]")).await;
    assert_eq!(unchanged, all, "the forecast is of one state of the data");
    app.load().await;
    let some = nodes(&engine, &format!("{period}, productIds: [707, 708, 709]")).await;
    assert_eq!(some.len(), all.len());
    for row in &some {
        let available = match row["productId"].as_i64() {
            Some(707) => 30_000,
            Some(708) => 2,
            _ => 0,
        };
        assert_eq!(row["availableQuantity"], available, "{row}");
        let number = |name: &str| -> f64 {
            row[name].as_str().and_then(|text| text.parse().ok()).expect("a number")
        };
        let short = (number("predictedQuantity") - f64::from(available)).max(0.0);
        assert!((number("shortfall") - short).abs() < 0.01, "{row}");
    }
    let short = format!("{period}, productIds: [707, 708, 709], onlyShortfall: true");
    let expected: Vec<Value> =
        some.into_iter().filter(|row| row["shortfall"] != json!("0.0")).collect();
    assert!(expected.iter().any(|row| row["productId"] == 709), "{expected:?}");
    assert_eq!(nodes(&engine, &short).await, expected);
}

#[tokio::test]
async fn a_page_is_one_statement_and_a_row_has_an_id() {
    let app = loaded().await;
    let engine = engine(&app);
    ask(&engine, "{ __typename }").await;
    let query = format!(
        "{{ demandForecast({}, first: 5) {{ nodes {{ id date productId product {{ name }} }} }} }}",
        period(&app, 0, 28).await
    );
    let (answer, sent) = statements::during(ask(&engine, query.as_str())).await;
    assert_eq!(sent.len(), 1, "{sent:#?}");
    let nodes = answer["data"]["demandForecast"]["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 5);
    let ids: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let again = ask(
        &engine,
        format!(
            "{{ nodes(ids: {}) {{ ... on DemandForecast {{ id date productId product {{ name }} }} }} }}",
            json!(ids)
        )
        .as_str(),
    )
    .await;
    assert_eq!(&again["data"]["nodes"], &answer["data"]["demandForecast"]["nodes"], "{again}");
}

#[tokio::test]
async fn invalid_periods_are_refused_by_argument() {
    let api = Api::start().await;
    for (arguments, argument) in [
        (r#"from: "2014-02-01", to: "2014-01-31""#, "to"),
        (r#"from: "2004-01-01", to: "2014-01-09""#, "to"),
        (r#"from: "2014-02-30", to: "2014-03-01""#, "from"),
        (r#"from: "2014-02-03T00:00:00", to: "2014-03-01""#, "from"),
        (r#"from: "2014-02-03", to: "+2014-03-1""#, "to"),
        (r#"from: "2014-02-03", to: "2014-03-01", productIds: [707, null]"#, ""),
        (r#"from: "2014-02-03", to: "2014-03-01", after: "x""#, "after"),
        (r#"from: "2014-02-03", to: "2014-03-01", first: 1001"#, "first"),
    ] {
        let query = format!("{{ demandForecast({arguments}) {{ totalCount }} }}");
        let (code, named) = api.refusal(&query).await;
        assert_eq!(named, argument, "{arguments}");
        let expected = match argument {
            "" => "GRAPHQL_VALIDATION_FAILED",
            "first" => "PAGE_TOO_LARGE",
            _ => "BAD_USER_INPUT",
        };
        assert_eq!(code, expected, "{arguments}");
    }
    let (code, _) = api.refusal(r#"{ demandForecast(from: "2014-02-01") { totalCount } }"#).await;
    assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
    let widest = r#"{ demandForecast(from: "2004-01-01", to: "2014-01-07") { totalCount } }"#;
    assert_eq!(api.data(widest).await["demandForecast"]["totalCount"], 0);
}
