//! The SQL that finds and removes the rows that a mirrored file lacks. Only names from
//! [`crate::dataset`] are interpolated; values are always bound.

use crate::dataset::{self, Dataset};
use crate::db::layout::Layout;

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
    /// Tells first, on a cluster, that they are deleted.
    pub(super) note: Option<String>,
}

impl Removal {
    /// For children that have been mirrored before.
    pub(crate) fn new(dataset: &'static Dataset, layout: Layout) -> Self {
        Self::with(dataset, layout, |_| String::new())
    }

    /// For a check, which removes nothing: children that would be removed need no parent.
    /// Those of `children` were checked before, in the same transaction.
    pub(crate) fn for_check(
        dataset: &'static Dataset,
        children: &[&'static Dataset],
        layout: Layout,
    ) -> Self {
        Self::with(dataset, layout, |child| {
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

    fn with(dataset: &'static Dataset, layout: Layout, but: impl Fn(&Dataset) -> String) -> Self {
        let table = dataset.table;
        let missing = format!("missing_{table}");
        let key = dataset.key.join(", ");
        let children: Vec<(&Dataset, &[&str], String)> = dataset::ALL
            .iter()
            .flat_map(|child| child.parents.iter().map(move |parent| (child, parent)))
            .filter(|(_, parent)| parent.table == table)
            .map(|(child, parent)| (*child, parent.columns, but(child)))
            .collect();
        let first = dataset.key.first().copied().unwrap_or_default();
        let note = format!(
            "SELECT note_change('{table}', ARRAY(SELECT DISTINCT {first} \
             FROM pg_temp.{missing} WHERE NOT needed))"
        );
        Self {
            dataset,
            create: format!(
                "CREATE TEMP TABLE IF NOT EXISTS {missing} ON COMMIT DELETE ROWS AS \
                 SELECT {key}, false AS needed FROM {table} WITH NO DATA"
            ),
            find: match layout {
                Layout::Single => find(dataset, &children),
                Layout::Distributed => find_on_cluster(dataset, &children),
            },
            count: format!(
                "SELECT (SELECT count(source_file_id) FROM {table}), count(*) FILTER (WHERE NOT needed), \
                   count(*) FILTER (WHERE needed) FROM pg_temp.{missing}"
            ),
            delete: match layout {
                Layout::Single => format!(
                    "DELETE FROM {table} AS stored USING pg_temp.{missing} AS missing \
                     WHERE NOT missing.needed AND {}",
                    equal("stored", "missing", dataset.key, dataset.key),
                ),
                Layout::Distributed => format!(
                    "DELETE FROM {table} WHERE ({key}) IN \
                     (SELECT {key} FROM pg_temp.{missing} WHERE NOT needed)"
                ),
            },
            note: layout.is_distributed().then_some(note),
        }
    }
}

/// The condition that the file $1 has no row of the key of `stored`.
fn is_lacking(dataset: &Dataset, held: &str) -> String {
    let part = |at: usize| match dataset.key.get(at) {
        Some(column) => format!("stored.{column}"),
        None => "0".to_owned(),
    };
    format!(
        "NOT EXISTS (SELECT FROM {held} AS held \
         WHERE (held.file_id, held.first_key, held.second_key) = ($1, {}, {}))",
        part(0),
        part(1),
    )
}

/// Children: their table, their columns that refer to the dataset, and which of them do not count.
fn find(dataset: &Dataset, children: &[(&Dataset, &[&str], String)]) -> String {
    let (table, key) = (dataset.table, dataset.key.join(", "));
    let needed = children.iter().map(|(child, columns, but)| {
        let matches = equal("child", "stored", columns, dataset.key);
        format!("EXISTS (SELECT FROM {} AS child WHERE {matches}{but})", child.table)
    });
    format!(
        "INSERT INTO pg_temp.missing_{table} SELECT {key}, {} FROM {table} AS stored \
         WHERE source_file_id <= $2 AND {}",
        any(needed),
        is_lacking(dataset, "load_file_key"),
    )
}

/// The same table by table: rows on several machines are not compared with those of one.
fn find_on_cluster(dataset: &Dataset, children: &[(&Dataset, &[&str], String)]) -> String {
    let (table, key) = (dataset.table, dataset.key.join(", "));
    let first = dataset.key.first().copied().unwrap_or_default();
    let mut sql = format!(
        "WITH stored AS MATERIALIZED (SELECT {key} FROM {table} WHERE source_file_id <= $2), \
         held AS MATERIALIZED (SELECT * FROM load_file_key WHERE file_id = $1), \
         lacking AS MATERIALIZED (SELECT {key} FROM stored WHERE {})",
        is_lacking(dataset, "held"),
    );
    for (place, (child, columns, but)) in children.iter().enumerate() {
        let by = columns.first().copied().unwrap_or_default();
        let child_key = child.key.iter().filter(|column| !columns.contains(column));
        let read = columns.iter().chain(child_key).copied().collect::<Vec<_>>().join(", ");
        sql.push_str(&format!(
            ", read_{place} AS MATERIALIZED (SELECT {read} FROM {} \
             WHERE {by} = ANY (ARRAY(SELECT {first} FROM lacking))), \
             child_{place} AS MATERIALIZED (SELECT * FROM read_{place} AS child WHERE true{but})",
            child.table,
        ));
    }
    let needed = children.iter().enumerate().map(|(place, (_, columns, _))| {
        let matches = equal("child", "lacking", columns, dataset.key);
        format!("EXISTS (SELECT FROM child_{place} AS child WHERE {matches})")
    });
    let needed = any(needed);
    format!("{sql} INSERT INTO pg_temp.missing_{table} SELECT {key}, {needed} FROM lacking")
}

fn any(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() { "false".to_owned() } else { conditions.join(" OR ") }
}

fn equal(one: &str, other: &str, columns: &[&str], others: &[&str]) -> String {
    let pairs = columns.iter().zip(others);
    let pairs: Vec<String> =
        pairs.map(|(column, of)| format!("{one}.{column} = {other}.{of}")).collect();
    pairs.join(" AND ")
}
