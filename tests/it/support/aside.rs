//! What a load sets aside, and how to halt one while it is.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};
use tokio::process::Child;

use super::TestApp;

/// Every constraint, index and guard of the tables of data, each with its state and comment.
pub(crate) async fn definitions(pool: &PgPool) -> Vec<String> {
    lines(
        pool,
        "SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), \
           convalidated, obj_description(oid, 'pg_constraint')) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, \
           obj_description(indexrelid, 'pg_class')) \
         FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid \
         WHERE relnamespace = 'public'::regnamespace \
         UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger \
         WHERE NOT tgisinternal ORDER BY 1",
    )
    .await
}

/// What of it was never dropped: it has the same number.
pub(crate) async fn numbers(pool: &PgPool) -> Vec<String> {
    lines(
        pool,
        "SELECT concat_ws(' ', oid, conname) FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT indexrelid::regclass || ' ' || indexrelid FROM pg_index \
         JOIN pg_class ON pg_class.oid = indexrelid \
         WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    )
    .await
}

async fn lines(pool: &PgPool, sql: &'static str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(pool).await.expect("the catalogue")
}

/// A load that has set aside what it does, and has loaded nothing.
pub(crate) struct Halted {
    pub(crate) loader: Child,
    lock: PgConnection,
}

impl Halted {
    /// Starts a load in small batches.
    pub(crate) async fn start(app: &TestApp) -> Self {
        let mut lock = app.pool.acquire().await.expect("a connection").detach();
        // No file can begin.
        execute(&mut lock, "BEGIN; LOCK TABLE load_checkpoint IN EXCLUSIVE MODE").await;
        let loader = app
            .command()
            .arg("load")
            .env("LOAD_BATCH_ROWS", "60")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        app.wait_until("SELECT EXISTS (SELECT FROM load_set_aside)").await;
        Self { loader, lock }
    }

    /// Lets it go on.
    pub(crate) async fn go_on(&mut self) {
        execute(&mut self.lock, "COMMIT").await;
    }

    /// Lets it go on until it is about to put this one back, and has put back all of other tables.
    /// It goes on when the connection commits.
    pub(crate) async fn go_on_until(&mut self, app: &TestApp, name: &str) -> PgConnection {
        let mut hold = app.pool.acquire().await.expect("a connection").detach();
        let held = format!("name = '{name}'");
        execute(&mut hold, &format!("BEGIN; SELECT FROM load_set_aside WHERE {held} FOR UPDATE"))
            .await;
        self.go_on().await;
        let tables = format!("SELECT table_name FROM load_set_aside WHERE {held}");
        app.wait_until(&format!(
            "SELECT bool_and(table_name IN ({tables})) AND EXISTS (SELECT FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name = 'salesgraph load' \
                 AND wait_event_type = 'Lock') FROM load_set_aside"
        ))
        .await;
        hold
    }

    /// Kills it, lets go of what it waits for, and waits until Postgres knows.
    pub(crate) async fn kill(mut self, app: &TestApp, hold: Option<PgConnection>) {
        self.loader.kill().await.expect("the loader is killed");
        drop((self.lock, hold));
        app.wait_until_no_loader().await;
    }
}

/// Executes statements of a test.
pub(crate) async fn execute(connection: &mut PgConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await.expect(statements);
}
