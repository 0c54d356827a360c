//! Connections that pass from statement to statement.

use std::time::Duration;

use salesgraph::db::connections::Connections;
use salesgraph::db::pool::options_of;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::support::database;

/// A pool whose connections are all open.
async fn pool(url: &str, most: u32, acquire_timeout: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(acquire_timeout)
        .connect_with(options_of(url).unwrap())
        .await
        .unwrap()
}

async fn backend(connections: &Connections) -> i32 {
    let rows = connections.fetch_all(|| sqlx::query("SELECT pg_backend_pid()")).await.unwrap();
    rows[0].get(0)
}

#[tokio::test]
async fn a_connection_is_reused_without_a_ping() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    let first = backend(&connections).await;
    let idle = pool.num_idle();
    assert_eq!(backend(&connections).await, first);
    assert_eq!(pool.num_idle(), idle, "it was returned in between");
}

#[tokio::test]
async fn statements_wait_for_a_connection_without_timeout() {
    let db = database().await;
    let pool = pool(&db.url, 1, Duration::from_secs(2)).await;
    let connections = Connections::of(pool);
    // All are executed, though together they take longer than the pool's timeout.
    let statements = (0..12).map(|_| connections.fetch_all(|| sqlx::query("SELECT pg_sleep(0.2)")));
    for answer in futures_util::future::join_all(statements).await {
        assert_eq!(answer.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn idle_connections_return_to_the_pool() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    backend(&connections).await;
    // All at once: only possible when every connection has returned.
    let (one, two, three) = tokio::join!(pool.acquire(), pool.acquire(), pool.acquire());
    drop((one.unwrap(), two.unwrap(), three.unwrap()));
    backend(&connections).await;
    pool.close().await;
    connections.fetch_all(|| sqlx::query("SELECT 1")).await.unwrap_err();
}

#[tokio::test]
async fn a_dropped_request_cancels_its_statement() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    let first = backend(&connections).await;
    let slow = connections.fetch_all(|| sqlx::query("SELECT pg_sleep(600)"));
    let under_way = async {
        loop {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600%' \
                         AND state = 'active'";
            if sqlx::query_scalar::<_, i64>(count).fetch_one(&db.pool).await.unwrap() > 0 {
                return;
            }
        }
    };
    tokio::select! {
        answer = slow => panic!("{answer:?}"),
        () = under_way => {}
    }
    assert_ne!(backend(&connections).await, first, "its connection is reused");
}

#[tokio::test]
async fn health_checks_get_a_connection_under_any_load() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    // Each connection passes straight to the next statement: none returns to the pool.
    let busy = async {
        loop {
            let statements =
                (0..6).map(|_| connections.fetch_all(|| sqlx::query("SELECT pg_sleep(0.01)")));
            futures_util::future::join_all(statements).await;
        }
    };
    tokio::select! {
        () = busy => {}
        connection = pool.acquire() => assert!(connection.is_ok()),
    }
}
