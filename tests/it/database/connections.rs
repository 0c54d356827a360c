//! Connections that are kept between statements.

use std::time::Duration;

use salesgraph::db::connections::Connections;
use salesgraph::db::pool::options_of;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::support::database;

/// A pool of so many connections, which are open.
async fn pool(url: &str, most: u32, acquire_timeout: Duration) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(acquire_timeout)
        .connect_with(options_of(url).unwrap())
        .await
        .unwrap()
}

async fn backend(connections: &Connections) -> i32 {
    let rows = connections.fetch_all(sqlx::query("SELECT pg_backend_pid()")).await.unwrap();
    rows[0].get(0)
}

#[tokio::test]
async fn a_connection_serves_the_next_statement_without_a_test_in_between() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    let first = backend(&connections).await;
    let idle = pool.num_idle();
    assert_eq!(backend(&connections).await, first);
    assert_eq!(pool.num_idle(), idle, "it was returned meanwhile");
}

#[tokio::test]
async fn many_wait_for_few_as_long_as_they_like() {
    let db = database().await;
    let pool = pool(&db.url, 1, Duration::from_secs(2)).await;
    let connections = Connections::of(pool);
    // Each has its turn, though together they take longer than the pool lets anyone wait.
    let statements = (0..12).map(|_| connections.fetch_all(sqlx::query("SELECT pg_sleep(0.2)")));
    for answer in futures_util::future::join_all(statements).await {
        assert_eq!(answer.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_needed_returns_to_the_pool() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    backend(&connections).await;
    // All at once: only possible when none is kept any more.
    let (one, two, three) = tokio::join!(pool.acquire(), pool.acquire(), pool.acquire());
    drop((one.unwrap(), two.unwrap(), three.unwrap()));
    backend(&connections).await;
    pool.close().await;
    connections.fetch_all(sqlx::query("SELECT 1")).await.unwrap_err();
}

#[tokio::test]
async fn who_gives_up_ends_his_statement() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    let first = backend(&connections).await;
    let slow = connections.fetch_all(sqlx::query("SELECT pg_sleep(600)"));
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
    assert_ne!(backend(&connections).await, first, "its connection serves on");
}

#[tokio::test]
async fn who_looks_after_the_server_finds_a_connection_however_much_is_asked() {
    let db = database().await;
    let pool = pool(&db.url, 3, Duration::from_secs(30)).await;
    let connections = Connections::of(pool.clone());
    // Each takes one and leaves it at once to the next: none returns to the pool.
    let busy = async {
        loop {
            let statements =
                (0..6).map(|_| connections.fetch_all(sqlx::query("SELECT pg_sleep(0.01)")));
            futures_util::future::join_all(statements).await;
        }
    };
    tokio::select! {
        () = busy => {}
        connection = pool.acquire() => assert!(connection.is_ok()),
    }
}
