//! The migrated database: reversible, described, and strict on its own.

use migration::{Migrator, MigratorTrait};
use salesgraph::db::pool::orm;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::TestApp;
use crate::support::sample::{self, ALL};
use crate::support::servers::servers;

/// Everything that migrations create, one line each.
async fn description(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT line FROM ( \
           SELECT format('%s.%s %s %s %s %s', attrelid::regclass, attname, \
             format_type(atttypid, atttypmod), attnotnull, attidentity, \
             pg_get_expr(adbin, adrelid)) AS line \
           FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
           LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') \
             AND attnum > 0 AND NOT attisdropped \
           UNION ALL SELECT format('%s: %s %s', conrelid::regclass, conname, \
             pg_get_constraintdef(oid)) FROM pg_constraint \
           WHERE connamespace = 'public'::regnamespace \
           UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
           UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
           UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc \
           WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' \
           UNION ALL SELECT format('%s %s %s %s %s', polrelid::regclass, polname, polpermissive, \
             polroles::regrole[], pg_get_expr(polqual, polrelid)) FROM pg_policy \
           UNION ALL SELECT format('%s %s %s %s', oid::regclass, relrowsecurity, reloptions, relacl) \
             FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') \
           UNION ALL SELECT format('%s %s: %s', objoid::regclass, objsubid, description) \
           FROM pg_description WHERE classoid = 'pg_class'::regclass \
             AND objoid IN (SELECT oid FROM pg_class \
               WHERE relnamespace = 'public'::regnamespace) \
         ) AS lines WHERE line NOT LIKE '%seaql_migrations%' ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .expect("the catalogue")
}

#[tokio::test]
async fn migrating_up_down_and_up_again_restores_the_schema() {
    let name = servers().create_empty_database().await;
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(servers().options(&name))
        .await
        .expect("the database answers");
    let connection = orm(&pool);
    Migrator::up(&connection, None).await.expect("up");
    let first = description(&pool).await;
    assert!(first.len() > 100, "{first:#?}");
    Migrator::down(&connection, None).await.expect("down");
    let left = description(&pool).await;
    assert!(left.is_empty(), "down leaves {left:#?}");
    Migrator::up(&connection, None).await.expect("up again");
    assert_eq!(description(&pool).await, first);
    pool.close().await;
    servers().drop_in_the_end(&name);
}

#[tokio::test]
async fn every_table_and_column_has_a_comment() {
    let app = TestApp::start().await;
    let mute: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws('.', relname, attname) \
         FROM (SELECT pg_class.oid, relname, 0 AS number, NULL AS attname FROM pg_class \
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
           UNION ALL SELECT pg_class.oid, relname, attnum, attname FROM pg_class \
             JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped \
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS named \
         LEFT JOIN pg_description ON objoid = named.oid AND objsubid = number \
           AND classoid = 'pg_class'::regclass \
         WHERE coalesce(description, '') = '' AND relname <> 'seaql_migrations' ORDER BY 1",
    )
    .fetch_all(&app.pool)
    .await
    .expect("the catalogue");
    assert!(mute.is_empty(), "without a comment: {mute:?}");
}

/// Runs a statement; returns the SQLSTATE and the constraint it violates.
async fn refused(pool: &PgPool, statement: &str) -> (String, String) {
    let mut transaction = pool.begin().await.expect("a transaction");
    let done = sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await;
    transaction.rollback().await.expect("nothing stays");
    let error = match done {
        Ok(done) => panic!("{} rows taken by: {statement}", done.rows_affected()),
        Err(error) => error,
    };
    let error = error.as_database_error().expect("an error of Postgres");
    let constraint = error.constraint().unwrap_or_default().to_owned();
    (error.code().unwrap_or_default().into_owned(), constraint)
}

#[tokio::test]
async fn postgres_refuses_impossible_rows() {
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    app.load_small().await;
    for (table, change, state) in [
        ("person", "person_type = 'XX'", "23514"),
        ("person", "email_promotion = 3", "23514"),
        ("person", "last_name = NULL", "23502"),
        ("product", "safety_stock_level = 0", "23514"),
        ("product", "reorder_point = 0", "23514"),
        ("product", "standard_cost = -1", "23514"),
        ("product", "list_price = -0.0001", "23514"),
        ("product", "weight = 0", "23514"),
        ("product", "days_to_manufacture = -1", "23514"),
        ("product", "product_line = 'Q'", "23514"),
        ("product", "class = 'Q'", "23514"),
        ("product", "style = 'Q'", "23514"),
        ("product", "sell_end_date = sell_start_date - interval '1 second'", "23514"),
        ("customer", "person_id = NULL, store_id = NULL", "23514"),
        ("customer", "person_id = 2000000000", "23503"),
        ("special_offer_product", "product_id = 2000000000", "23503"),
        ("product_inventory", "bin = 101", "23514"),
        ("product_inventory", "quantity = -1", "23514"),
        ("product_inventory", "product_id = 2000000000", "23503"),
        ("territory", "sales_ytd = -1", "23514"),
        ("territory", "territory_group = NULL", "23502"),
        ("store", "name = NULL", "23502"),
        ("currency_rate", "average_rate = 0", "23514"),
        ("currency_rate", "end_of_day_rate = 0", "23514"),
        ("sales_order", "revision_number = -1", "23514"),
        ("sales_order", "status = 0", "23514"),
        ("sales_order", "status = 7", "23514"),
        ("sales_order", "due_date = order_date - interval '1 second'", "23514"),
        ("sales_order", "ship_date = order_date - interval '1 second'", "23514"),
        ("sales_order", "sub_total = -1, total_due = tax_amt + freight - 1", "23514"),
        ("sales_order", "tax_amt = -1, total_due = sub_total + freight - 1", "23514"),
        ("sales_order", "freight = -1, total_due = sub_total + tax_amt - 1", "23514"),
        ("sales_order", "total_due = total_due + 0.0001", "23514"),
        ("sales_order", "customer_id = 2000000000", "23503"),
        ("sales_order_line", "order_quantity = 0, line_total = 0", "23514"),
        (
            "sales_order_line",
            "unit_price = -1, unit_price_discount = 0, order_quantity = 1, \
          line_total = -1",
            "23514",
        ),
        (
            "sales_order_line",
            "unit_price_discount = 1.0001, unit_price = 0, line_total = 0",
            "23514",
        ),
        ("sales_order_line", "line_total = line_total + 0.000001", "23514"),
        ("sales_order_line", "special_offer_id = 2000000000", "23503"),
        ("sales_order_line", "sales_order_id = 2000000000", "23503"),
    ] {
        let one = format!("WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)");
        let (found, _) = refused(&app.pool, &format!("UPDATE {table} SET {change} {one}")).await;
        assert_eq!(found, state, "{table}: {change}");
    }
}

#[tokio::test]
async fn constraints_keep_the_ledger_consistent() {
    let app = TestApp::start().await;
    sample::defective().put(&app, &ALL).await;
    app.load_small().await;
    let (state, _) = refused(&app.pool, "DELETE FROM load_file").await;
    assert_eq!(state, "23001", "rows refer to their file for good");
    for table in ["load_file", "load_run_file"] {
        for counter in ["read", "inserted", "updated", "unchanged", "rejected", "parked"] {
            let change = format!("UPDATE {table} SET rows_{counter} = rows_{counter} + 1");
            let broken = refused(&app.pool, &change).await;
            let expected = ("23514".to_owned(), format!("{table}_nothing_disappears"));
            assert_eq!(broken, expected, "{change}");
        }
    }
    let negative =
        "UPDATE load_file SET rows_rejected = -1, rows_read = rows_read - rows_rejected - 1";
    assert_eq!(refused(&app.pool, negative).await.0, "23514");
    for (what, change, state) in [
        ("an unknown state", "UPDATE load_run SET state = 'done'", "23514"),
        ("an end without a time", "UPDATE load_run SET finished_at = NULL", "23514"),
        (
            "a version twice",
            "INSERT INTO load_file (dataset, bucket, object_key, etag, byte_size, \
           first_run_id, last_run_id) SELECT dataset, bucket, object_key, etag, byte_size, \
           first_run_id, last_run_id FROM load_file",
            "23505",
        ),
        (
            "two runs at once",
            "INSERT INTO load_run (id, source_uri, holder) \
           SELECT gen_random_uuid(), '', '' FROM generate_series(1, 2)",
            "23505",
        ),
        ("a line twice", "INSERT INTO load_reject SELECT * FROM load_reject", "23505"),
        ("a place before the file", "UPDATE load_checkpoint SET byte_offset = -1", "23514"),
    ] {
        assert_eq!(refused(&app.pool, change).await.0, state, "{what}");
    }
}
