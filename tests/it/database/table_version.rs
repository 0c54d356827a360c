//! The version of each table moves with the commits that change it, and with no others.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use migration::{Migrator, MigratorTrait as _};
use salesgraph::db::data_version::DataVersions;
use salesgraph::db::data_version::tables::{
    DERIVED, OF_ALL, TableSet, UNWATCHED, WATCHED, tables_of,
};
use salesgraph::db::pool::orm;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgPool};

use crate::support::cluster::is_left_out;
use crate::support::{TestDb, database, fixture, write};

type Versions = BTreeMap<String, i64>;

async fn versions(pool: &PgPool) -> Versions {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT table_name, version FROM table_version")
        .fetch_all(pool)
        .await
        .expect("the versions");
    rows.into_iter().collect()
}

async fn version(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT version FROM data_version").fetch_one(pool).await.expect("a row")
}

async fn names(pool: &PgPool, sql: &'static str) -> BTreeSet<String> {
    let names: Vec<String> = sqlx::query_scalar(sql).fetch_all(pool).await.expect(sql);
    names.into_iter().collect()
}

async fn filled() -> TestDb {
    let db = database().await;
    fixture::insert(&db.pool).await;
    db
}

/// Commits `change` and tells the tables whose versions it moved, all to that of the commit.
async fn moved(pool: &PgPool, change: &str) -> Vec<String> {
    let before = versions(pool).await;
    pool.execute(AssertSqlSafe(change.to_owned())).await.expect(change);
    let (after, now) = (versions(pool).await, version(pool).await);
    let moved = after.into_iter().filter(|(table, to)| before.get(table) != Some(to));
    moved
        .map(|(table, to)| {
            assert_eq!(to, now, "{table} by {change}");
            table
        })
        .collect()
}

#[tokio::test]
async fn the_program_knows_every_table_view_and_function() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = database().await;
    let watched = names(
        &db.pool,
        "SELECT tgrelid::regclass::text FROM pg_trigger \
         WHERE tgname = 'data_version_note' AND tgfoid = 'data_version_note'::regproc",
    )
    .await;
    assert_eq!(watched, BTreeSet::from(WATCHED.map(str::to_owned)));
    let relations = names(
        &db.pool,
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') \
         AND relnamespace = 'public'::regnamespace",
    )
    .await;
    // Triggers are told by what changes; the last two only write.
    let functions = names(
        &db.pool,
        "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
         AND prorettype <> 'trigger'::regtype \
         AND proname NOT IN ('derivation_note_day', 'watch_changes')",
    )
    .await;
    let known = WATCHED.into_iter().chain(OF_ALL).chain(UNWATCHED);
    let known: BTreeSet<String> =
        known.chain(DERIVED.map(|(name, _)| name)).map(str::to_owned).collect();
    let there: BTreeSet<String> = relations.union(&functions).cloned().collect();
    assert_eq!(known, there, "src/db/data_version/tables.rs lists what statements may name");
}

#[tokio::test]
async fn what_views_and_functions_are_made_of_is_known() {
    let db = database().await;
    for (name, tables) in DERIVED {
        let text: String = sqlx::query_scalar(
            "SELECT coalesce((SELECT pg_get_viewdef(to_regclass($1))), \
             (SELECT coalesce(pg_get_function_sqlbody(oid), prosrc) FROM pg_proc \
              WHERE proname = $1 \
              AND pronamespace = 'public'::regnamespace))",
        )
        .bind(name)
        .fetch_one(&db.pool)
        .await
        .expect(name);
        // What decides whether a day is made from its lines is about the lines.
        let text = text.replace("derivation_due", "sales_order").replace("unwatched_trigger", "");
        // The name of sales by product within a function.
        let text = text.replace("AS product", "").replace("product.order_date", "");
        let made_of = tables_of(&text).and_then(TableSet::names).expect(name);
        for table in made_of {
            assert!(tables.contains(&table), "{name} is made of {table}, too");
        }
    }
}

#[tokio::test]
async fn a_commit_moves_the_tables_that_it_changes() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = filled().await;
    let pool = &db.pool;
    let product = "UPDATE product SET name = name || 'x' WHERE product_id = 1";
    assert_eq!(moved(pool, product).await, ["product"]);
    assert_eq!(moved(pool, "DELETE FROM load_reject").await, ["load_reject"]);
    assert_eq!(moved(pool, "TRUNCATE sales_order_line").await, ["sales_order_line"]);
    let both = format!("{product}; UPDATE store SET name = 'x' WHERE business_entity_id = 901");
    assert_eq!(moved(pool, &both).await, ["product", "store"], "one commit");
    let replica = format!("BEGIN; SET LOCAL session_replication_role = replica; {product}; COMMIT");
    assert_eq!(moved(pool, &replica).await, ["product"]);
    let unnamed = "INSERT INTO data_change VALUES (pg_current_xact_id())";
    assert_eq!(moved(pool, unnamed).await, [""], "anything may have changed");
    let disabled =
        format!("ALTER TABLE product DISABLE TRIGGER USER; {product}; SELECT watch_changes()");
    assert!(moved(pool, &disabled).await.contains(&String::new()), "triggers were put back");
    assert!(moved(pool, "SELECT count(*) FROM product").await.is_empty());

    let mut undone = pool.begin().await.unwrap();
    undone.execute(product).await.unwrap();
    let before = versions(pool).await;
    undone.rollback().await.unwrap();
    let mut partly = pool.begin().await.unwrap();
    let mut savepoint = partly.begin().await.unwrap();
    savepoint.execute(product).await.unwrap();
    savepoint.rollback().await.unwrap();
    partly.execute("UPDATE store SET name = 'y' WHERE business_entity_id = 901").await.unwrap();
    partly.commit().await.unwrap();
    let after = versions(pool).await;
    assert_eq!(after["product"], before["product"], "what is rolled back has changed nothing");
    assert_eq!(after["store"], version(pool).await);
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM data_change").fetch_one(pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn writers_in_different_orders_do_not_lock_each_other_out() {
    if is_left_out("writers of a table that each machine has wait for each other") {
        return;
    }
    let db = filled().await;
    let before = version(&db.pool).await;
    let (product, store) = (
        "UPDATE product SET name = 'x' WHERE product_id = $id",
        "UPDATE store SET name = 'x' WHERE business_entity_id = 900 + $id",
    );
    let writer = |id: usize| {
        let pool = db.pool.clone();
        async move {
            let order = if id.is_multiple_of(2) { [product, store] } else { [store, product] };
            for _ in 0..20 {
                let mut change = pool.begin().await.unwrap();
                for statement in order {
                    let statement = statement.replace("$id", &id.to_string());
                    change.execute(AssertSqlSafe(statement)).await.unwrap();
                }
                change.commit().await.expect("a commit");
            }
        }
    };
    join_all((1..=4).map(writer)).await;
    let after = versions(&db.pool).await;
    assert_eq!(version(&db.pool).await, before + 80);
    assert_eq!((after["product"], after["store"]), (before + 80, before + 80));
}

#[tokio::test]
async fn a_slow_transaction_keeps_nobody_waiting() {
    if is_left_out("writers of a table that each machine has wait for each other") {
        return;
    }
    let db = filled().await;
    let mut slow = db.pool.begin().await.unwrap();
    slow.execute("UPDATE product SET name = 'x' WHERE product_id = 1").await.unwrap();
    let before = versions(&db.pool).await;
    let fast = "BEGIN; SET LOCAL lock_timeout = '10s'; \
                UPDATE product SET name = 'y' WHERE product_id = 2; COMMIT";
    assert_eq!(moved(&db.pool, fast).await, ["product"]);
    slow.commit().await.unwrap();
    let after = versions(&db.pool).await;
    assert_eq!(after["product"], before["product"] + 2, "and it moves when it commits");
}

#[tokio::test]
async fn the_versions_of_tables_are_read_with_that_of_all_data() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = filled().await;
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let product = tables_of("FROM product").unwrap();
    let (first, all) = {
        let known = versions.current().await.unwrap();
        (known.of(product), known.all)
    };
    write(&db.pool, "UPDATE store SET name = 'x'").await;
    let known = versions.current().await.unwrap();
    assert_eq!(known.all.version, all.version + 1);
    assert_eq!(known.of(product), first, "it has not changed");
    assert_eq!(known.of(tables_of("FROM product, store").unwrap()), known.all);
    write(&db.pool, "UPDATE product SET name = 'x'").await;
    let known = versions.current().await.unwrap();
    assert_eq!(known.of(product), known.all);
    db.pool.execute("ALTER TABLE person DISABLE TRIGGER USER").await.unwrap();
    let known = versions.current().await.unwrap();
    assert_ne!(known.all.unwatched, 0);
    assert_eq!(known.of(product), known.all, "nobody knows what has changed");
    versions.close().await;
}

#[tokio::test]
async fn the_migration_goes_down_and_up_again() {
    if is_left_out("it stays one") {
        return;
    }
    let db = filled().await;
    let before = version(&db.pool).await;
    let granted = "SELECT has_table_privilege('salesgraph_partner', 'data_state', 'SELECT')";
    let orm = orm(&db.pool);
    let migrations = Migrator::migrations();
    let place = migrations.iter().position(|one| one.name().ends_with("_table_version"));
    let later = migrations.len() - place.expect("the migration");
    Migrator::down(&orm, Some(u32::try_from(later).expect("few"))).await.expect("down");
    write(&db.pool, "UPDATE product SET name = 'x'").await;
    assert_eq!(version(&db.pool).await, before + 1);
    assert!(sqlx::query_scalar::<_, bool>(granted).fetch_one(&db.pool).await.unwrap());
    Migrator::up(&orm, None).await.expect("up");
    assert!(sqlx::query_scalar::<_, bool>(granted).fetch_one(&db.pool).await.unwrap());
    assert!(versions(&db.pool).await[""] > before, "what was changed meanwhile");
    assert_eq!(moved(&db.pool, "UPDATE product SET name = 'y'").await, ["product"]);
}
