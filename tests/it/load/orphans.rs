//! Children loaded before their parents are parked, and resolved by themselves when
//! the parents arrive.

use salesgraph::load::{Counts, Outcome, RunSummary};

use crate::support::TestApp;
use crate::support::sample::{
    self, CUSTOMER, DETAIL, HEADER, INVENTORY, OFFER, PERSON, PRODUCT, RATE, STORE, TERRITORY,
};

/// Parked rows by table and by the parent they wait for.
async fn waiting(app: &TestApp) -> Vec<(String, String, i64)> {
    sqlx::query_as("SELECT dataset, parent, count(*) FROM load_parked GROUP BY 1, 2 ORDER BY 1, 2")
        .fetch_all(&app.pool)
        .await
        .expect("the parked rows")
}

fn parked(table: &str, parent: &str, count: i64) -> (String, String, i64) {
    (table.to_owned(), parent.to_owned(), count)
}

/// What a run did with the rows of a file.
fn counts(summary: &RunSummary, key: &str) -> Counts {
    let files = summary.files.iter().filter(|file| file.key.ends_with(key));
    files.fold(Counts::default(), |mut sum, file| {
        sum += file.counts;
        sum
    })
}

#[tokio::test]
async fn orphans_are_resolved_step_by_step_as_their_parents_arrive() {
    let clean = sample::clean();
    let undisturbed = TestApp::start().await;
    clean.put(&undisturbed, &sample::ALL).await;
    undisturbed.load_small().await;
    let (orders, lines) = (clean.count(HEADER), clean.count(DETAIL));

    let app = TestApp::start().await;
    clean.put(&app, &[DETAIL, HEADER]).await;
    let summary = app.load_small().await;
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects);
    assert_eq!(summary.totals.parked, orders + lines);
    let expected = [
        parked("sales_order", "customer", orders),
        parked("sales_order_line", "sales_order", lines),
    ];
    assert_eq!(waiting(&app).await, expected, "each row waits for the first parent it lacks");
    app.assert_ledger_holds("all parked").await;

    // Stores need no person; all other customers wait, and the orders with them.
    clean.put(&app, &[CUSTOMER]).await;
    app.load_small().await;
    let stores: i64 = app.value("SELECT count(*) FROM customer").await;
    assert!(stores > 0, "stores need no person");
    let customers = clean.count(CUSTOMER) - stores;
    let expected = [
        parked("customer", "person", customers),
        parked("sales_order", "customer", orders),
        parked("sales_order_line", "sales_order", lines),
    ];
    assert_eq!(waiting(&app).await, expected);
    app.assert_ledger_holds("customers parked").await;

    // The persons resolve the whole chain in a single run, though the other files are
    // skipped; lines still wait for the second parent they lack.
    clean.put(&app, &[PERSON]).await;
    let summary = app.load_small().await;
    assert_eq!(summary.files_skipped, 3);
    for (key, count) in [(CUSTOMER, customers), (HEADER, orders)] {
        let resolved = counts(&summary, key);
        assert_eq!((resolved.inserted, resolved.parked), (count, -count), "{key}");
        assert_eq!(resolved.read, 0, "{key}: the rows were read by an earlier run");
    }
    let expected = [parked("sales_order_line", "special_offer_product", lines)];
    assert_eq!(waiting(&app).await, expected);
    app.assert_ledger_holds("orders resolved").await;

    // Offers without their products resolve nothing; inventory waits with them.
    clean.put(&app, &[OFFER, INVENTORY]).await;
    app.load_small().await;
    let expected = [
        parked("product_inventory", "product", clean.count(INVENTORY)),
        parked("sales_order_line", "special_offer_product", lines),
        parked("special_offer_product", "product", clean.count(OFFER)),
    ];
    assert_eq!(waiting(&app).await, expected);

    // No row waited for the last three.
    clean.put(&app, &[PRODUCT, TERRITORY, STORE, RATE]).await;
    let summary = app.load_small().await;
    assert_eq!((summary.outcome, summary.files_skipped), (Outcome::Succeeded, 6), "{summary:?}");
    assert_eq!(waiting(&app).await, [], "nothing waits any more");
    let resolved = counts(&summary, DETAIL);
    assert_eq!((resolved.inserted, resolved.parked), (lines, -lines));
    app.assert_ledger_holds("all resolved").await;

    let (state, expected) = (app.snapshot().await, undisturbed.snapshot().await);
    assert_eq!(state.tables, expected.tables);
    assert_eq!(state.files, expected.files, "the numbers of the files are those of one load");
    let state: String =
        app.value("SELECT state FROM load_run ORDER BY started_at DESC LIMIT 1").await;
    assert_eq!(state, "succeeded");
}

#[tokio::test]
async fn a_resolved_orphan_does_not_overwrite_a_newer_row() {
    let customer = |person: &str, territory: u32, date: &str| {
        format!("1;{person};7;{territory};AW00000001;5B9A9BE4-61D8-4E3B-96C2-9A9F1F6B0A5E;{date}")
    };
    let clean = sample::clean();
    let app = TestApp::start().await;
    let person = clean.records(PERSON)[0].split(';').next().expect("an id").to_owned();
    let old = customer(&person, 1, "2014-01-01 00:00:00.000");
    app.put("a/Sales.Customer.csv", clean.with_records(CUSTOMER, &[old])).await;
    app.load_small().await;
    let new = customer("NULL", 2, "2014-01-02 00:00:00.000");
    app.put("b/Sales.Customer.csv", clean.with_records(CUSTOMER, &[new])).await;
    app.load_small().await;
    clean.put(&app, &[PERSON]).await;
    let summary = app.load_small().await;

    let resolved = counts(&summary, "a/Sales.Customer.csv");
    assert_eq!((resolved.unchanged, resolved.inserted, resolved.parked), (1, 0, -1));
    let territory: i32 = app.value("SELECT territory_id FROM customer").await;
    assert_eq!(territory, 2, "the newer row stays");
    assert_eq!(waiting(&app).await, []);
}

#[tokio::test]
async fn orphans_of_an_atomic_load_are_parked() {
    let clean = sample::clean();
    let app = TestApp::start().await;
    clean.put(&app, &[HEADER]).await;
    let load = app.loader(|options| {
        options.atomic = true;
        options.limits.rows = 200;
    });
    let summary = load.await.run().await.expect("the run ends");
    assert_eq!(summary.outcome, Outcome::SucceededWithRejects, "{summary:?}");
    let expected = [parked("sales_order", "customer", clean.count(HEADER))];
    assert_eq!(waiting(&app).await, expected);
    app.assert_ledger_holds("an atomic load").await;
}
