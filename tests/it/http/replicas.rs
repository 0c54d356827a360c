//! Replicas answer in place of the main database, and never with less than it had when they
//! were asked.

use std::time::Instant;

use hyper::StatusCode;
use salesgraph::db::connections::Connections;
use salesgraph::db::data_version::DataVersions;
use salesgraph::db::pool::{self, Settings};
use salesgraph::db::replicas::Replicas;
use salesgraph::embedded::postgres::{Crash, Postgres};
use salesgraph::http::{AppState, RequestLimits};
use salesgraph::query::Reader;
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::freshness::ask;
use crate::support::http::TestServer;
use crate::support::ledger::{PATIENCE, wait_until};
use crate::support::servers::Servers;
use crate::support::switch_proxy::SwitchProxy;
use crate::support::{TestApp, fixture, standby};

/// A primary, two standbys, and a server that reads from them; without a cache, so that each
/// request is executed.
struct Cluster {
    primary: Postgres,
    standbys: Vec<Postgres>,
    /// Between the server and each standby.
    proxies: Vec<SwitchProxy>,
    /// Of the primary and of each standby, past the server.
    pools: Vec<PgPool>,
    server: TestServer,
}

impl Cluster {
    async fn start() -> Self {
        let (primary, state) = standby::primary().await;
        let app = TestApp::start_on(Servers::on(&primary).await).await;
        fixture::insert(&app.pool).await;
        let database = app.database().get_database().expect("a database").to_owned();
        app.pool.close().await;
        let (primary, standbys) =
            standby::standbys_of(primary, &state, &["standby-a", "standby-b"]).await;

        let url = |server: &Postgres| {
            let (from, to) = (format!(":{}/", primary.port()), format!(":{}/", server.port()));
            primary.url_for(&database).replace(&from, &to)
        };
        let settings = |url: String| {
            // A busy machine must not time out.
            Settings { acquire_timeout: PATIENCE, max_connections: 4, ..Settings::new(url) }
        };
        let main = pool::connect(&settings(url(&primary))).await.expect("the primary answers");
        let (mut proxies, mut replicas) = (Vec::new(), Vec::new());
        for standby in &standbys {
            let proxy = SwitchProxy::start(standby.port()).await;
            let (from, to) = (format!(":{}/", standby.port()), format!(":{}/", proxy.port()));
            let through = settings(url(standby).replace(&from, &to));
            let pool = pool::connect_lazy(&through, &main).expect("a URL");
            replicas.push(Connections::of(pool));
            proxies.push(proxy);
        }
        let replicas = Replicas::new(replicas);
        let versions = DataVersions::start(&main, main.connect_options().as_ref().clone());
        let reader = Reader::new(main).with_replicas(replicas);
        let limits = RequestLimits::default();
        let state = AppState::new(reader, versions, Default::default(), limits);
        let server = TestServer::serve(state).await;

        let mut pools = Vec::new();
        for server in std::iter::once(&primary).chain(&standbys) {
            pools.push(PgPool::connect(&url(server)).await.expect("it answers"));
        }
        Self { primary, standbys, proxies, pools, server }
    }

    async fn execute(&self, server: usize, sql: &str) {
        self.pools[server].execute(AssertSqlSafe(sql.to_owned())).await.expect(sql);
    }

    /// The sessions of the server that last read this table, at the primary and each standby.
    async fn readers_of(&self, table: &str) -> Vec<i64> {
        let mut sessions = Vec::new();
        for pool in &self.pools {
            let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'salesgraph' \
                         AND query ~ $1";
            let pattern = format!("FROM {table}\\M");
            sessions.push(
                sqlx::query_scalar(count).bind(pattern).fetch_one(pool).await.expect("a count"),
            );
        }
        sessions
    }

    /// Asks until standbys have read the table, and nobody else of these.
    async fn ask_until_read(&self, query: &str, table: &str, by: &[usize], never: &[usize]) {
        let begun = Instant::now();
        loop {
            ask(&self.server, query).await;
            let readers = self.readers_of(table).await;
            assert!(never.iter().all(|at| readers[*at] == 0), "who may read {table}: {readers:?}");
            if by.iter().all(|at| readers[*at] > 0) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "nobody reads {table} of {by:?}: {readers:?}");
        }
    }

    /// The person's name, which the server tells without an error.
    async fn name(&self) -> String {
        let answer = ask(&self.server, "{ person(businessEntityId: 1) { firstName } }").await;
        let answer = answer.json();
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"]["person"]["firstName"].as_str().expect("a name").to_owned()
    }

    /// Renames the person, and asks for its name at once.
    async fn rename(&self, name: &str) {
        let change =
            format!("UPDATE person SET first_name = '{name}' WHERE business_entity_id = 1");
        self.execute(0, &change).await;
        assert_eq!(self.name().await, name, "what was committed before is answered");
    }

    /// Waits until standbys have replayed what the primary has.
    async fn caught_up(&self, standbys: i64) {
        let at = format!(
            "(SELECT count(*) = {standbys} FROM pg_stat_replication \
              WHERE replay_lsn >= pg_current_wal_lsn())"
        );
        wait_until(&self.pools[0], &at).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_answer_in_turns_what_they_have_replayed() {
    let cluster = Cluster::start().await;
    cluster.caught_up(2).await;
    let before = cluster.readers_of("customer").await;
    assert_eq!(before, [0, 0, 0], "nobody has asked");
    // A slow one is not waited for; it then answers a later request.
    let customers = "{ customers(first: 2) { nodes { customerId } } }";
    cluster.ask_until_read(customers, "customer", &[1, 2], &[]).await;

    for number in 0..20 {
        cluster.rename(&format!("both{number}")).await;
    }

    // One of them is held back.
    cluster.execute(2, "SELECT pg_wal_replay_pause()").await;
    wait_until(&cluster.pools[2], "pg_get_wal_replay_pause_state() = 'paused'").await;
    for number in 0..20 {
        cluster.rename(&format!("one{number}")).await;
    }
    cluster.caught_up(1).await;
    // The server may have to ask the other once more whether it has caught up.
    let territories = "{ territories(first: 2) { nodes { territoryId } } }";
    cluster.ask_until_read(territories, "territory", &[1], &[2]).await;
    assert_eq!(cluster.name().await, "one19");
    cluster.execute(2, "SELECT pg_wal_replay_resume()").await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_is_not_noticed_when_servers_die() {
    let mut cluster = Cluster::start().await;
    cluster.rename("all").await;
    cluster.caught_up(2).await;
    for _ in 0..4 {
        assert_eq!(cluster.name().await, "all");
    }
    cluster.standbys[0].crash(Crash::Kill).await.expect("the standby ends");
    for number in 0..10 {
        cluster.rename(&format!("without{number}")).await;
    }
    cluster.caught_up(1).await;
    assert_eq!(cluster.name().await, "without9");

    // The newest version that was asked for is there, so reading goes on without the primary.
    cluster.primary.crash(Crash::Kill).await.expect("the primary ends");
    for _ in 0..4 {
        assert_eq!(cluster.name().await, "without9");
    }
    let ready = cluster.server.get("/health/ready").await;
    assert_eq!(ready.status, StatusCode::OK, "{}", ready.text);
    cluster.stop().await;
}

/// Its connections stay open, so that nothing but time tells that it is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_falls_silent_holds_nobody_up() {
    let cluster = Cluster::start().await;
    cluster.caught_up(2).await;
    let customers = "{ customers(first: 2) { nodes { customerId } } }";
    cluster.ask_until_read(customers, "customer", &[1, 2], &[]).await;
    cluster.proxies[0].hold();
    for number in 0..6 {
        assert!(ask(&cluster.server, customers).await.json()["errors"].is_null());
        cluster.rename(&format!("silent{number}")).await;
    }
    cluster.stop().await;
}

/// It counts the versions of its own commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_standby_is_no_replica_any_more() {
    let cluster = Cluster::start().await;
    cluster.caught_up(2).await;
    cluster.execute(1, "SELECT pg_promote()").await;
    for number in 0..5 {
        let other = format!("UPDATE person SET first_name = 'other{number}'");
        cluster.execute(1, &other).await;
    }
    for number in 0..5 {
        cluster.rename(&format!("followed{number}")).await;
    }
    for _ in 0..4 {
        assert_eq!(cluster.name().await, "followed4");
    }
    cluster.stop().await;
}

impl Cluster {
    async fn stop(self) {
        self.server.stop().await;
        for pool in self.pools {
            pool.close().await;
        }
        for standby in self.standbys {
            standby.stop().await.expect("the standby stops");
        }
        self.primary.stop().await.expect("the primary stops");
    }
}
