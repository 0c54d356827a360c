//! A first load sets foreign keys and indexes aside: nothing but its speed tells.

use salesgraph::load::Outcome;
use sqlx::{AssertSqlSafe, PgExecutor};

use crate::support::aside::{Halted, definitions, execute, numbers};
use crate::support::cluster::is_left_out;
use crate::support::sample::{self, ALL, CUSTOMER, DETAIL, HEADER, PERSON};
use crate::support::{TestApp, write};

const ORPHANS: &str = "
    SELECT (SELECT count(*) FROM sales_order_line AS line
            WHERE NOT EXISTS (SELECT FROM sales_order AS parent
                WHERE parent.sales_order_id = line.sales_order_id))
        + (SELECT count(*) FROM sales_order_line AS line
            WHERE NOT EXISTS (SELECT FROM special_offer_product AS parent
                WHERE (parent.special_offer_id, parent.product_id)
                    = (line.special_offer_id, line.product_id)))
        + (SELECT count(*) FROM sales_order AS child
            WHERE NOT EXISTS (SELECT FROM customer AS parent
                WHERE parent.customer_id = child.customer_id))
        + (SELECT count(*) FROM customer AS child WHERE person_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM person AS parent
                WHERE parent.business_entity_id = child.person_id))";

async fn state_of<'c>(on: impl PgExecutor<'c>, statement: &str) -> String {
    let done = sqlx::query(AssertSqlSafe(statement)).execute(on).await;
    let error = done.expect_err(statement);
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .expect("a SQLSTATE")
        .into_owned()
}

#[tokio::test]
async fn what_was_set_aside_is_back_as_it_was() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    for comment in [
        "CONSTRAINT sales_order_customer_id_fkey ON sales_order IS 'whose it''s'",
        "INDEX sales_order_order_date IS 'by day'",
    ] {
        let comment = format!("COMMENT ON {comment}");
        sqlx::query(AssertSqlSafe(comment)).execute(&app.pool).await.expect("a comment");
    }
    let (before, numbered) = (definitions(&app.pool).await, numbers(&app.pool).await);
    let mut earlier = app.pool.acquire().await.expect("a connection").detach();
    execute(&mut earlier, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await;
    let mut halted = Halted::start(&app).await;
    let status = app.run(&["migrate", "status"]).await.expect(0);
    status.says(&[
        "set aside  foreign key sales_order_line_sales_order_id_fkey of sales_order_line, since ",
        "set aside  index sales_order_order_date of sales_order, since ",
        "the load that is under way puts them back before it ends",
    ]);
    app.run(&["migrate", "up"]).await.expect(0).says(&["the load that is under way"]);
    let aside = definitions(&app.pool).await;
    assert!(!aside.iter().any(|line| line.contains("sales_order_customer_id_fkey")), "{aside:?}");
    assert!(aside.iter().any(|line| line.contains("sales_order_pkey")), "keys of rows stay");

    // Nothing would check what others write.
    for statement in [
        "INSERT INTO sales_order_line SELECT * FROM sales_order_line",
        "UPDATE customer SET person_id = 0",
        "DELETE FROM person",
        "TRUNCATE special_offer_product, sales_order_line",
    ] {
        assert_eq!(state_of(&app.pool, statement).await, "55006", "{statement}");
    }
    let of_earlier = state_of(&mut earlier, "DELETE FROM person").await;
    assert_eq!(of_earlier, "55006", "it does not see the notes");
    execute(&mut earlier, "ROLLBACK").await;
    halted.go_on().await;
    let ended = halted.loader.wait().await.expect("it ends");
    assert!(ended.success(), "{ended:?}");
    assert_eq!(definitions(&app.pool).await, before);
    assert_ne!(numbers(&app.pool).await, numbered, "the load had dropped some");
    let left: i64 = app.value("SELECT count(*) FROM load_set_aside").await;
    assert_eq!(left, 0);
    write(&app.pool, "DELETE FROM product_inventory").await;
}

#[tokio::test]
async fn a_guard_refuses_nothing_while_nothing_is_aside() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    app.load_small().await;
    // As tools do that restore the rows of a table.
    for state in ["DISABLE", "ENABLE"] {
        let sql = format!("ALTER TABLE sales_order_line {state} TRIGGER ALL");
        sqlx::query(AssertSqlSafe(sql)).execute(&app.pool).await.expect("a superuser");
    }
    write(&app.pool, "DELETE FROM sales_order_line").await;
}

#[tokio::test]
async fn a_daily_load_sets_nothing_aside() {
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &ALL).await;
    app.load_small().await;
    let numbered = numbers(&app.pool).await;
    // The whole file again, and one of a few rows.
    let newer = |record: &String| record.replacen("2014-", "2015-", 1);
    let records: Vec<String> = clean.records(CUSTOMER).iter().map(newer).collect();
    app.put("later/Sales.Customer.csv", clean.with_records(CUSTOMER, &records)).await;
    app.put("later/Person.Person.csv", clean.with_records(PERSON, &clean.records(PERSON)[..3]))
        .await;
    let summary = app.load_small().await;
    assert_eq!(summary.files_skipped, ALL.len(), "{summary:?}");
    assert_eq!(numbers(&app.pool).await, numbered);
}

#[tokio::test]
async fn a_load_that_is_not_much_sets_nothing_aside() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let numbered = numbers(&app.pool).await;
    let load = app.loader(|options| options.bulk_bytes = 1 << 30).await;
    assert_eq!(load.run().await.expect("the run ends").outcome, Outcome::Succeeded);
    assert_eq!(numbers(&app.pool).await, numbered);
}

#[tokio::test]
async fn a_check_sets_nothing_aside() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    let numbered = numbers(&app.pool).await;
    app.run(&["load", "--check"]).await.expect(0);
    assert_eq!(numbers(&app.pool).await, numbered);
}

#[tokio::test]
async fn tables_that_are_in_use_are_loaded_as_they_are() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    let other = TestApp::start().await;
    sample::defective().put(&other, &ALL).await;
    let mut reader = app.pool.acquire().await.expect("a connection").detach();
    execute(&mut reader, "BEGIN; SELECT FROM sales_order_line").await;
    let numbered = numbers(&app.pool).await;
    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    assert_eq!(numbers(&app.pool).await, numbered);
    execute(&mut reader, "COMMIT").await;

    other.load_small().await;
    assert_ne!(numbers(&other.pool).await, numbers(&app.pool).await);
    assert_eq!(app.snapshot().await, other.snapshot().await);
}

#[tokio::test]
async fn readers_never_see_a_row_without_its_parent() {
    if is_left_out("nothing is set aside there") {
        return;
    }
    let app = TestApp::start().await;
    let clean = sample::clean();
    clean.put(&app, &ALL).await;
    // Every third customer is missing, and the persons come in a second file.
    let customers: Vec<String> = clean
        .records(CUSTOMER)
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % 3 > 0)
        .map(|(_, it)| it)
        .collect();
    app.put(CUSTOMER, clean.with_records(CUSTOMER, &customers)).await;
    let mut halted = Halted::start(&app).await;
    halted.go_on().await;
    let mut looked = 0;
    while halted.loader.try_wait().expect("it runs or not").is_none() {
        let orphans: i64 = app.value(ORPHANS).await;
        assert_eq!(orphans, 0, "after {looked} looks");
        looked += 1;
    }
    assert!(looked > 3, "only {looked} looks");
    let waiting: i64 = app.value("SELECT count(*) FROM load_parked").await;
    assert!(waiting > 0, "orders of missing customers wait");
    app.assert_ledger_holds("with missing customers").await;

    clean.put(&app, &[CUSTOMER]).await;
    app.load_small().await;
    let undisturbed = TestApp::start().await;
    clean.put(&undisturbed, &ALL).await;
    undisturbed.load_small().await;
    assert_eq!(app.snapshot().await.content, undisturbed.snapshot().await.content);
}

/// Rows of a second file replace those of a first, within one first load.
#[tokio::test]
async fn rows_that_are_stored_meanwhile_are_merged() {
    let clean = sample::clean();
    let (app, plain) = (TestApp::start().await, TestApp::start().await);
    for app in [&app, &plain] {
        clean.put(app, &ALL).await;
        for key in [PERSON, HEADER, DETAIL] {
            let newer = |record: &String| record.replace("2014-", "2015-");
            let records: Vec<String> = clean.records(key).iter().map(newer).collect();
            let file = clean.with_records(key, &records);
            app.put(&key.replace(".csv", "-later.csv"), file).await;
        }
    }
    app.load_small().await;
    let load = plain.loader(|options| {
        options.limits.rows = 200;
        options.bulk_bytes = u64::MAX;
    });
    load.await.run().await.expect("the run ends");
    assert_eq!(app.snapshot().await, plain.snapshot().await);
}
