//! Row-level security as the second wall: what the roles of the API may read by any SQL.

use salesgraph::auth::{Grants, Scope};
use salesgraph::catalog;
use salesgraph::config::RowSecurityMode;
use salesgraph::db::row_security::RowSecurity;
use salesgraph::db::schema;
use salesgraph::error::Code;
use salesgraph::graphql::{Engine, Limits};
use salesgraph::query::Reader;
use serde_json::Value;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::support::cluster::is_left_out;
use crate::support::{TestDb, database, fixture, write};

const READER: &str = "salesgraph_reader";
const PARTNER: &str = "salesgraph_partner";

/// What a partner sees of a table.
enum Seen {
    /// All rows.
    All,
    /// Rows of which this holds; `$` stands for the territories.
    Where(&'static str),
    /// No row.
    Nothing,
    /// It may not read it.
    Refused,
}

/// A table of the catalog is listed here, or the test fails.
fn seen(table: &str) -> Seen {
    match table {
        "product" | "special_offer_product" | "product_inventory" | "currency_rate" => Seen::All,
        "customer" | "sales_order" | "territory" => Seen::Where("territory_id = ANY ($)"),
        "sales_order_line" => Seen::Where(
            "sales_order_id IN (SELECT sales_order_id FROM sales_order WHERE territory_id = ANY ($))",
        ),
        "person" => Seen::Where(
            "business_entity_id IN (SELECT person_id FROM customer WHERE territory_id = ANY ($))",
        ),
        "store" => Seen::Where(
            "business_entity_id IN (SELECT store_id FROM customer WHERE territory_id = ANY ($))",
        ),
        "sales_by_day" | "sales_by_product_day" => Seen::Refused,
        "job" | "source_failure" | "lake_table" | "lake_snapshot" => Seen::Nothing,
        "report" => Seen::Where("territories <@ $"),
        "report_request" => {
            Seen::Where("report_id IN (SELECT id FROM report WHERE territories <@ $)")
        }
        // They hold no data; whose they are, the statements say.
        "saved_query" | "saved_query_deletion" => Seen::All,
        name if name.starts_with("load_") || name.starts_with("demand_forecast") => Seen::Nothing,
        name => panic!("what does a partner see of {name}?"),
    }
}

/// The fixture, with rows in all tables that partners must find empty.
pub(super) async fn filled() -> TestDb {
    let db = database().await;
    fixture::insert(&db.pool).await;
    write(&db.pool, "INSERT INTO demand_forecast_span VALUES (1, 1, '2024-01-01', NULL, 5, 1, 1);
             INSERT INTO demand_forecast_date VALUES ('2024-01-01', 1);
             INSERT INTO demand_forecast_stock VALUES (1, 5);
             INSERT INTO sales_by_day SELECT * FROM sales_by_day_since(NULL);
             INSERT INTO sales_by_product_day SELECT * FROM sales_by_product_day_since(NULL);
             INSERT INTO source_failure VALUES (gen_random_uuid(), 'currency_rates', 'ecb', 'u', 404,
                 'raw', 'dead', NULL, 'status', 'm', NULL, now(), now());
             UPDATE customer SET store_id = 901 WHERE customer_id = 3;
             INSERT INTO report (id, organization, project, kind, format, request, fingerprint,
                 grants, territories, requested_by, version)
             SELECT gen_random_uuid(), 'acme', 'p', 'products', 'csv', '{}'::jsonb, sha256(t::text::bytea),
                 'sales:read', t::int[], 'who', 1
             FROM unnest(ARRAY['{1,4}', '{2}', '{1,2}', NULL]) t WHERE t IS NOT NULL
             UNION ALL SELECT gen_random_uuid(), 'acme', 'p', 'products', 'csv', '{}'::jsonb, 'x'::bytea,
                 'sales:read', NULL::int[], 'who', 1;
             INSERT INTO report_request (id, report_id, organization, requested_by, reused)
             SELECT gen_random_uuid(), id, organization, requested_by, false FROM report;").await;
    db
}

async fn count(connection: &mut PgConnection, from: &str) -> sqlx::Result<i64> {
    let sql = format!("SELECT count(*) FROM {from}");
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await
}

/// Executes as a role in a transaction of its own; gives the rows counted or the SQLSTATE.
async fn as_role(pool: &PgPool, role: &str, setting: &str, from: &str) -> Result<i64, String> {
    let mut transaction = pool.begin().await.unwrap();
    let set = format!("{setting}; SET LOCAL ROLE {role}");
    transaction.execute(sqlx::raw_sql(AssertSqlSafe(set))).await.unwrap();
    count(&mut transaction, from).await.map_err(|error| {
        error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .unwrap_or_default()
            .into_owned()
    })
}

#[tokio::test]
async fn a_partner_sees_only_what_its_territories_show() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    for (setting, territories) in [
        ("SELECT 1", "{}"),
        ("SET LOCAL salesgraph.territories = ''", "{}"),
        ("SET LOCAL salesgraph.territories = '{}'", "{}"),
        ("SET LOCAL salesgraph.territories = '{1,4}'", "{1,4}"),
        ("SET LOCAL salesgraph.territories = '{1,2,3,7}'", "{1,2,3,7}"),
    ] {
        for table in catalog::tables() {
            let name = table.name;
            let found = as_role(&db.pool, PARTNER, setting, name).await;
            let mut owner = db.pool.acquire().await.unwrap();
            let all = count(&mut owner, name).await.unwrap();
            let expected = match seen(name) {
                Seen::All => Ok(all),
                Seen::Where(condition) => {
                    let condition = condition.replace('$', &format!("'{territories}'::int[]"));
                    Ok(count(&mut owner, &format!("{name} WHERE {condition}")).await.unwrap())
                }
                Seen::Nothing => Ok(0),
                Seen::Refused => Err("42501".to_owned()),
            };
            assert_eq!(found, expected, "{name} with {setting}");
            let is_empty =
                ["load_checkpoint", "saved_query", "saved_query_deletion"].contains(&name);
            assert!(all > 0 || is_empty, "{name} has no rows to hide");
            if territories == "{1,4}" && matches!(seen(name), Seen::Where(_)) {
                let few = found.expect("rows");
                assert!(few > 0 && few < all, "{name}: {few} of {all} are visible");
            }
        }
    }
}

#[tokio::test]
async fn a_setting_that_is_no_list_shows_nothing() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    for setting in ["{1", "1", "{NULL}", "{1,x}", "all"] {
        let set = format!("SET LOCAL salesgraph.territories = '{setting}'");
        let found = as_role(&db.pool, PARTNER, &set, "sales_order").await;
        let shown = found.unwrap_or_else(|state| if state == "22P02" { 0 } else { -1 });
        assert_eq!(shown, 0, "{setting}");
    }
}

#[tokio::test]
async fn the_reader_sees_what_the_api_reads() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let views = ["current_sales_by_day", "current_sales_by_product_day", "sales_rollup_due"];
    let names = catalog::tables().map(|table| table.name).chain(views);
    for name in names {
        let all = count(&mut db.pool.acquire().await.unwrap(), name).await.unwrap();
        assert_eq!(as_role(&db.pool, READER, "SELECT 1", name).await, Ok(all), "{name}");
    }
}

#[tokio::test]
async fn the_roles_read_nothing_else_and_write_nothing() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let known: Vec<&str> = catalog::tables().map(|table| table.name).collect();
    let relations: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
         AND relkind IN ('r', 'v', 'm', 'p', 'S')",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert!(relations.len() > known.len(), "{relations:?}");
    for relation in &relations {
        let is_view_of_sales = relation.starts_with("current_") || relation == "sales_rollup_due";
        for role in [READER, PARTNER] {
            let may: Vec<String> = sqlx::query_scalar(
                "SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', \
                   'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege \
                 WHERE CASE (SELECT relkind FROM pg_class WHERE oid = $2::regclass) \
                   WHEN 'S' THEN privilege IN ('SELECT', 'UPDATE') \
                     AND has_sequence_privilege($1, $2, privilege) \
                   ELSE has_table_privilege($1, $2, privilege) END",
            )
            .bind(role)
            .bind(relation)
            .fetch_all(&db.pool)
            .await
            .unwrap();
            // The version is compared with that of a report; a page knows the files of rejects.
            let reads = known.contains(&relation.as_str())
                || is_view_of_sales
                || ["data_state", "load_document_page", "load_raw", "lake_behind"]
                    .contains(&relation.as_str());
            let expected: &[&str] = match role {
                PARTNER if is_view_of_sales || !reads => &[],
                PARTNER
                    if !["data_state", "lake_behind"].contains(&relation.as_str())
                        && matches!(seen(relation), Seen::Refused) =>
                {
                    &[]
                }
                // Only those who see all territories may ask the lake.
                READER if relation == "lake_answer_group" => &["SELECT"],
                _ if reads => &["SELECT"],
                _ => &[],
            };
            assert_eq!(may, expected, "{role} on {relation}");
        }
    }
    for role in [READER, PARTNER] {
        let powers: bool = sqlx::query_scalar(
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolcanlogin \
               OR rolreplication FROM pg_roles WHERE rolname = $1",
        )
        .bind(role)
        .fetch_one(&db.pool)
        .await
        .unwrap();
        assert!(!powers, "{role}");
    }
}

#[tokio::test]
async fn who_is_a_partner_cannot_become_the_reader() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let mut transaction = db.pool.begin().await.unwrap();
    let login = "SET LOCAL client_min_messages = error; CREATE ROLE salesgraph_test_login; \
                 GRANT salesgraph_partner TO salesgraph_test_login; \
                 SET LOCAL SESSION AUTHORIZATION salesgraph_test_login; \
                 SET LOCAL ROLE salesgraph_partner";
    transaction.execute(sqlx::raw_sql(login)).await.unwrap();
    assert_eq!(count(&mut transaction, "sales_order").await.unwrap(), 0, "no territories yet");
    // Nothing of the transaction stays: neither the login.
    let refused = transaction.execute("SET LOCAL ROLE salesgraph_reader").await.unwrap_err();
    let code =
        refused.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    assert_eq!(code, "42501", "{refused}");
}

#[tokio::test]
async fn the_owner_is_as_free_as_before() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let mut transaction = db.pool.begin().await.unwrap();
    // An owner without superuser rights, as in production.
    transaction
        .execute(sqlx::raw_sql(
            "CREATE ROLE salesgraph_test_owner; \
             ALTER TABLE sales_order OWNER TO salesgraph_test_owner; \
             CREATE ROLE salesgraph_test_guest; \
             GRANT SELECT ON sales_order TO salesgraph_test_guest; \
             SET LOCAL ROLE salesgraph_test_owner",
        ))
        .await
        .unwrap();
    assert_eq!(count(&mut transaction, "sales_order").await.unwrap(), 180);
    transaction.execute("UPDATE sales_order SET comment = 'x'").await.unwrap();
    transaction.execute("SET LOCAL ROLE salesgraph_test_guest").await.unwrap();
    assert_eq!(count(&mut transaction, "sales_order").await.unwrap(), 180, "who has a grant");
}

#[tokio::test]
async fn without_its_policies_it_is_off_or_the_start_fails() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let choose = |mode| RowSecurity::choose(&db.pool, mode);
    assert_eq!(choose(RowSecurityMode::On).await.unwrap(), RowSecurity::On);
    assert_eq!(choose(RowSecurityMode::Auto).await.unwrap(), RowSecurity::On);
    assert_eq!(choose(RowSecurityMode::Off).await.unwrap(), RowSecurity::Off);
    for (breach, lack) in [
        ("DROP POLICY salesgraph_partner ON sales_order", "sales_order has no policy"),
        ("ALTER TABLE person DISABLE ROW LEVEL SECURITY", "person has no policy"),
        ("DROP POLICY everyone ON customer", "customer has row security without"),
        ("REVOKE SELECT ON product FROM salesgraph_reader", "may not read product"),
    ] {
        db.pool.execute(breach).await.unwrap();
        assert_eq!(choose(RowSecurityMode::Auto).await.unwrap(), RowSecurity::Off, "{breach}");
        let error = choose(RowSecurityMode::On).await.unwrap_err();
        assert_eq!(error.code(), Code::Config);
        let message = error.message();
        assert!(message.contains(lack) && message.contains("salesgraph migrate up"), "{message}");
        schema::up(&db.pool).await.unwrap();
        assert_eq!(choose(RowSecurityMode::On).await.unwrap(), RowSecurity::On, "{breach}");
    }
}

#[tokio::test]
async fn the_api_reads_through_it() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let query = "{ salesOrders(first: 5) { totalCount nodes { salesOrderId customer { person \
                 { lastName } store { name } territory { name } } lines { nodes { product { name } } } } } \
                 loadRuns { totalCount } products { totalCount } }";
    let mut answers = Vec::new();
    for row_security in [RowSecurity::Off, RowSecurity::On] {
        let reader = Reader::with_row_security(db.pool.clone(), row_security);
        let engine = Engine::new(reader, Limits::default());
        let answer = |scope| {
            let (engine, prepared) = (&engine, engine.prepare(query.into()));
            async move {
                let answer = engine.execute(prepared, &scope).await;
                serde_json::from_slice::<Value>(&answer.to_json().unwrap()).unwrap()
            }
        };
        answers.push(answer(Scope::everything()).await);
        if row_security == RowSecurity::On {
            let partner = answer(Scope::new(None, Grants::all(), Some(vec![1]))).await;
            assert_eq!(partner["data"]["salesOrders"]["totalCount"], 60, "{partner}");
        }
    }
    assert_eq!(answers[0]["errors"], Value::Null, "{}", answers[0]);
    assert_eq!(answers[0], answers[1]);
}
