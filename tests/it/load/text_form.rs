//! Accents are found however they are spelled: as part of a letter, or as a character after it.

use migration::{Migrator, MigratorTrait as _};
use salesgraph::db::pool;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::json;

use crate::support::cluster::is_left_out;
use crate::support::mirrored::person;
use crate::support::sample::{self, ALL, PERSON, PRODUCT};
use crate::support::{TestApp, ask, write};

/// The same name, composed and decomposed.
const JOSE: [&str; 2] = ["Jos\u{e9}", "Jose\u{301}"];

/// Persons 1 and 2 are called so, each spelled in its own way.
async fn two_of_a_name() -> TestApp {
    let app = TestApp::start().await;
    app.put_records(PERSON, &[person(1, JOSE[0], 1), person(2, JOSE[1], 1)]).await;
    let summary = app.load().await;
    assert_eq!(summary.totals.inserted, 2, "{summary:?}");
    app
}

async fn assert_found_either_way(app: &TestApp) {
    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    for name in JOSE {
        let accented = &name[3..];
        for filter in [
            format!("firstName: {{eq: \"{name}\"}}"),
            format!("firstName: {{ieq: \"{}\"}}", name.to_uppercase()),
            format!("firstName: {{in: [\"x\", \"{name}\"]}}"),
            format!("firstName: {{iin: [\"{name}\"]}}"),
            format!("firstName: {{contains: \"{accented}\"}}"),
            format!("firstName: {{icontains: \"{accented}\"}}"),
            format!("firstName: {{startsWith: \"{name}\"}}"),
            format!("firstName: {{endsWith: \"{accented}\"}}"),
            format!("firstName: {{gte: \"{name}\", lte: \"{name}\"}}"),
            format!("not: {{firstName: {{ne: \"{name}\"}}}}"),
        ] {
            let query = format!("{{ persons(filter: {{{filter}}}) {{ nodes {{ firstName }} }} }}");
            let nodes = json!([{"firstName": JOSE[0]}, {"firstName": JOSE[0]}]);
            let answer = ask(&engine, query.as_str()).await;
            assert_eq!(answer["data"]["persons"]["nodes"], nodes, "{query}: {answer}");
        }
        // As a variable, and from one page to the next.
        let query = "query($name: String, $after: String) { \
                     persons(filter: {firstName: {eq: $name}}, orderBy: [{field: FIRST_NAME}], \
                       first: 1, after: $after) { \
                       nodes { businessEntityId } pageInfo { endCursor } } }";
        let mut after = json!(null);
        for id in [1, 2] {
            let variables =
                async_graphql::Variables::from_json(json!({"name": name, "after": after}));
            let request = async_graphql::Request::new(query).variables(variables);
            let mut answer = ask(&engine, request).await;
            let page = answer["data"]["persons"].take();
            assert_eq!(page["nodes"], json!([{"businessEntityId": id}]), "{answer}");
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

#[tokio::test]
async fn accents_are_found_however_they_and_the_rows_are_spelled() {
    let app = two_of_a_name().await;
    assert_found_either_way(&app).await;
}

#[tokio::test]
async fn keywords_are_found_however_they_are_spelled() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &ALL).await;
    let products = clean.records(PRODUCT);
    let renamed = products.iter().enumerate().map(|(number, record)| {
        let mut fields: Vec<&str> = record.split(';').collect();
        let name = format!("{} {number}", JOSE[number % 2]);
        fields[1] = &name;
        fields.join(";")
    });
    app.put_records(PRODUCT, &renamed.collect::<Vec<_>>()).await;
    app.load().await;
    let engine = Engine::new(Reader::new(app.pool.clone()), Limits::default());
    let lines: i64 = app.value("SELECT count(*) FROM sales_order_line").await;
    for word in JOSE {
        let query =
            format!("{{ salesOrderLines(filter: {{keyword: \"{word}\"}}) {{ totalCount }} }}");
        let answer = ask(&engine, query.as_str()).await;
        assert_eq!(answer["data"]["salesOrderLines"]["totalCount"], json!(lines), "{answer}");
    }
}

#[tokio::test]
async fn a_text_is_as_long_as_it_is_stored_and_a_reject_is_kept_as_it_was() {
    let app = TestApp::start().await;
    let records = [person(1, &JOSE[1][3..].repeat(50), 1), person(2, &JOSE[1][3..].repeat(51), 1)];
    app.put_records(PERSON, &records).await;
    let summary = app.load().await;
    assert_eq!((summary.totals.inserted, summary.totals.rejected), (1, 1), "{summary:?}");
    let name: String = app.value("SELECT first_name FROM person").await;
    assert_eq!(name, "\u{e9}".repeat(50));
    let raw: Vec<u8> = app.value("SELECT raw FROM load_reject").await;
    assert_eq!(raw, records[1].as_bytes());
}

#[tokio::test]
async fn rows_that_were_loaded_before_are_brought_into_the_same_form() {
    if is_left_out("it stays one, with all migrations") {
        return;
    }
    let app = two_of_a_name().await;
    let orm = pool::orm(&app.pool);
    let migrations = Migrator::migrations();
    let place = migrations.iter().position(|one| one.name().ends_with("_text_form"));
    let later = migrations.len() - place.expect("the migration");
    Migrator::down(&orm, Some(u32::try_from(later).expect("few"))).await.expect("down");
    write(
        &app.pool,
        "UPDATE person SET first_name = normalize(first_name, NFD), \
               last_name = repeat(U&'\\0344', 50) WHERE business_entity_id = 2",
    )
    .await;
    Migrator::up(&orm, None).await.expect("up");
    assert_found_either_way(&app).await;
    let kept: bool = app
        .value("SELECT last_name = repeat(U&'\\0344', 50) FROM person WHERE business_entity_id = 2")
        .await;
    assert!(kept, "what would be too long stays, and is no reason to fail");
}
