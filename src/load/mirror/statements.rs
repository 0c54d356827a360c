//! The SQL that finds and removes the rows that a mirrored file lacks. Only names from
//! [`crate::dataset`] are interpolated; values are always bound.

use crate::dataset::{self, Dataset};

/// Statements of one dataset.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) dataset: &'static Dataset,
    /// Creates the table of missing rows of this connection, emptied at each commit.
    pub(super) create: String,
    /// Fills it: $1 the file, whose keys are recorded; $2 the last file whose rows count.
    pub(super) find: String,
    /// Returns stored rows, missing rows that can be removed, and those that are needed.
    pub(super) count: String,
    /// Deletes the missing rows that no other row needs.
    pub(super) delete: String,
}

impl Removal {
    /// For children that have been mirrored before.
    pub(crate) fn new(dataset: &'static Dataset) -> Self {
        Self::with(dataset, |_| String::new())
    }

    /// For a check, which removes nothing: children that would be removed need no parent.
    /// Those of `children` were checked before, in the same transaction.
    pub(crate) fn for_check(dataset: &'static Dataset, children: &[&'static Dataset]) -> Self {
        Self::with(dataset, |child| {
            if !children.iter().any(|known| known.table == child.table) {
                return String::new();
            }
            format!(
                " AND NOT EXISTS (SELECT FROM pg_temp.missing_{} AS gone \
                 WHERE NOT gone.needed AND {})",
                child.table,
                equal("gone", "child", child.key, child.key),
            )
        })
    }

    fn with(dataset: &'static Dataset, but: impl Fn(&Dataset) -> String) -> Self {
        let table = dataset.table;
        let missing = format!("missing_{table}");
        let key = dataset.key.join(", ");
        let needed: Vec<String> = dataset::ALL
            .iter()
            .flat_map(|child| child.parents.iter().map(move |parent| (child, parent)))
            .filter(|(_, parent)| parent.table == table)
            .map(|(child, parent)| {
                format!(
                    "EXISTS (SELECT FROM {} AS child WHERE {}{})",
                    child.table,
                    equal("child", "stored", parent.columns, dataset.key),
                    but(child),
                )
            })
            .collect();
        let needed = if needed.is_empty() { "false".to_owned() } else { needed.join(" OR ") };
        let part = |at: usize| match dataset.key.get(at) {
            Some(column) => format!("stored.{column}"),
            None => "0".to_owned(),
        };
        Self {
            dataset,
            create: format!(
                "CREATE TEMP TABLE IF NOT EXISTS {missing} ON COMMIT DELETE ROWS AS \
                 SELECT {key}, false AS needed FROM {table} WITH NO DATA"
            ),
            find: format!(
                "INSERT INTO pg_temp.{missing} SELECT {key}, {needed} FROM {table} AS stored \
                 WHERE source_file_id <= $2 AND NOT EXISTS (SELECT FROM load_file_key AS held \
                   WHERE (held.file_id, held.first_key, held.second_key) = ($1, {}, {}))",
                part(0),
                part(1),
            ),
            count: format!(
                "SELECT (SELECT count(source_file_id) FROM {table}), count(*) FILTER (WHERE NOT needed), \
                   count(*) FILTER (WHERE needed) FROM pg_temp.{missing}"
            ),
            delete: format!(
                "DELETE FROM {table} AS stored USING pg_temp.{missing} AS missing \
                 WHERE NOT missing.needed AND {}",
                equal("stored", "missing", dataset.key, dataset.key),
            ),
        }
    }
}

fn equal(one: &str, other: &str, columns: &[&str], others: &[&str]) -> String {
    let pairs = columns.iter().zip(others);
    let pairs: Vec<String> =
        pairs.map(|(column, of)| format!("{one}.{column} = {other}.{of}")).collect();
    pairs.join(" AND ")
}
