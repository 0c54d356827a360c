//! Connections under row-level security: no session carries over what it was set to.

use std::time::Duration;

use salesgraph::db::connections::Connections;
use salesgraph::db::pool::options_of;
use salesgraph::db::row_security::RowSecurity;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgPoolOptions};

use super::row_security::filled;
use crate::support::TestDb;
use crate::support::cluster::is_left_out;
use crate::support::statements::during;

/// Connections of a pool of that many, under row-level security.
async fn connections(db: &TestDb, most: u32) -> (Connections, PgPool) {
    let pool = PgPoolOptions::new()
        .max_connections(most)
        .connect_with(options_of(&db.url).unwrap())
        .await
        .unwrap();
    (Connections::with_row_security(pool.clone(), RowSecurity::On), pool)
}

/// The territories of the visible orders.
async fn visible(connections: &Connections, territories: Option<&[i32]>) -> Vec<i32> {
    let sql = "SELECT DISTINCT territory_id FROM sales_order ORDER BY 1";
    let rows = connections.fetch_all_within(territories, || sqlx::query(sql)).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn scopes_take_turns_on_one_connection() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    for most in [1, 2, 3] {
        let (connections, _) = connections(&db, most).await;
        for _ in 0..10 {
            assert_eq!(visible(&connections, Some(&[1])).await, [1]);
            assert_eq!(visible(&connections, Some(&[2, 3])).await, [2, 3]);
            assert_eq!(visible(&connections, None).await, [1, 2, 3]);
            assert_eq!(visible(&connections, Some(&[])).await, [0; 0]);
        }
    }
}

#[tokio::test]
async fn scopes_side_by_side_do_not_meet() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let (connections, _) = connections(&db, 3).await;
    let scopes: [Option<&[i32]>; 4] = [Some(&[1]), Some(&[2, 3]), None, Some(&[])];
    let expected: [&[i32]; 4] = [&[1], &[2, 3], &[1, 2, 3], &[]];
    let reads = (0..200).map(|turn| {
        let connections = connections.clone();
        async move {
            let turn = turn * 7 % 4;
            assert_eq!(visible(&connections, scopes[turn]).await, expected[turn]);
        }
    });
    futures_util::future::join_all(reads).await;
}

#[tokio::test]
async fn a_scope_keeps_its_connection() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    let (connections, pool) = connections(&db, 4).await;
    drop(connections);
    // However long this machine takes between two reads.
    let connections = Connections::with_idle_timeout(pool, RowSecurity::On, Duration::from_mins(1));
    let reads = async {
        visible(&connections, Some(&[1])).await;
        visible(&connections, Some(&[2])).await;
        visible(&connections, None).await;
    };
    let ((), first) = during(reads).await;
    assert_eq!(first.iter().filter(|sql| sql.contains("SET ROLE")).count(), 3, "{first:?}");
    let reads = async {
        visible(&connections, None).await;
        visible(&connections, Some(&[1])).await;
        visible(&connections, Some(&[2])).await;
    };
    let ((), again) = during(reads).await;
    assert!(!again.iter().any(|sql| sql.contains("SET ROLE")), "{again:?}");
}

async fn assert_clean(pool: &PgPool, when: &str) {
    let state = "SELECT current_user = session_user \
                 AND coalesce(current_setting('salesgraph.territories', true), '') = ''";
    let clean: bool = sqlx::query_scalar(state).fetch_one(pool).await.unwrap();
    assert!(clean, "{when}");
}

#[tokio::test]
async fn the_pool_gets_its_connections_back_clean() {
    if is_left_out("there is no row-level security") {
        return;
    }
    let db = filled().await;
    // The only connection goes back after each statement.
    let (connections, pool) = connections(&db, 1).await;
    for territories in [None, Some(&[1, 4][..])] {
        visible(&connections, territories).await;
        assert_clean(&pool, "after a statement").await;
        let broken = || sqlx::query("SELECT no_such_column FROM sales_order");
        connections.fetch_all_within(territories, broken).await.unwrap_err();
        assert_clean(&pool, "after a statement that failed").await;
        let slow =
            connections.fetch_all_within(territories, || sqlx::query("SELECT pg_sleep(600)"));
        let under_way = async {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = \
                         current_database() AND query LIKE 'SELECT pg_sleep(600%' \
                         AND state = 'active'";
            while sqlx::query_scalar::<_, i64>(count).fetch_one(&db.pool).await.unwrap() == 0 {}
        };
        tokio::select! {
            answer = slow => panic!("{answer:?}"),
            () = under_way => {}
        }
        assert_clean(&pool, "after a statement that was cancelled").await;
    }
}

#[tokio::test]
async fn a_session_that_cannot_be_switched_is_closed() {
    let db = filled().await;
    let (connections, pool) = connections(&db, 1).await;
    let pid = "SELECT pg_backend_pid()";
    let first: i32 = sqlx::query_scalar(pid).fetch_one(&pool).await.unwrap();
    sqlx::query("SET SESSION AUTHORIZATION pg_monitor").execute(&pool).await.unwrap();
    let refused = connections.fetch_all_within(Some(&[1]), || sqlx::query("SELECT 1")).await;
    refused.unwrap_err();
    let second: i32 = sqlx::query_scalar(pid).fetch_one(&pool).await.unwrap();
    assert_ne!(first, second);
}
