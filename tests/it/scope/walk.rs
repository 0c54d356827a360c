//! The walk through the schema: every path, filter, order, aggregate, cursor and count.

use salesgraph::auth::{Grant, Grants, Scope};

use super::documents::Documents;
use super::sdl::Sdl;
use super::twins::{Twins, Whole};

/// The territories of the partner: of the fixture's 1, 2, 3, 7 and 9.
const TERRITORIES: [i32; 2] = [1, 7];

async fn walk(documents: &Documents<'_>, twins: &mut Twins, depth: usize) {
    let mut all = documents.content(depth);
    all.extend(documents.existence());
    all.extend(documents.represented(depth - 1).into_values());
    all.extend(documents.ordered());
    all.extend(documents.continued());
    all.extend(documents.followed());
    all.extend(documents.aggregated());
    all.extend(documents.filtered(depth));
    for document in all {
        twins.ask(&document).await;
    }
    assert!(twins.asked > 100, "only {} documents were asked", twins.asked);
    assert!(twins.answered > 20, "only {} of {} had data", twins.answered, twins.asked);
}

#[tokio::test]
async fn a_partner_learns_nothing_of_other_territories() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let mut twins = whole.part(Grants::all(), &TERRITORIES).await;
    let answer = twins.ask("{ salesOrders { totalCount } persons { totalCount } }").await;
    let count = |list: &str| answer["data"][list]["totalCount"].as_i64().unwrap();
    assert!(count("salesOrders") > 10 && count("persons") > 10, "{answer}");
    // Of each of these a router gets some, and the others are null.
    let represented = documents.represented(0);
    for name in ["Customer", "Person", "SalesOrder", "SalesOrderLine", "Store"] {
        let answer = twins.ask(&represented[name]).await;
        let found = answer["data"]["_entities"].as_array().expect("entities");
        let shown = found.iter().filter(|entity| !entity.is_null()).count();
        assert!(shown > 0 && shown < found.len(), "{name}: {shown} of {}", found.len());
    }
    walk(&documents, &mut twins, 2).await;
}

#[tokio::test]
async fn without_persons_read_nobody_learns_personal_data() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let grants: Grants =
        Grant::ALL.into_iter().filter(|grant| *grant != Grant::PersonsRead).collect();
    let mut twins = whole.twin(Scope::new(None, grants, None), SCRAMBLE).await;
    walk(&documents, &mut twins, 1).await;
}

/// Other personal data.
const SCRAMBLE: &str = r"
UPDATE person SET title = 'Dr.', first_name = 'X' || business_entity_id::text, middle_name = NULL,
    last_name = md5(business_entity_id::text), suffix = NULL, demographics = NULL,
    additional_contact_info = '<other/>';
UPDATE load_reject SET message = 'other', raw = 'other';
UPDATE load_parked SET raw = 'other';
UPDATE load_finding SET message = 'other';
";

#[tokio::test]
async fn without_loads_read_nobody_learns_of_loads() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let grants = [Grant::SalesRead, Grant::PersonsRead].into_iter().collect();
    let mut twins = whole.twin(Scope::new(None, grants, None), OTHER_LOADS).await;
    walk(&documents, &mut twins, 1).await;
}

/// Other loads. The rows keep their places, which are their own.
const OTHER_LOADS: &str = r"
DELETE FROM load_reject;
DELETE FROM load_parked;
DELETE FROM load_step;
DELETE FROM load_finding;
UPDATE job SET worker = 'other', task = 'report', job_key = NULL;
UPDATE load_file SET object_key = 'other', byte_size = 1, rows_read = 180, rows_rejected = 0,
    rows_parked = 0;
UPDATE load_raw SET uri = 's3://other/raw';
UPDATE load_run SET source_uri = 's3://other', holder = 'other', files_found = 1;
INSERT INTO load_run (id, state, source_uri, holder, started_at, finished_at, files_found)
VALUES ('01990000-0000-7000-8000-000000000009', 'succeeded', 's3://in/', 'host:1',
        '2026-01-01 09:00:00Z', '2026-01-01 09:05:00Z', 2);
";

#[tokio::test]
async fn without_sales_read_nobody_learns_of_sales() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let grants = [Grant::LoadsRead, Grant::PersonsRead].into_iter().collect();
    let hidden = "TRUNCATE sales_order_line, sales_order, customer, person, product, store,
                  special_offer_product, territory, currency_rate, product_inventory";
    let mut twins = whole.twin(Scope::new(None, grants, None), hidden).await;
    walk(&documents, &mut twins, 1).await;
}
