//! The tables that a statement reads are found in its text: those that Postgres finds in it, for
//! every document there is. So no answer is kept for longer than they stay the same.

use std::collections::BTreeMap;

use async_graphql::Request;
use salesgraph::auth::{Grants, Scope};
use salesgraph::db::data_version::DataVersions;
use salesgraph::db::data_version::tables::{TableSet, tables_of};
use salesgraph::db::pool::{self, Settings};
use salesgraph::graphql::Engine;
use salesgraph::http::{AppState, RequestLimits};
use salesgraph::query::Reader;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::documents::Documents;
use super::random::Author;
use super::sdl::Sdl;
use super::twins::{Values, Whole, limits};
use crate::support::draw::Draw;
use crate::support::http::{CACHE_BYTES, TestServer};
use crate::support::write;

/// What Postgres has prepared on the only connection of a pool, each with the types of its
/// values.
async fn prepared(pool: &PgPool, all: &mut BTreeMap<String, Vec<String>>) {
    let found: Vec<(String, Vec<String>)> = sqlx::query_as(
        "SELECT statement, parameter_types::text[] FROM pg_prepared_statements \
         WHERE statement NOT LIKE '%pg_prepared_statements%'",
    )
    .fetch_all(pool)
    .await
    .expect("the statements");
    all.extend(found);
}

/// What Postgres finds that a statement reads: tables, views and functions. A function with
/// this statement depends on them.
async fn found_by_postgres(pool: &PgPool, sql: &str, types: &[String]) -> Vec<String> {
    let types = types.join(", ");
    let mut probe = pool.begin().await.expect("a transaction");
    let function = format!(
        "CREATE FUNCTION probe({types}) RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC {sql}; END"
    );
    // Postgres asks for the columns of records only where they are read. Another function has
    // this name each time, so that it is looked up each time.
    probe.execute(AssertSqlSafe(function)).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    let names = sqlx::query_scalar(
        "SELECT DISTINCT coalesce(relname, proname)::text FROM pg_depend \
         LEFT JOIN pg_class ON refclassid = 'pg_class'::regclass AND pg_class.oid = refobjid \
             AND pg_class.relnamespace = 'public'::regnamespace \
         LEFT JOIN pg_proc ON refclassid = 'pg_proc'::regclass AND pg_proc.oid = refobjid \
             AND pronamespace = 'public'::regnamespace \
         WHERE classid = 'pg_proc'::regclass \
             AND objid = (SELECT oid FROM pg_proc WHERE proname = 'probe') \
             AND coalesce(relname, proname) IS NOT NULL",
    )
    .fetch_all(&mut *probe)
    .await
    .expect("what it depends on");
    probe.rollback().await.expect("nothing of it stays");
    names
}

#[tokio::test]
async fn the_tables_of_every_statement_are_those_that_postgres_finds() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values = whole.values(&sdl).await;
    let documents = Documents { sdl: &sdl, values: &values };
    let mut all = documents.content(2);
    all.extend(documents.existence());
    all.extend(documents.ordered());
    all.extend(documents.continued());
    all.extend(documents.followed());
    all.extend(documents.aggregated());
    all.extend(documents.filtered(1));
    let settings = Settings { max_connections: 1, ..Settings::new(whole.url()) };
    let partner = Scope::new(Some("partner".to_owned()), Grants::all(), Some(vec![1, 7]));
    let mut statements = BTreeMap::new();
    for scope in [Scope::everything(), partner] {
        let pool = pool::connect(&settings).await.expect("connect");
        let engine = Engine::new(Reader::new(pool.clone()), limits());
        for document in &all {
            engine.execute(engine.prepare(Request::new(document)), &scope).await;
            prepared(&pool, &mut statements).await;
        }
        pool.close().await;
    }
    assert!(statements.len() > 500, "only {} statements", statements.len());
    let pool = pool::connect(&settings).await.expect("connect");
    let (mut checked, mut exact) = (0, 0);
    for (sql, types) in &statements {
        // Estimates, which are about no rows.
        if !sql.contains("SELECT") || sql.contains("pg_class") {
            continue;
        }
        let found = found_by_postgres(&pool, sql, types).await;
        let expected = tables_of(&found.join(" "));
        let noted = tables_of(sql);
        match (expected, noted) {
            (None, noted) => assert_eq!(noted, None, "{found:?} of {sql}"),
            (Some(expected), Some(noted)) => {
                let covers = noted.is_all() || noted.and(expected) == noted;
                assert!(covers, "{found:?}, and not only {:?}: {sql}", noted.names());
                exact += usize::from(noted == expected);
            }
            (Some(_), None) => {}
        }
        checked += 1;
    }
    // More than it reads is no mistake, but makes answers old too soon.
    assert!(exact * 100 > checked * 90, "{exact} of {checked} are exact");
}

/// Commits by hand, of most tables.
const COMMITS: [&str; 24] = [
    "UPDATE person SET first_name = 'C$n' WHERE business_entity_id % 5 = $n % 5",
    "UPDATE product SET name = 'C$n', list_price = $n WHERE product_id % 3 = $n % 3",
    "UPDATE customer SET territory_id = 1 + $n % 3 WHERE customer_id % 7 = $n % 7",
    "UPDATE customer SET store_id = 901 + $n % 8 WHERE customer_id % 6 = $n % 6",
    "UPDATE special_offer_product SET modified_date = '2020-01-01' WHERE product_id = 1 + $n % 19",
    "UPDATE product_inventory SET quantity = $n WHERE product_id % 4 = $n % 4",
    "UPDATE territory SET name = 'C$n', sales_ytd = $n",
    "UPDATE store SET name = 'C$n' WHERE business_entity_id % 3 = $n % 3",
    "UPDATE currency_rate SET average_rate = $n + 1, end_of_day_rate = $n + 1",
    "UPDATE sales_order SET total_due = total_due + 1, sub_total = sub_total + 1 \
     WHERE sales_order_id % 5 = $n % 5",
    "UPDATE sales_order SET order_date = order_date - interval '1 month' \
     WHERE sales_order_id % 11 = $n % 11",
    "UPDATE sales_order_line SET order_quantity = order_quantity + 1, line_total = round( \
         unit_price * (1 - unit_price_discount) * (order_quantity + 1), 6) \
     WHERE sales_order_id % 4 = $n % 4",
    "DELETE FROM sales_order_line WHERE sales_order_id = 1001 + 1000 * ($n % 50)",
    "UPDATE load_run SET holder = 'C$n'",
    "UPDATE load_file SET object_key = 'C$n'",
    "UPDATE load_raw SET uri = 's3://lake/C$n'",
    "UPDATE load_step SET rows_written = $n",
    "UPDATE load_reject SET message = 'C$n'",
    "UPDATE load_finding SET message = 'C$n'",
    "UPDATE source_failure SET message = 'C$n'",
    "UPDATE lake_table SET location = 's3://lake/C$n'",
    "UPDATE lake_snapshot SET row_count = $n",
    "UPDATE store SET name = 'D$n'; UPDATE person SET last_name = 'D$n'",
    "DELETE FROM sales_by_product_day; DELETE FROM sales_by_day; \
     INSERT INTO sales_by_product_day SELECT * FROM sales_by_product_day_since(NULL); \
     INSERT INTO sales_by_day SELECT * FROM sales_by_day_since(NULL); \
     DELETE FROM derivation_due WHERE step = 'sales_rollup'",
];

/// Documents, and commits between which all of them are asked.
const DOCUMENTS: usize = 40;
const ROUNDS: usize = 60;

async fn ask(server: &TestServer, body: &str) -> Value {
    server.post("application/json", body).await.json()
}

#[tokio::test]
async fn cached_answers_are_those_that_would_be_executed() {
    let (whole, sdl) = (Whole::start().await, Sdl::read().await);
    let values: Values = whole.values(&sdl).await;
    let pool = pool::connect(&Settings::new(whole.url())).await.expect("connect");
    let mut running = Vec::new();
    for is_cached in [true, true, false] {
        let versions = DataVersions::start(&pool, pool.connect_options().as_ref().clone());
        let state = AppState::new(pool.clone(), versions, limits(), RequestLimits::default());
        let state = if is_cached { state.with_cache(CACHE_BYTES) } else { state };
        running.push(TestServer::serve(state).await);
    }
    let filters = super::filters::Filters { sdl: &sdl, values: &values };
    let mut author = Author { sdl: &sdl, filters, draw: Draw::new(7) };
    let documents: Vec<String> =
        (0..DOCUMENTS).map(|_| json!({ "query": author.document() }).to_string()).collect();
    let mut draw = Draw::new(8);
    let (mut kept, mut asked) = (0, 0);
    for round in 0..ROUNDS {
        let commit = draw.one(&COMMITS).replace("$n", &round.to_string());
        write(&pool, &commit).await;
        let now: i64 =
            sqlx::query_scalar("SELECT version FROM data_version").fetch_one(&pool).await.unwrap();
        for document in &documents {
            let uncached = ask(&running[2], document).await;
            for server in &running[..2] {
                let answer = ask(server, document).await;
                for part in ["data", "errors"] {
                    let [one, other] = [&answer, &uncached].map(|answer| answer[part].to_string());
                    assert_eq!(without_ids(&one), without_ids(&other), "{commit}: {document}");
                }
                let of = |answer: &Value| answer["extensions"]["dataVersion"].clone();
                assert_eq!(of(&answer), of(&uncached), "{commit}: {document}");
                kept += usize::from(of(&answer).as_i64().is_some_and(|version| version < now));
                asked += 1;
            }
        }
    }
    assert!(kept > asked / 4, "only {kept} of {asked} answers outlived a commit");
    assert_eq!(TableSet::default(), TableSet::ALL, "of what is not known, nothing is kept");
}

/// Errors name their request.
fn without_ids(text: &str) -> String {
    let mut rest = text;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once("\"requestId\":\"") {
        out.push_str(before);
        rest = after.split_once('"').map_or("", |(_, after)| after);
    }
    out + rest
}
