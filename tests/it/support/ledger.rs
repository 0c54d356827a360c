//! Invariants of the ledger.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use salesgraph::dataset;
use salesgraph::load::{LoadOptions, RunSummary};
use sqlx::{AssertSqlSafe, PgPool};

use super::TestApp;

/// How long anything in another process may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Batches so small that even a small file has many.
pub(crate) fn small_batches(options: &mut LoadOptions) {
    options.limits.rows = 200;
}

impl TestApp {
    /// Loads in small batches.
    pub(crate) async fn load_small(&self) -> RunSummary {
        self.loader(small_batches).await.run().await.expect("the run ends")
    }

    /// Waits until a query returns true.
    pub(crate) async fn wait_until(&self, condition: &str) {
        wait_until(&self.pool, condition).await;
    }

    /// Checks that rows, rejects and parked rows are as many as the ledger says, and
    /// that the runs of each file add up to its totals. Only for files of which no row
    /// was replaced by another file's.
    pub(crate) async fn assert_ledger_holds(&self, when: &str) {
        let mut stored = BTreeMap::new();
        let tables = dataset::ALL.iter().map(|dataset| dataset.table);
        for table in tables.chain(["load_reject", "load_parked"]) {
            let file = if table.starts_with("load_") { "file_id" } else { "source_file_id" };
            let sql = format!("SELECT {file}, count(*) FROM {table} GROUP BY 1");
            let rows: Vec<(i32, i64)> =
                sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.pool).await.expect(table);
            let kind = if table.starts_with("load_") { table } else { "rows" };
            // Documents have rows in two tables.
            for (file, count) in rows {
                *stored.entry((file, kind)).or_insert(0) += count;
            }
        }
        let recorded: Vec<(i32, i64, i64, i64)> = sqlx::query_as(
            "SELECT id, rows_inserted + rows_updated, rows_rejected, rows_parked FROM load_file",
        )
        .fetch_all(&self.pool)
        .await
        .expect("the files");
        for (file, rows, rejected, parked) in recorded {
            for (kind, counted) in
                [("rows", rows), ("load_reject", rejected), ("load_parked", parked)]
            {
                let stored = stored.get(&(file, kind)).copied().unwrap_or(0);
                assert_eq!(stored, counted, "{when}: {kind} of file {file}: stored, counted");
            }
        }
        self.assert_runs_add_up(when).await;
    }

    /// Checks that the runs of each file add up to its totals.
    pub(crate) async fn assert_runs_add_up(&self, when: &str) {
        let differing: Vec<(i32,)> = sqlx::query_as(
            "SELECT file.id FROM load_file AS file LEFT JOIN load_run_file AS run \
               ON run.file_id = file.id GROUP BY file.id \
             HAVING (file.rows_read, file.rows_inserted, file.rows_updated, \
               file.rows_unchanged, file.rows_rejected, file.rows_parked, file.rows_removed, \
               file.rows_kept) IS DISTINCT FROM \
               (coalesce(sum(run.rows_read), 0), coalesce(sum(run.rows_inserted), 0), \
                coalesce(sum(run.rows_updated), 0), coalesce(sum(run.rows_unchanged), 0), \
                coalesce(sum(run.rows_rejected), 0), coalesce(sum(run.rows_parked), 0), \
                coalesce(sum(run.rows_removed), 0), coalesce(sum(run.rows_kept), 0))",
        )
        .fetch_all(&self.pool)
        .await
        .expect("the sums");
        assert_eq!(differing, [], "{when}: files that differ from the sums over their runs");
    }
}

/// Waits until a query returns true; fails when it takes too long.
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
        // The polling interval.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
