//! What must hold in the ledger at any time, whatever happened before.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use salesgraph::dataset;
use salesgraph::load::{LoadOptions, RunSummary};
use sqlx::{AssertSqlSafe, PgPool};

use super::TestApp;

/// How long anything may take that happens in another process.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Batches so small that even a small file has many.
pub(crate) fn small_batches(options: &mut LoadOptions) {
    options.limits.rows = 200;
}

impl TestApp {
    /// Loads in small batches.
    pub(crate) async fn load_small(&self) -> RunSummary {
        self.loader(small_batches).await.run().await.expect("the run ends")
    }

    /// Waits until a query gives true.
    pub(crate) async fn wait_until(&self, condition: &str) {
        wait_until(&self.pool, condition).await;
    }

    /// Rows, rejects and parked rows are there as often as the ledger says, and
    /// what the runs did to a file adds up to what became of it. Only for files
    /// of which no row was replaced by another file's.
    pub(crate) async fn assert_ledger_holds(&self, when: &str) {
        let mut stored = BTreeMap::new();
        let tables = dataset::ALL.iter().map(|dataset| dataset.table);
        for table in tables.chain(["load_reject", "load_parked"]) {
            let file = if table.starts_with("load_") { "file_id" } else { "source_file_id" };
            let sql = format!("SELECT {file}, count(*) FROM {table} GROUP BY 1");
            let rows: Vec<(i32, i64)> =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.pool).await.expect(table);
            let kind = if table.starts_with("load_") { table } else { "rows" };
            stored.extend(rows.into_iter().map(|(file, count)| ((file, kind), count)));
        }
        let told: Vec<(i32, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, rows_inserted + rows_updated, rows_rejected, rows_parked FROM load_file",
        )
        .fetch_all(&self.pool)
        .await
        .expect("the files");
        for (file, rows, rejected, parked) in told {
            for (kind, told) in [("rows", rows), ("load_reject", rejected), ("load_parked", parked)]
            {
                let stored = stored.get(&(file, kind)).copied().unwrap_or(0);
                assert_eq!(stored, told, "{when}: {kind} of file {file}: stored, told");
            }
        }
        let differing: Vec<(i32,)> = sqlx::query_as(
            "SELECT file.id FROM load_file AS file LEFT JOIN load_run_file AS run \
               ON run.file_id = file.id GROUP BY file.id \
             HAVING (file.rows_read, file.rows_inserted, file.rows_updated, \
               file.rows_unchanged, file.rows_rejected, file.rows_parked) IS DISTINCT FROM \
               (coalesce(sum(run.rows_read), 0), coalesce(sum(run.rows_inserted), 0), \
                coalesce(sum(run.rows_updated), 0), coalesce(sum(run.rows_unchanged), 0), \
                coalesce(sum(run.rows_rejected), 0), coalesce(sum(run.rows_parked), 0))",
        )
        .fetch_all(&self.pool)
        .await
        .expect("the sums");
        assert_eq!(differing, [], "{when}: files that differ from the sums over their runs");
    }
}

/// Waits until a query gives true; fails when it takes too long.
pub(crate) async fn wait_until(pool: &PgPool, condition: &str) {
    let begun = Instant::now();
    loop {
        let query =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT coalesce(({condition}), false)")));
        let holds: bool = query.fetch_one(pool).await.expect(condition);
        if holds {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "never came true: {condition}");
        // The pace of asking again; the condition is what is waited for.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
