//! Small files that share a transaction, when the loader or Postgres ends within or after it.

use salesgraph::embedded::postgres::Crash;
use salesgraph::load::Outcome;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::outage::{own_postgres, start};
use super::small_files::{inserted, put, transactions};
use crate::support::TestApp;
use crate::support::mirrored::person;
use crate::support::sample::PERSON;

/// Holds back every write of persons.
async fn blocked(app: &TestApp) -> PgConnection {
    let mut holder = PgConnection::connect_with(&app.database()).await.expect("a connection");
    holder.execute("BEGIN; LOCK TABLE person IN SHARE MODE").await.expect("blocked");
    holder
}

/// The backend of the group that waits to write persons.
const WAITING: &str = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'person'::regclass \
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

async fn terminate_the_waiting(app: &TestApp) -> i32 {
    app.wait_until(&format!("EXISTS ({WAITING})")).await;
    let pid = app.value(WAITING).await;
    terminate(app, pid).await;
    pid
}

async fn terminate(app: &TestApp, pid: i32) {
    let sql = AssertSqlSafe(format!("SELECT pg_terminate_backend({pid})"));
    assert!(sqlx::query_scalar::<_, bool>(sql).fetch_one(&app.pool).await.expect("an end"));
}

async fn few_persons(app: &TestApp) {
    for id in 1..=25 {
        put(app, PERSON, usize::try_from(id).expect("few"), &[person(id, "Ana", 1)]).await;
    }
}

#[tokio::test]
async fn a_loader_killed_within_a_group_leaves_nothing_of_it() {
    let app = TestApp::start().await;
    few_persons(&app).await;
    let holder = blocked(&app).await;
    let mut loader = app.command().arg("load").spawn().expect("the program starts");
    app.wait_until(&format!("EXISTS ({WAITING})")).await;
    loader.kill().await.expect("the loader is killed");
    // A backend that waits for a lock does not notice that its client is gone.
    terminate_the_waiting(&app).await;
    app.wait_until_no_loader().await;
    holder.close().await.expect("released");
    let left: i64 = app
        .value(
            "SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM load_file) \
               + (SELECT count(*) FROM load_checkpoint)",
        )
        .await;
    assert_eq!(left, 0, "rows and ledger are one transaction");

    let summary = app.load().await;
    assert_eq!((summary.outcome, summary.totals), (Outcome::Succeeded, inserted(25)));
    app.assert_ledger_holds("after a kill").await;
}

#[tokio::test]
async fn a_group_survives_a_lost_connection() {
    let app = TestApp::start().await;
    few_persons(&app).await;
    let holder = blocked(&app).await;
    let running = start(app.loader(|_| {}).await);
    let first = terminate_the_waiting(&app).await;
    app.wait_until(&format!("EXISTS ({WAITING} AND pid <> {first})")).await;
    holder.close().await.expect("released");
    let summary = running.await.expect("the run ends");
    assert_eq!((summary.outcome, summary.totals), (Outcome::Succeeded, inserted(25)));
    app.assert_ledger_holds("after a lost connection").await;
    assert_eq!(transactions(&app).await, 1, "it is still one group");
}

/// The commit of a group waits for a standby that does not exist, and its connection is ended:
/// the rows are in, and the loader was not told.
#[tokio::test]
async fn a_group_committed_unnoticed_is_not_loaded_again() {
    let (postgres, app) = own_postgres().await;
    few_persons(&app).await;
    let holder = blocked(&app).await;
    let running = start(app.loader(|_| {}).await);
    app.wait_until(&format!("EXISTS ({WAITING})")).await;
    for sql in ["ALTER SYSTEM SET synchronous_standby_names = 'nobody'", RELOAD] {
        app.pool.execute(sql).await.expect(sql);
    }
    app.wait_until("current_setting('synchronous_standby_names') = 'nobody'").await;
    holder.close().await.expect("released");
    let committing = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    app.wait_until(&format!("EXISTS ({committing})")).await;
    terminate(&app, app.value(committing).await).await;
    for sql in ["ALTER SYSTEM RESET synchronous_standby_names", RELOAD] {
        app.pool.execute(sql).await.expect(sql);
    }
    let summary = running.await.expect("the run ends");
    assert_eq!((summary.outcome, summary.totals), (Outcome::Succeeded, inserted(25)));
    app.assert_ledger_holds("after an unnoticed commit").await;
    postgres.stop().await.expect("Postgres stops");
}

const RELOAD: &str = "SELECT pg_reload_conf()";

#[tokio::test]
async fn a_group_reported_as_loaded_stays_loaded_through_a_crash() {
    let (mut postgres, app) = own_postgres().await;
    few_persons(&app).await;
    let running = start(app.loader(|options| options.limits.rows = 10).await);
    for loaded in [10, 20] {
        // The crash comes before Postgres would flush its WAL by itself.
        app.wait_until(&format!("(SELECT count(*) FROM load_file) >= {loaded}")).await;
        postgres.crash(Crash::Immediate).await.expect("Postgres ends");
        postgres.start_again().await.expect("Postgres comes back");
        let (rows, read): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM person), \
               (SELECT sum(rows_read)::bigint FROM load_file WHERE state = 'loaded')",
        )
        .fetch_one(&app.pool)
        .await
        .expect("rows and ledger");
        assert!(rows == read && read >= loaded, "{rows} rows, {read} read, {loaded} before");
    }
    let summary = running.await.expect("the run ends");
    assert_eq!((summary.outcome, summary.totals), (Outcome::Succeeded, inserted(25)));
    app.assert_ledger_holds("in the end").await;
    postgres.stop().await.expect("Postgres stops");
}
