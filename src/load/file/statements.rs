//! The SQL to stage and merge a dataset. Only names from [`crate::dataset`] are
//! interpolated; values are always bound or copied.

use crate::dataset::{self, Dataset};
use crate::load::decode::PART_BITS;

/// Statements of one dataset.
#[derive(Debug)]
pub(crate) struct Statements {
    /// Creates the staging table of this connection, emptied at each commit.
    pub(crate) create_stage: String,
    /// Copies a batch in binary format.
    pub(crate) copy: String,
    /// Empties the staging table within a transaction.
    pub(crate) truncate: String,
    /// Merges one round: $1 the ids of the staged files, $2 the round; returns each file's id,
    /// inserted, updated.
    pub(crate) merge: String,
    /// Likewise, over rows of earlier readings of the same versions: $3 their files' ids.
    pub(crate) merge_anew: String,
    /// Inserts one round, with the same parameters, of rows of which none is stored.
    pub(crate) insert: String,
    /// Deletes staged rows by file, $1, and line, $2.
    pub(crate) unstage: String,
    /// One for each parent table.
    pub(crate) orphans: Vec<Orphans>,
    /// A page of parked rows whose parent exists now, by file, line and part: $1 the dataset,
    /// after file $2, line $3 and part $4, at most $5 rows, begun within $6 bytes.
    pub(crate) resolvable: String,
}

/// Finds staged rows whose parent is missing.
#[derive(Debug)]
pub(crate) struct Orphans {
    /// The parent's table.
    pub(crate) parent: &'static str,
    /// Returns file, line, first and second column of the missing key.
    pub(crate) select: String,
}

impl Statements {
    pub(crate) fn new(dataset: &'static Dataset) -> Self {
        Self::numbered(dataset, "source_line")
    }

    /// For batches of which several records may be on a line: they are staged by numbers.
    pub(crate) fn for_parts(dataset: &'static Dataset) -> Self {
        Self::numbered(dataset, &format!("source_line >> {PART_BITS}"))
    }

    /// `line` is the line of a staged row.
    fn numbered(dataset: &'static Dataset, line: &str) -> Self {
        let table = dataset.table;
        let stage = format!("pg_temp.stage_{table}");
        let columns: Vec<&str> = dataset.columns.iter().map(|column| column.name).collect();
        let list = columns.join(", ");
        Self {
            create_stage: format!(
                "CREATE TEMP TABLE IF NOT EXISTS stage_{table} ON COMMIT DELETE ROWS AS \
                 SELECT 0::smallint AS file, 0::bigint AS source_line, 0::smallint AS round, {list} \
                 FROM {table} WITH NO DATA"
            ),
            copy: format!(
                "COPY {stage} (file, source_line, round, {list}) FROM STDIN (FORMAT binary)"
            ),
            truncate: format!("TRUNCATE {stage}"),
            merge: merge(dataset, &columns, line, ""),
            merge_anew: merge(dataset, &columns, line, EARLIER_READING),
            insert: insert(dataset, &columns, line),
            unstage: format!(
                "DELETE FROM {stage} WHERE (file, source_line) IN \
                 (SELECT * FROM unnest($1::smallint[], $2::bigint[]))"
            ),
            orphans: orphans(dataset, &stage, &[""]),
            resolvable: resolvable(dataset),
        }
    }

    /// As for a load, but rows that this check found valid count as parents too.
    pub(crate) fn for_check(dataset: &'static Dataset) -> Self {
        let stage = format!("pg_temp.stage_{}", dataset.table);
        Self { orphans: orphans(dataset, &stage, &["", "pg_temp.checked_"]), ..Self::new(dataset) }
    }
}

/// A stored row that an earlier reading of the same file gave says nothing any more, and its
/// time neither. It becomes one of this reading even if nothing else changes: another row of
/// this reading must then be newer.
const EARLIER_READING: &str = "stored.source_file_id = ANY($3) OR ";

/// Inserts the rows of a round.
fn insert(dataset: &Dataset, columns: &[&str], line: &str) -> String {
    let table = dataset.table;
    let list = columns.join(", ");
    let (carried, values, parents) = carried(dataset);
    format!(
        "INSERT INTO {table} AS stored ({list}{carried}, source_file_id, source_line) \
         SELECT {list}{values}, ($1::integer[])[file], {line} FROM pg_temp.stage_{table}{parents} \
         WHERE round = $2"
    )
}

/// A row older than the stored one, or equal to it, changes nothing. Of two rows modified
/// at the same time, the later file and line wins, so that a row that was parked does
/// not overwrite its successor.
///
/// What a row carries of its parent changes with the parent, which then changes it here: the
/// same parent always gives an existing row what it has already.
///
/// `anyway` is another reason to change it.
fn merge(dataset: &Dataset, columns: &[&str], line: &str, anyway: &str) -> String {
    let insert = insert(dataset, columns, line);
    let others: Vec<&&str> =
        columns.iter().filter(|column| !dataset.key.contains(column)).collect();
    let each = |form: &dyn Fn(&str) -> String| {
        others.iter().map(|column| form(column)).collect::<Vec<_>>().join(", ")
    };
    let set = each(&|column| format!("{column} = excluded.{column}"));
    let stored = each(&|column| format!("stored.{column}"));
    let incoming = each(&|column| format!("excluded.{column}"));
    format!(
        "WITH merged AS (\
           {insert} \
           ON CONFLICT ({key}) DO UPDATE \
           SET {set}, source_file_id = excluded.source_file_id, \
               source_line = excluded.source_line, loaded_at = now() \
           WHERE {anyway}(stored.modified_date, stored.source_file_id, stored.source_line) \
             <= (excluded.modified_date, excluded.source_file_id, excluded.source_line) \
             AND ({stored}) IS DISTINCT FROM ({incoming}) \
           RETURNING stored.source_file_id AS file, (xmax = 0) AS inserted) \
         SELECT file, count(*) FILTER (WHERE inserted), count(*) FILTER (WHERE NOT inserted) \
         FROM merged GROUP BY file",
        key = dataset.key.join(", "),
    )
}

/// The columns that rows carry of their parents, their values, and the joins to find these:
/// once for each parent of a batch, for many rows have the same. OFFSET keeps that apart from
/// the statement around it; a scalar subquery always uses the parent's index.
fn carried(dataset: &Dataset) -> (String, String, String) {
    let (mut columns, mut values, mut joins) = (String::new(), String::new(), String::new());
    for (position, dataset::Carried { column, parent: name }) in dataset.carried.iter().enumerate()
    {
        let parent = dataset.parents.iter().find(|parent| parent.table == *name);
        let key = dataset::by_table(name).map(|parent| parent.key);
        let (Some(parent), Some(key)) = (parent, key) else { continue };
        let equal = |(own, key): (&&str, &&str)| format!("parent.{key} = own.{own}");
        let matches: Vec<String> = parent.columns.iter().zip(key).map(equal).collect();
        let own = parent.columns.join(", ");
        columns.push_str(&format!(", {column}"));
        values.push_str(&format!(", carried_{position}.value"));
        joins.push_str(&format!(
            " LEFT JOIN (SELECT {own}, (SELECT {column} FROM {name} AS parent WHERE {matches}) \
             AS value FROM (SELECT DISTINCT {own} FROM pg_temp.stage_{table} WHERE round = $2) \
             AS own OFFSET 0) AS carried_{position} USING ({own})",
            matches = matches.join(" AND "),
            table = dataset.table,
        ));
    }
    (columns, values, joins)
}

/// A scalar subquery always uses the parent's index; a join might scan the whole parent
/// for each batch. Each parent is looked up once, for many rows have the same; OFFSET keeps that
/// apart from the statement around it. `prefixes` name the tables that may hold a parent.
fn orphans(dataset: &Dataset, stage: &str, prefixes: &[&str]) -> Vec<Orphans> {
    let of = |parent: &'static dataset::Parent| {
        let key = dataset::by_table(parent.table)?.key;
        let equal = |(own, key): (&&str, &&str)| format!("parent.{key} = own.{own}");
        let matches: Vec<String> = parent.columns.iter().zip(key).map(equal).collect();
        let matches = matches.join(" AND ");
        let own = parent.columns.join(", ");
        let mut conditions: Vec<String> =
            parent.columns.iter().map(|own| format!("own.{own} IS NOT NULL")).collect();
        conditions.extend(prefixes.iter().map(|prefix| {
            format!("(SELECT 1 FROM {prefix}{} AS parent WHERE {matches}) IS NULL", parent.table)
        }));
        let part = |at: usize| match parent.columns.get(at) {
            Some(own) => format!("stage.{own}"),
            None => "NULL::integer".to_owned(),
        };
        let select = format!(
            "SELECT file, source_line, {}, {} FROM {stage} AS stage JOIN (SELECT {own} FROM \
               (SELECT DISTINCT {own} FROM {stage}) AS own WHERE {} OFFSET 0) AS orphaned \
             USING ({own}) ORDER BY file, source_line",
            part(0),
            part(1),
            conditions.join(" AND "),
        );
        Some(Orphans { parent: parent.table, select })
    };
    dataset.parents.iter().filter_map(of).collect()
}

fn resolvable(dataset: &Dataset) -> String {
    let present = dataset.parents.iter().filter_map(|parent| {
        let key = dataset::by_table(parent.table)?.key;
        let equal = |(at, key): (usize, &&str)| format!("parent.{key} = parked.parent_key[{at}]");
        let matches: Vec<String> = (1..).zip(key).map(equal).collect();
        Some(format!(
            "WHEN '{table}' THEN EXISTS (SELECT FROM {table} AS parent WHERE {matches})",
            table = parent.table,
            matches = matches.join(" AND "),
        ))
    });
    let present: Vec<String> = present.collect();
    let present = match present.is_empty() {
        true => "false".to_owned(),
        false => format!("CASE parked.parent {} ELSE false END", present.join(" ")),
    };
    format!(
        "SELECT file_id, line, part, byte_offset, raw, object_key, key FROM (\
           SELECT parked.file_id, parked.line, parked.part, parked.byte_offset, parked.raw, \
             file.object_key, parked.row_key[1] AS key, sum(octet_length(parked.raw)) OVER \
               (ORDER BY parked.file_id, parked.line, parked.part) \
               - octet_length(parked.raw) AS before \
           FROM load_parked AS parked JOIN load_file AS file ON file.id = parked.file_id \
           WHERE parked.dataset = $1 AND (parked.file_id, parked.line, parked.part) > ($2, $3, $4) \
             AND {present} \
           ORDER BY parked.file_id, parked.line, parked.part LIMIT $5) AS page \
         WHERE before < $6 ORDER BY file_id, line, part"
    )
}
