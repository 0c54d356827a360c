//! Notes of changes: none is lost, whoever makes it and when.

use salesgraph::lake::curated::{Committed, Prepared};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::support::TestApp;
use crate::support::cluster::is_left_out;
use crate::support::lake::{LakeReader, USUAL, prepare, running};
use crate::support::sample::{self, ALL};

/// A loaded lake of generated files.
async fn filled(for_what: &str) -> Option<(TestApp, LakeReader)> {
    let app = TestApp::start().await;
    let reader = app.lake_reader(for_what).await?;
    sample::clean().put(&app, &ALL).await;
    app.load_lake().await;
    Some((app, reader))
}

async fn session(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database_url()).await.expect("a connection")
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    connection.execute(AssertSqlSafe(sql.to_owned())).await.expect(sql);
}

async fn commit(app: &TestApp, prepared: &Prepared) {
    let mut transaction = app.pool.begin().await.expect("a transaction");
    let committed = prepared.commit(&mut transaction).await.expect("it is decided");
    assert_eq!(committed, Committed::Yes);
    transaction.commit().await.expect("it is committed");
}

/// A session whose changes are those of logical replication.
async fn replica(app: &TestApp) -> PgConnection {
    let mut replica = session(app).await;
    execute(&mut replica, "SET session_replication_role = replica").await;
    replica
}

/// Makes a change in an open transaction as logical replication does: triggers of statements
/// do not fire, those of rows do.
async fn replicate(replica: &mut PgConnection, sql: &str) {
    execute(replica, "ALTER TABLE product DISABLE TRIGGER lake_note_update").await;
    execute(replica, sql).await;
    execute(replica, "ALTER TABLE product ENABLE ALWAYS TRIGGER lake_note_update").await;
}

const PRICE: &str = "UPDATE product SET list_price = list_price + 1 WHERE product_id % 7 = 0";

#[tokio::test]
async fn a_change_that_relies_on_the_note_of_another_is_not_lost() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let Some((app, mut reader)) = filled("replicas while the lake is written").await else {
        return;
    };
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    let (mut first, mut second) = (replica(&app).await, replica(&app).await);
    execute(&mut first, "BEGIN").await;
    replicate(&mut first, PRICE).await;
    execute(&mut first, "COMMIT; BEGIN").await;
    replicate(&mut first, PRICE).await;
    let preparing = {
        let (pool, lake) = (app.pool.clone(), lake.clone());
        tokio::spawn(async move { lake.prepare(&pool, run, &CancellationToken::new()).await })
    };
    // It waits for the first one to take its note; its statement does not see this one.
    app.wait_until(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock' AND query LIKE 'UPDATE lake_due%')",
    )
    .await;
    execute(&mut second, "INSERT INTO lake_due DEFAULT VALUES").await;
    execute(&mut first, "COMMIT").await;
    let prepared = preparing.await.expect("it does not panic").expect("it is prepared");
    let prepared = prepared.expect("changes");
    // Its rows came after those that the lake has, and its note did not.
    let notes = "SELECT count(*) FROM lake_due WHERE table_name IS NULL";
    let before: i64 = app.value(notes).await;
    execute(&mut second, "BEGIN").await;
    replicate(&mut second, PRICE).await;
    execute(&mut second, "COMMIT").await;
    assert_eq!(before, 2);
    assert_eq!(app.value::<i64>(notes).await, before, "it relies on the note that is there");
    commit(&app, &prepared).await;
    assert_eq!(app.value::<i64>(notes).await, 1);
    let again = prepare(&app, &lake, run).await.expect("the last change");
    commit(&app, &again).await;
    assert_eq!(app.value::<i64>(notes).await, 0);
    reader.compare().await;
}

#[tokio::test]
async fn tables_are_behind_while_triggers_are_disabled() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let Some((app, mut reader)) = filled("changes without triggers").await else { return };
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    assert!(prepare(&app, &lake, run).await.is_none(), "nothing has changed");
    let mut owner = session(&app).await;
    execute(&mut owner, "ALTER TABLE product DISABLE TRIGGER lake_note_update").await;
    execute(&mut owner, PRICE).await;
    let notes: i64 = app.value("SELECT count(*) FROM lake_due").await;
    assert_eq!(notes, 0, "nobody has noted it");
    let behind = "SELECT count(*) FROM lake_behind";
    assert_eq!(app.value::<i64>(behind).await, 11);
    // A loader that may not put the trigger back.
    let prepared = prepare(&app, &lake, run).await.expect("any table may have changed");
    commit(&app, &prepared).await;
    reader.compare().await;
    assert_eq!(app.value::<i64>(behind).await, 11, "the next change may go unseen");
    app.load_lake().await;
    assert_eq!(app.value::<i64>(behind).await, 0);
    reader.compare().await;
}

#[tokio::test]
async fn a_writer_that_waits_keeps_the_lake_from_beginning_and_nobody_else() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let app = TestApp::start().await;
    sample::clean().put(&app, &ALL).await;
    app.load().await;
    let (run, lake) = (running(&app).await, app.curated(USUAL).await);
    let mut writer = session(&app).await;
    execute(&mut writer, "BEGIN; UPDATE customer SET account_number = account_number").await;
    assert!(prepare(&app, &lake, run).await.is_none(), "changes cannot be noted yet");
    let watched: i64 = app.value("SELECT count(*) FROM lake_watch").await;
    assert_eq!(watched, 0);
    execute(&mut writer, "COMMIT").await;
    let prepared = prepare(&app, &lake, run).await.expect("all tables");
    commit(&app, &prepared).await;
    let tables: i64 = app.value("SELECT count(*) FROM lake_table").await;
    assert_eq!(tables, 11);
}
