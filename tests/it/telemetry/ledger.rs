//! What the ledger tells of runs.

use salesgraph::load::{newest_load, totals};

use crate::support::TestApp;

const RUNNING: &str = "
WITH run AS (
    INSERT INTO load_run (id, state, source_uri, holder, started_at)
    VALUES (gen_random_uuid(), 'running', 's3://sales/in', 'a test', now()) RETURNING id),
file AS (
    INSERT INTO load_file (dataset, bucket, object_key, etag, byte_size, first_run_id, last_run_id)
    SELECT 'product', 'sales', 'in/product.csv', 'e', 1, id, id FROM run RETURNING id)
INSERT INTO load_run_file (run_id, file_id, rows_read, rows_inserted, rows_parked)
SELECT run.id, file.id, 5, 3, 2 FROM run, file";

#[tokio::test]
async fn rows_are_told_once_nothing_is_taken_back_from_them() {
    let app = TestApp::start().await;
    let mut connection = app.pool.acquire().await.unwrap();
    sqlx::query(RUNNING).execute(&mut *connection).await.unwrap();
    let during = totals(&mut connection).await.unwrap();
    assert_eq!(during.rows, [0; 7], "two rows are parked, and may still be loaded");
    for sql in [
        "UPDATE load_run_file SET rows_inserted = 5, rows_parked = 0",
        "UPDATE load_run SET state = 'succeeded', finished_at = now()",
    ] {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    let ended = totals(&mut connection).await.unwrap();
    assert_eq!((ended.rows, ended.runs), ([5, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0]));
}

#[tokio::test]
async fn what_is_loaded_again_from_the_lake_is_no_load_of_a_source() {
    let app = TestApp::start().await;
    let mut connection = app.pool.acquire().await.unwrap();
    assert_eq!(newest_load(&mut connection, None).await.unwrap(), None);
    for (source, ended) in [("s3://sales/in", 60), ("s3://lake/kept/raw", 10)] {
        let run = "INSERT INTO load_run (id, state, source_uri, holder, started_at, finished_at) \
                   VALUES (gen_random_uuid(), 'succeeded', $1, 'a test', \
                   now() - make_interval(mins => $2 + 1), now() - make_interval(mins => $2))";
        sqlx::query(run).bind(source).bind(ended).execute(&mut *connection).await.unwrap();
    }
    let mut newest = Vec::new();
    for lake in [Some("s3://lake/kept/"), Some("s3://lake/kept"), None] {
        let found = newest_load(&mut connection, lake).await.unwrap().expect("a load");
        assert!(found.age >= 600.0, "{found:?}");
        newest.push(found.at);
    }
    assert_eq!(newest[0], newest[1]);
    assert!(newest[0] < newest[2], "{newest:?}");
}
