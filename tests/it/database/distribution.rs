//! Where tables are on a cluster: the list has all of them, and their keys allow it.

use std::collections::BTreeSet;

use migration::distribution::{Place, TABLES};
use salesgraph::db::layout::Layout;
use salesgraph::db::schema;

use crate::support::cluster::is_left_out;
use crate::support::servers::servers;
use crate::support::{database, unmigrated};

fn place(table: &str) -> Place {
    let found = TABLES.iter().find(|(name, _)| *name == table);
    found.unwrap_or_else(|| panic!("{table} is not in the list of distribution.rs")).1
}

#[tokio::test]
async fn every_table_has_a_place() {
    let db = database().await;
    let stored: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
             AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    let stored: BTreeSet<&str> = stored.iter().map(String::as_str).collect();
    let listed: BTreeSet<&str> = TABLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(stored, listed, "add a new table to the list of migration/src/distribution.rs");
}

#[tokio::test]
async fn no_key_leads_to_another_machine() {
    if is_left_out("the coordinator has pieces of tables, too") {
        return;
    }
    let db = database().await;
    let keys: Vec<(String, String, Vec<String>, Option<String>)> = sqlx::query_as(
        "SELECT conname::text, conrelid::regclass::text, ARRAY(
             SELECT attname::text FROM unnest(conkey) AS of (number)
             JOIN pg_attribute ON attrelid = conrelid AND attnum = number),
             nullif(confrelid, 0)::regclass::text
         FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND conparentid = 0
             AND connamespace = current_schema()::regnamespace",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert!(keys.len() > 40, "only {} keys", keys.len());
    for (key, table, columns, other) in keys {
        let fits = match (place(&table), other.as_deref().map(|other| (other, place(other)))) {
            (Place::Cut { by, .. }, None) => columns.iter().any(|column| column == by),
            (Place::Cut { by, with }, Some((other, Place::Cut { by: other_by, .. }))) => {
                with == Some(other) && by == other_by && columns.iter().any(|column| column == by)
            }
            (Place::Cut { .. } | Place::Everywhere, Some((_, Place::Everywhere)))
            | (Place::Coordinator, Some((_, Place::Coordinator)))
            | (Place::Everywhere | Place::Coordinator, None) => true,
            _ => false,
        };
        assert!(fits, "{key} of {table} cannot be on a cluster");
    }
}

#[tokio::test]
async fn one_machine_cannot_be_distributed() {
    let db = unmigrated().await;
    let refused = schema::up_distributed(&db.pool).await.expect_err("no cluster");
    assert_eq!(refused.code().as_str(), "CONFIG", "{refused:?}");
    assert!(refused.message().contains("no extension citus"), "{}", refused.message());
}

#[tokio::test]
async fn triggers_that_a_cluster_lacks_are_told_by_note_change() {
    if is_left_out("it has no such triggers") {
        return;
    }
    let db = database().await;
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT tgfoid::regproc::text FROM pg_trigger
         WHERE NOT tgisinternal AND tgrelid = ANY ($1::text[]::regclass[]) ORDER BY 1",
    )
    .bind(
        TABLES
            .iter()
            .filter(|(_, place)| *place != Place::Coordinator)
            .map(|it| it.0)
            .collect::<Vec<_>>(),
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    // What a new one does belongs in `note_change`, too. Nothing is set aside on a cluster.
    let known = [
        "data_version_note", "demand_forecast_note", "demand_forecast_note_row",
        "derivation_note_all", "derivation_note_line", "derivation_note_line_row",
        "derivation_note_order", "derivation_note_order_row", "lake_note_all",
        "lake_note_customer", "lake_note_line", "lake_note_order", "lake_note_person",
        "lake_note_product", "lake_note_row", "lake_note_table", "lake_note_territory",
        "load_set_aside_refuse",
    ];
    assert_eq!(functions, known, "distribution.rs does not know of what they do");
}

#[tokio::test]
async fn a_cluster_is_migrated_and_stays_one() {
    if !servers().is_cluster() {
        return;
    }
    let db = database().await;
    sqlx::raw_sql("ALTER TABLE job DROP trace_context").execute(&db.pool).await.unwrap();
    sqlx::raw_sql("DELETE FROM seaql_migrations WHERE version LIKE '%_job_trace'")
        .execute(&db.pool)
        .await
        .unwrap();
    let applied = schema::up(&db.pool).await.unwrap();
    assert_eq!(applied, ["m20261129_000054_job_trace"]);
    assert!(schema::up_distributed(&db.pool).await.unwrap().is_empty());
    assert_eq!(Layout::of(&db.pool).await.unwrap(), Layout::Distributed);
    let shared: Vec<String> =
        sqlx::query_scalar("SELECT logicalrelid::text FROM pg_dist_partition ORDER BY 1")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    let mut listed: Vec<&str> =
        TABLES.iter().filter(|it| it.1 != Place::Coordinator).map(|it| it.0).collect();
    listed.sort_unstable();
    assert_eq!(shared, listed);
    let refused = schema::down(&db.pool, 1).await.expect_err("a cluster stays one");
    assert!(refused.message().contains("not reverted there"), "{}", refused.message());
}
