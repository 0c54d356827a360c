//! Both engines give the same answers, to the last digit and in the same order.

use salesgraph::db::row_security::RowSecurity;
use salesgraph::graphql::{Commands, Engine, Limits};
use salesgraph::query::Reader;
use serde_json::{Value, json};

use super::{PERSONS, Sales};
use crate::load::real::real_files;
use crate::support::draw::Draw;
use crate::support::lake::USUAL;
use crate::support::sales::{CONDITIONS, DIMENSIONS, FILTERS, MEASURES, key, question, selected};
use crate::support::{TestApp, sales};

/// Questions by chance.
const QUESTIONS: usize = 60;

#[tokio::test]
async fn random_questions_have_the_same_answers() {
    let sales = Sales::start(7).await;
    sales.write_lake(PERSONS).await;
    let working = sales.work().await;
    let mut draw = Draw::new(20_261_129);
    for _ in 0..QUESTIONS {
        let (arguments, selection) = question(&mut draw);
        sales.compare(&arguments, &selection).await;
    }
    working.stop().await;
}

#[tokio::test]
async fn every_dimension_and_measure_and_condition_is_answered_alike() {
    let sales = Sales::start(11).await;
    sales.write_lake(PERSONS).await;
    let working = sales.work().await;
    let all: Vec<_> = MEASURES.iter().collect();
    let everything = selected(&all);
    for dimension in &DIMENSIONS {
        let selection =
            format!("totalCount nodes {{ {} measures {{ {everything} }} }}", key(&[dimension]));
        let list = sales.compare(&format!("groupBy: {} ", dimension.name), &selection).await;
        assert!(list["totalCount"].as_i64().is_some_and(|count| count > 1), "{}", dimension.name);
    }
    let mut counts = Vec::new();
    for condition in CONDITIONS.iter().chain(FILTERS.iter().map(|(filter, _)| filter)) {
        let selection = "nodes { measures { lineCount orderCount lineTotal { sum } } }";
        let list = sales.compare(&format!("filter: {condition} "), selection).await;
        counts.push(list["nodes"][0]["measures"]["lineCount"].as_i64().unwrap_or_default());
    }
    let greatest = counts.iter().max().copied().unwrap_or_default();
    let telling = counts.iter().filter(|count| **count > 0 && **count < greatest).count();
    assert!(telling > 15, "most conditions keep some lines and leave others out: {counts:?}");
    working.stop().await;
}

#[tokio::test]
async fn the_first_and_the_last_days_are_grouped_alike() {
    let sales = Sales::start(11).await;
    for (place, date) in [
        "0001-01-01", "0001-12-31 23:59:59.999999", "1500-02-28 12:00", "1677-09-21",
        "1969-12-28 23:59:59.5", "1969-12-29", "2262-04-12", "9999-12-31 23:59:59.999999",
    ]
    .iter()
    .enumerate()
    {
        let place = i64::try_from(place).expect("a place");
        let moved = sqlx::query(
            "UPDATE sales_order SET order_date = $2::timestamp, due_date = '9999-12-31 23:59:59.999999' \
             WHERE sales_order_id = (SELECT sales_order_id FROM sales_order_line \
                 GROUP BY 1 ORDER BY 1 LIMIT 1 OFFSET $1)",
        )
        .bind(place)
        .bind(date)
        .execute(&sales.app.pool)
        .await
        .expect(date);
        assert_eq!(moved.rows_affected(), 1, "{date}");
    }
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    for dimension in DIMENSIONS.iter().filter(|one| one.name.starts_with("ORDER_")) {
        let arguments =
            format!("groupBy: {} orderBy: [{{ dimension: {} }}] ", dimension.name, dimension.name);
        let selection =
            format!("totalCount nodes {{ {} measures {{ lineCount }} }}", key(&[dimension]));
        sales.compare(&arguments, &selection).await;
        // The first groups alone are cut in the engine.
        let selection = format!("nodes {{ {} measures {{ lineCount }} }}", key(&[dimension]));
        sales.compare(&format!("{arguments} first: 3 "), &selection).await;
    }
    working.stop().await;
}

#[tokio::test]
async fn long_filters_are_answered_alike() {
    let sales = Sales::start(11).await;
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    let selection = "nodes { measures { lineCount lineTotal { sum } } }";
    let list = |condition: fn(usize) -> String, count| {
        (0..count).map(condition).collect::<Vec<_>>().join(", ")
    };
    let any = |count| list(|it| format!(r#"{{ unitPrice: {{ lt: "{it}.5" }} }}"#), count);
    let all = |count| list(|it| format!("{{ orderQuantity: {{ ne: {it} }} }}"), count);
    let mut counts = Vec::new();
    for filter in [
        format!("{{ or: [{}] }}", any(240)),
        format!("{{ and: [{}] }}", all(240)),
        format!("{{ not: {{ or: [{}] }} }}", any(239)),
        format!("{{ not: {{ and: [{}] }} }}", all(239)),
        format!(
            "{{ not: {{ or: [{{ and: [{}] }}, {{ not: {{ or: [{}] }} }}] }} }}",
            all(120),
            any(120)
        ),
    ] {
        let answer = sales.compare(&format!("filter: {filter} "), selection).await;
        counts.push(answer["nodes"][0]["measures"]["lineCount"].as_i64().expect("a count"));
    }
    assert!(counts.iter().any(|count| *count > 0), "{counts:?}");
    working.stop().await;
}

#[tokio::test]
async fn with_row_security_answers_are_read_as_well() {
    let app = TestApp::start().await;
    sales::insert(&app.pool, 3).await;
    let reader = Reader::with_row_security(app.pool.clone(), RowSecurity::On);
    let commands = Commands::new(reader.clone());
    let engine = Engine::new(reader, Limits::default()).with_commands(commands);
    let sales = Sales { app, engine };
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    let list = sales.compare("groupBy: PRODUCT ", "nodes { measures { lineCount } }").await;
    assert_ne!(list["nodes"], json!([]));
    working.stop().await;
}

#[tokio::test]
async fn pages_are_of_one_answer() {
    let sales = Sales::start(5).await;
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    let arguments = "groupBy: [PRODUCT, ORDER_MONTH] \
                     orderBy: [{ measure: UNIT_PRICE_AVG, direction: DESC }] ";
    let selection = "pageInfo { hasNextPage endCursor } \
                     nodes { key { orderMonth } measures { unitPrice { avg } } }";
    let (mut after, mut pages) = ("null".to_owned(), 0);
    loop {
        let paged = format!("{arguments} first: 7 after: {after} ");
        let list = sales.compare(&paged, selection).await;
        pages += 1;
        if list["pageInfo"]["hasNextPage"] == false || pages == 5 {
            break;
        }
        after = list["pageInfo"]["endCursor"].to_string();
    }
    assert_eq!(pages, 5, "there are several pages");
    let jobs: i64 = sales.app.value("SELECT count(*) FROM job WHERE task = 'lake_query'").await;
    assert_eq!(jobs, 1, "all pages are of one answer");
    working.stop().await;
}

#[tokio::test]
async fn the_real_files_are_answered_alike() {
    let Some(dir) = real_files() else { return };
    let app = TestApp::start().await;
    app.put_dir(&dir).await;
    app.load_lake().await;
    let sales = Sales::over(app);
    let working = sales.work().await;
    for (arguments, selection) in [
        (
            "groupBy: [DAYS_TO_MANUFACTURE, PRODUCT] orderBy: [{ dimension: DAYS_TO_MANUFACTURE }, \
             { measure: ORDER_QUANTITY_SUM, direction: DESC }] \
             topPerGroup: { by: [DAYS_TO_MANUFACTURE], first: 3 } ",
            "nodes { key { daysToManufacture product { name } } measures { orderQuantity { sum } } }",
        ),
        (
            "groupBy: [CUSTOMER] orderBy: [{ measure: ORDER_COUNT, direction: DESC }] first: 2 ",
            "nodes { key { customer { customerId person { lastName } } } measures { orderCount } }",
        ),
        (
            "groupBy: [PRODUCT, ORDER_DATE] first: 1000 ",
            "totalCount pageInfo { endCursor } \
             nodes { key { product { name } orderDate } measures { orderQuantity { sum } } }",
        ),
        (
            "groupBy: [TERRITORY, PRODUCT_LINE] ",
            "nodes { key { territoryId productLine } measures { customerCount orderTotal \
             lineTotal { avg median stddev percentile(p: 0.9) } } }",
        ),
    ] {
        let list = sales.compare(arguments, selection).await;
        assert!(!list["nodes"].as_array().expect("groups").is_empty(), "{arguments}");
    }
    working.stop().await;
}

#[tokio::test]
async fn callers_who_ask_the_same_share_a_job() {
    let sales = Sales::start(3).await;
    sales.write_lake(USUAL).await;
    let query = "{ salesAggregate(groupBy: ONLINE, engine: LAKE) \
                 { nodes { measures { lineCount } } } }";
    let working = async {
        // All wait before anybody works.
        sales.app.wait_until("SELECT count(*) = 1 FROM job WHERE task = 'lake_query'").await;
        sales.work().await
    };
    let (first, second, third, working) =
        tokio::join!(sales.ask(query), sales.ask(query), sales.ask(query), working);
    assert_eq!(first["errors"], Value::Null);
    assert_eq!([&first, &first], [&second, &third]);
    let jobs: i64 = sales.app.value("SELECT count(*) FROM job WHERE task = 'lake_query'").await;
    assert_eq!(jobs, 1);
    working.stop().await;
}

#[tokio::test]
async fn an_empty_lake_has_the_group_of_no_line() {
    let app = TestApp::start().await;
    let sales = Sales::over(app);
    sales.write_lake(USUAL).await;
    let working = sales.work().await;
    let selection = "nodes { measures { lineCount orderTotal lineTotal { sum avg median } } }";
    let list = sales.compare("", selection).await;
    let expected = json!({ "lineCount": 0, "orderTotal": "0.0000",
                           "lineTotal": { "sum": "0.000000", "avg": null, "median": null } });
    assert_eq!(list["nodes"][0]["measures"], expected);
    let list = sales.compare("groupBy: PRODUCT ", selection).await;
    assert_eq!(list["nodes"], json!([]));
    working.stop().await;
}
