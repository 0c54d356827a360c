//! What Postgres held at each data version, and a reader that compares.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::support::TestApp;
use crate::support::lake::LakeReader;

/// A change of the lines whose orders have such a number.
pub(crate) fn change_lines(share: usize) -> String {
    format!(
        "UPDATE sales_order_line SET order_quantity = order_quantity % 30 + 1, \
         line_total = round(unit_price * (1 - unit_price_discount) * (order_quantity % 30 + 1), 6) \
         WHERE sales_order_id % {share} = 0"
    )
}

/// The total of all lines at each data version at which it has changed.
pub(crate) struct Totals {
    folder: TempDir,
    watcher: Option<JoinHandle<Value>>,
}

impl Totals {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), watcher: None }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("totals")
    }

    /// Notes the total as it is; called before anybody else changes the data version.
    pub(crate) async fn note(&self, app: &TestApp) {
        let mut connection = app.pool.acquire().await.expect("a connection");
        let mut snapshot = connection.begin().await.expect("a transaction");
        let repeatable = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        snapshot.execute(repeatable).await.expect("a snapshot");
        let (version, total): (i64, String) = sqlx::query_as(
            "SELECT (SELECT coalesce(max(version), 0) FROM data_version), \
                 (SELECT coalesce(sum(line_total), 0)::text FROM sales_order_line)",
        )
        .fetch_one(&mut *snapshot)
        .await
        .expect("a total");
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).append(true).open(self.file()).expect("a file");
        writeln!(file, "{version} {total}").expect("a line");
    }

    /// Lets a reader compare in a loop with what is noted.
    pub(crate) fn watch(&mut self, mut reader: LakeReader) {
        let file = json!(self.file());
        self.watcher = Some(tokio::spawn(async move { reader.ask("watch", &[file]).await }));
    }

    /// Ends the reader, which fails if it has seen any other total, and tells how often it has
    /// read, and how many data versions it has seen.
    pub(crate) async fn end(mut self) -> (i64, i64) {
        std::fs::write(self.folder.path().join("totals.end"), "").expect("a file");
        let seen = self.watcher.take().expect("a reader").await.expect("all totals are right");
        (seen["reads"].as_i64().expect("a number"), seen["versions"].as_i64().expect("a number"))
    }
}
