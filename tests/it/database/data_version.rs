//! The data version increases with every commit that changes what queries see, and
//! with nothing else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use salesgraph::db::data_version::DataVersions;
use salesgraph::error::Code;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgPool};
use tokio::time::timeout;

use crate::support::cluster::is_left_out;
use crate::support::cut_proxy::{CutProxy, Fate};
use crate::support::ledger::{PATIENCE, wait_until};
use crate::support::sample::{self, ALL, PERSON};
use crate::support::servers::unique;
use crate::support::statements::during;
use crate::support::{TestApp, database, fixture, write};

/// Tables that queries do not read, and those of jobs, reports and saved queries, which are no
/// data: answers that read them are not kept.
const UNSEEN: [&str; 22] = [
    "seaql_migrations", "data_version", "api_key", "data_change", "derivation_due",
    "derivation_step", "schedule", "load_file_key", "load_raw_claim", "load_set_aside",
    "lake_attempt", "lake_due", "lake_removal", "lake_watch", "job", "report", "report_request",
    "saved_query", "saved_query_deletion", "lake_answer", "lake_answer_group", "table_version",
];

async fn version(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT version FROM data_version").fetch_one(pool).await.expect("a row")
}

async fn watched(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') \
         AND relnamespace = 'public'::regnamespace AND NOT relname = ANY ($1) ORDER BY 1",
    )
    .bind(UNSEEN)
    .fetch_all(pool)
    .await
    .expect("the tables")
}

#[tokio::test]
async fn every_table_that_queries_read_is_watched() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = database().await;
    let tables = watched(&db.pool).await;
    assert!(tables.len() >= 12, "{tables:?}");
    for table in tables {
        let kinds: Vec<(String, i16)> = sqlx::query_as(
            "SELECT tgenabled::text, tgtype FROM pg_trigger WHERE tgrelid = $1::regclass \
             AND tgfoid = 'data_version_note'::regproc ORDER BY 1",
        )
        .bind(&table)
        .fetch_all(&db.pool)
        .await
        .expect("the triggers");
        // After each statement that inserts, deletes, updates or truncates, always; and after
        // each row of a replica.
        let expected = [("A".to_owned(), 4 | 8 | 16 | 32), ("R".to_owned(), 1 | 4 | 8 | 16)];
        assert_eq!(kinds, expected, "{table}: its migration needs data_version_note");
    }
}

#[tokio::test]
async fn every_table_can_be_published() {
    let db = database().await;
    let without_identity: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' \
         AND relnamespace = 'public'::regnamespace AND relreplident <> 'f' AND NOT EXISTS ( \
           SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)",
    )
    .fetch_all(&db.pool)
    .await
    .expect("the tables");
    assert!(without_identity.is_empty(), "no row of these could be deleted: {without_identity:?}");
}

#[tokio::test]
async fn it_increases_with_commits_and_with_nothing_else() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = database().await;
    fixture::insert(&db.pool).await;
    let pool = &db.pool;
    let before = version(pool).await;
    let change = "UPDATE person SET first_name = first_name || 'x' WHERE business_entity_id = 1";

    let mut undone = pool.begin().await.unwrap();
    undone.execute(change).await.unwrap();
    undone.rollback().await.unwrap();
    let mut partly = pool.begin().await.unwrap();
    let mut savepoint = partly.begin().await.unwrap();
    savepoint.execute(change).await.unwrap();
    savepoint.rollback().await.unwrap();
    partly.commit().await.unwrap();
    let broken = pool.execute("UPDATE person SET person_type = 'XX'").await;
    assert!(broken.is_err());
    pool.execute("SELECT count(*) FROM person").await.unwrap();
    assert_eq!(version(pool).await, before, "nothing was changed");

    let mut long = pool.begin().await.unwrap();
    for _ in 0..3 {
        long.execute(change).await.unwrap();
    }
    long.execute("DELETE FROM load_reject").await.unwrap();
    assert_eq!(version(pool).await, before, "nothing is visible yet");
    long.commit().await.unwrap();
    assert_eq!(version(pool).await, before + 1, "one commit, one step");

    let mut expected = before + 1;
    for change in [
        change,
        "DELETE FROM load_parked",
        "TRUNCATE sales_order_line",
        "INSERT INTO load_run (id, source_uri, holder) VALUES (gen_random_uuid(), '', '')",
    ] {
        pool.execute(change).await.unwrap();
        expected += 1;
        assert_eq!(version(pool).await, expected, "{change}");
    }
    let times: (bool, bool) = sqlx::query_as(
        "SELECT as_of <= clock_timestamp(), as_of > clock_timestamp() - interval '1 minute' \
         FROM data_version",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(times, (true, true), "as_of is the time of the commit");
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM data_change").fetch_one(pool).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn concurrent_writers_do_not_wait_for_each_other() {
    if is_left_out("writers of a table that each machine has wait for each other") {
        return;
    }
    let db = database().await;
    fixture::insert(&db.pool).await;
    let before = version(&db.pool).await;
    let change = |id: i32| {
        AssertSqlSafe(format!(
            "SET LOCAL lock_timeout = '10s'; \
             UPDATE person SET first_name = 'x' WHERE business_entity_id = {id}"
        ))
    };
    let mut slow = db.pool.begin().await.unwrap();
    slow.execute(change(1)).await.unwrap();
    let mut fast = db.pool.begin().await.unwrap();
    fast.execute(change(2)).await.unwrap();
    fast.commit().await.expect("a transaction under way holds nothing that a commit needs");
    assert_eq!(version(&db.pool).await, before + 1);
    slow.commit().await.unwrap();
    assert_eq!(version(&db.pool).await, before + 2);
}

#[tokio::test]
async fn any_role_that_changes_a_table_increases_it() {
    if is_left_out("triggers see no changes there") {
        return;
    }
    let db = database().await;
    fixture::insert(&db.pool).await;
    let before = version(&db.pool).await;
    let role = unique("clerk").replace('-', "_");
    let mut clerk = db.pool.acquire().await.unwrap();
    let by_hand = format!(
        "CREATE ROLE {role}; GRANT SELECT, UPDATE ON person TO {role}; SET ROLE {role}; \
         SET search_path = ''; \
         UPDATE public.person SET first_name = 'x' WHERE business_entity_id = 1; \
         RESET ROLE; RESET search_path; DROP OWNED BY {role}; DROP ROLE {role}"
    );
    clerk.execute(AssertSqlSafe(by_hand)).await.expect("the clerk may change persons");
    assert_eq!(version(&db.pool).await, before + 1);
}

#[tokio::test]
async fn concurrent_requests_share_a_statement() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let expected = version(&db.pool).await;
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    versions.current().await.expect("a version");
    let crowd = join_all((0..50).map(|_| versions.current()));
    let (answers, statements) = during(crowd).await;
    for answer in answers {
        assert_eq!(answer.expect("a version").all.version, expected);
    }
    let asked = asked_for(&statements, "pg_current_snapshot()");
    // One for all of them, and the listener's first.
    assert!((1..=3).contains(&asked), "{asked} statements for 50 requests");
}

#[tokio::test]
async fn versions_are_read_again_only_after_a_commit() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let of_first = versions.current().await.expect("a version");
    // The listener has connected, too, which reads once more.
    versions.changes().wait_for(|seen| *seen == of_first.all.version).await.expect("open");
    let mut were_known = 0;
    for read in 0..200 {
        if read % 20 == 0 {
            write(&db.pool, &format!("UPDATE person SET first_name = '{read}'")).await;
        }
        let expected = version(&db.pool).await;
        let (found, statements) = during(versions.current()).await;
        assert_eq!(found.expect("a version").all.version, expected);
        were_known += usize::from(asked_for(&statements, "FROM data_state") == 0);
    }
    // Other tests commit in the same server, but not always.
    assert!(were_known > 0, "each of 200 reads searched for disabled triggers");
}

fn asked_for(statements: &[String], what: &str) -> usize {
    statements.iter().filter(|text| text.contains(what)).count()
}

#[tokio::test]
async fn changes_are_announced_until_it_is_closed() {
    let db = database().await;
    fixture::insert(&db.pool).await;
    let versions = DataVersions::start(&db.pool, db.pool.connect_options().as_ref().clone());
    let mut changes = versions.changes();
    for _ in 0..3 {
        write(&db.pool, "UPDATE person SET first_name = 'x'").await;
        let committed = version(&db.pool).await;
        let seen = timeout(PATIENCE, changes.wait_for(|seen| *seen == committed)).await;
        seen.expect("in time").expect("the channel is open");
    }
    versions.close().await;
    assert!(changes.changed().await.is_err(), "it is closed");
    assert_eq!(versions.current().await.expect_err("it is closed").code(), Code::Unavailable);
    wait_until(
        &db.pool,
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE 'UNLISTEN%' OR query LIKE 'SELECT version, as_of%' \
         OR query LIKE 'SELECT pg_postmaster_start_time%')",
    )
    .await;
}

/// The version and the contents of all tables, in one snapshot.
async fn snapshot(pool: &PgPool, tables: &[String]) -> (i64, String) {
    let tables: Vec<String> = tables
        .iter()
        .map(|table| {
            format!("(SELECT concat(count(*), ':', sum(xmin::text::bigint)) FROM {table})")
        })
        .collect();
    let sql = format!("SELECT version, concat_ws(' ', {}) FROM data_version", tables.join(", "));
    sqlx::query_as(AssertSqlSafe(sql)).fetch_one(pool).await.expect("a snapshot")
}

/// The contents seen at each version; a version never has two.
#[derive(Default)]
struct Seen(BTreeMap<i64, String>);

impl Seen {
    async fn look(&mut self, app: &TestApp, tables: &[String]) {
        let (version, held) = snapshot(&app.pool, tables).await;
        if let Some((last, _)) = self.0.last_key_value() {
            assert!(version >= *last, "the version went back from {last} to {version}");
        }
        let known = self.0.entry(version).or_insert_with(|| held.clone());
        assert_eq!(*known, held, "something changed and version {version} did not move");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_commit_of_the_loader_increases_it() {
    if is_left_out("a commit is seen on one machine after another") {
        return;
    }
    let app = TestApp::start().await;
    let tables = watched(&app.pool).await;
    sample::defective().put(&app, &ALL).await;
    let mut seen = Seen::default();
    seen.look(&app, &tables).await;
    let ended = AtomicBool::new(false);
    // Commits of every kind: the ledger, batches, rejects, parked rows, a replay, a
    // load without new files.
    let loads = async {
        app.load_small().await;
        app.run(&["rejects", "replay"]).await;
        app.load_small().await;
        ended.store(true, Ordering::Relaxed);
    };
    let looks = async {
        while !ended.load(Ordering::Relaxed) {
            seen.look(&app, &tables).await;
        }
        seen.look(&app, &tables).await;
    };
    tokio::join!(loads, looks);
    let batches: i64 = app.value("SELECT sum(batches)::bigint FROM load_checkpoint").await;
    let moved = version(&app.pool).await;
    // Besides batches: begin and end of three runs, and each file's entry.
    let files = i64::try_from(ALL.len()).unwrap();
    assert!(moved >= batches + 6 + files, "{moved} versions of {batches} batches");
    assert!(seen.0.len() > 10, "only {} versions were seen", seen.0.len());
}

#[tokio::test]
async fn it_is_correct_after_a_killed_load() {
    let app = TestApp::start().await;
    let tables = watched(&app.pool).await;
    sample::clean().put(&app, &[PERSON]).await;
    let half = sample::clean().file(PERSON).len() / 2;
    let endpoint = app.s3().endpoint_url.as_deref().expect("an endpoint");
    let proxy = CutProxy::start(endpoint, move |_| Fate::Gate(half)).await;
    let mut loader = app.start_load_through(&proxy);
    app.wait_until("SELECT batches > 0 FROM load_checkpoint").await;
    let mut seen = Seen::default();
    seen.look(&app, &tables).await;
    loader.kill().await.expect("the loader is killed");
    app.wait_until_no_loader().await;
    seen.look(&app, &tables).await;
    let (killed, left): (i64, i64) =
        (version(&app.pool).await, app.value("SELECT count(*) FROM data_change").await);
    assert_eq!(left, 0, "nothing of the loader is left");
    app.load_small().await;
    assert!(version(&app.pool).await > killed);
    seen.look(&app, &tables).await;
}
