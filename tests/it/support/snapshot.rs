//! The state after a load, without what differs from run to run (ids of runs and
//! files, times), so that loads with the same result have equal snapshots.

use std::collections::BTreeMap;

use salesgraph::dataset;
use sqlx::{AssertSqlSafe, PgPool, Row as _};

/// Table by table: how many rows, and a hash over them in the order of their key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Rows and hash of each table, with the file version and line of each row.
    pub(crate) tables: BTreeMap<&'static str, (i64, String)>,
    /// Likewise, without the origin of the rows.
    pub(crate) content: BTreeMap<&'static str, (i64, String)>,
    /// Each file's numbers: read, inserted, updated, unchanged, rejected, parked.
    pub(crate) files: Vec<(String, String, [i64; 6])>,
    /// Each reject: file, line, offset, column, reason, hash of the raw text.
    pub(crate) rejects: Vec<String>,
    /// Each parked row, likewise.
    pub(crate) parked: Vec<String>,
}

impl Snapshot {
    pub(crate) async fn take(pool: &PgPool) -> Self {
        let mut tables = BTreeMap::new();
        let mut content = BTreeMap::new();
        for dataset in dataset::ALL.iter() {
            let (table, key) = (dataset.table, dataset.key.join(", "));
            // The row's file by its key: ids depend on the order in which concurrent
            // loads recorded their files.
            let sql = format!(
                "SELECT count(*), \
                   coalesce(md5(string_agg(origin || row_text, E'\\n' ORDER BY {key})), ''), \
                   coalesce(md5(string_agg(row_text, E'\\n' ORDER BY {key})), '') \
                 FROM (SELECT {key}, (to_jsonb(stored) - ARRAY['loaded_at', 'source_file_id', \
                     'source_line'])::text AS row_text, \
                   concat_ws('|', file.object_key, file.etag, source_line, '') AS origin \
                   FROM {table} AS stored JOIN load_file AS file ON file.id = source_file_id) AS rows"
            );
            let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(pool).await.expect(table);
            tables.insert(table, (row.get(0), row.get(1)));
            content.insert(table, (row.get(0), row.get(2)));
        }
        let files = sqlx::query(
            "SELECT object_key, state, rows_read, rows_inserted, rows_updated, rows_unchanged, \
             rows_rejected, rows_parked FROM load_file ORDER BY object_key, id",
        )
        .fetch_all(pool)
        .await
        .expect("the files");
        let files = files
            .iter()
            .map(|row| (row.get(0), row.get(1), std::array::from_fn(|at| row.get(2 + at))))
            .collect();
        let rejects = sqlx::query_scalar(
            "SELECT concat_ws('|', object_key, line, byte_offset, column_name, reason, md5(raw)) \
             FROM load_reject JOIN load_file ON id = file_id ORDER BY object_key, line, part",
        );
        let parked = sqlx::query_scalar(
            "SELECT concat_ws('|', object_key, line, byte_offset, parent, parent_key::text, \
             md5(raw)) FROM load_parked JOIN load_file ON id = file_id ORDER BY object_key, line, part",
        );
        Self {
            tables,
            content,
            files,
            rejects: rejects.fetch_all(pool).await.expect("the rejects"),
            parked: parked.fetch_all(pool).await.expect("the parked rows"),
        }
    }

    /// Rows of a table.
    pub(crate) fn rows(&self, table: &str) -> i64 {
        self.tables[table].0
    }
}
