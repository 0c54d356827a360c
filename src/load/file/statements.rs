//! The SQL to stage and merge a dataset. Only names from [`crate::dataset`] are
//! interpolated; values are always bound or copied.

use crate::dataset::{self, Dataset, Parent};
use crate::db::layout::Layout;
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
    pub(crate) fn new(dataset: &'static Dataset, layout: Layout) -> Self {
        Self::numbered(dataset, "source_line", layout)
    }

    /// For batches of which several records may be on a line: they are staged by numbers.
    pub(crate) fn for_parts(dataset: &'static Dataset, layout: Layout) -> Self {
        Self::numbered(dataset, &format!("source_line >> {PART_BITS}"), layout)
    }

    /// `line` is the line of a staged row.
    fn numbered(dataset: &'static Dataset, line: &str, layout: Layout) -> Self {
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
            merge: merge(dataset, &columns, line, "", layout),
            merge_anew: merge(dataset, &columns, line, EARLIER_READING, layout),
            insert: insert(dataset, &columns, line, layout),
            unstage: format!(
                "DELETE FROM {stage} WHERE (file, source_line) IN \
                 (SELECT * FROM unnest($1::smallint[], $2::bigint[]))"
            ),
            orphans: orphans(dataset, &stage, None, layout),
            resolvable: resolvable(dataset, layout),
        }
    }

    /// As for a load, but rows that this check found valid count as parents too.
    pub(crate) fn for_check(dataset: &'static Dataset, layout: Layout) -> Self {
        let stage = format!("pg_temp.stage_{}", dataset.table);
        let orphans = orphans(dataset, &stage, Some("pg_temp.checked_"), layout);
        Self { orphans, ..Self::new(dataset, layout) }
    }
}

/// A stored row that an earlier reading of the same file gave says nothing any more, and its
/// time neither. It becomes one of this reading even if nothing else changes: another row of
/// this reading must then be newer.
const EARLIER_READING: &str = "stored.source_file_id = ANY($3) OR ";

/// Inserts the rows of a round.
fn insert(dataset: &Dataset, columns: &[&str], line: &str, layout: Layout) -> String {
    let table = dataset.table;
    let list = columns.join(", ");
    let (carried, values, parents) = carried(dataset, layout);
    format!(
        "INSERT INTO {table} AS stored \
           ({list}{carried}, source_file_id, source_line, loaded_at) \
         SELECT {list}{values}, ($1::integer[])[file], {line}, now() \
         FROM pg_temp.stage_{table}{parents} WHERE round = $2"
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
fn merge(dataset: &Dataset, columns: &[&str], line: &str, anyway: &str, layout: Layout) -> String {
    let insert = insert(dataset, columns, line, layout);
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
               source_line = excluded.source_line, loaded_at = excluded.loaded_at \
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
fn carried(dataset: &Dataset, layout: Layout) -> (String, String, String) {
    let (mut columns, mut values, mut joins) = (String::new(), String::new(), String::new());
    for (position, dataset::Carried { column, parent: name }) in dataset.carried.iter().enumerate()
    {
        let parent = dataset.parents.iter().find(|parent| parent.table == *name);
        let key = dataset::by_table(name).map(|parent| parent.key);
        let (Some(parent), Some(key)) = (parent, key) else { continue };
        let own = parent.columns.join(", ");
        columns.push_str(&format!(", {column}"));
        values.push_str(&format!(", carried_{position}.value"));
        let stage = format!("pg_temp.stage_{} WHERE round = $2", dataset.table);
        let parents = match layout {
            Layout::Single => {
                let equal = |(own, key): (&&str, &&str)| format!("parent.{key} = own.{own}");
                let matches: Vec<String> = parent.columns.iter().zip(key).map(equal).collect();
                format!(
                    "(SELECT {own}, (SELECT {column} FROM {name} AS parent WHERE {matches}) \
                     AS value FROM (SELECT DISTINCT {own} FROM {stage}) AS own OFFSET 0)",
                    matches = matches.join(" AND "),
                )
            }
            Layout::Distributed => parents_of(parent, key, &format!(", {column} AS value"), &stage),
        };
        joins.push_str(&format!(" LEFT JOIN {parents} AS carried_{position} USING ({own})"));
    }
    (columns, values, joins)
}

/// The rows that staged ones refer to, by the names of the staged columns: on a cluster one
/// question to each machine.
fn parents_of(parent: &Parent, key: &[&str], more: &str, stage: &str) -> String {
    let named = key.iter().zip(parent.columns).map(|(key, own)| format!("{key} AS {own}"));
    let named = named.collect::<Vec<_>>().join(", ");
    let first = key.first().copied().unwrap_or_default();
    let own = parent.columns.first().copied().unwrap_or_default();
    format!(
        "(SELECT {named}{more} FROM {} WHERE {first} = ANY \
         (ARRAY(SELECT DISTINCT {own} FROM {stage})) OFFSET 0)",
        parent.table
    )
}

/// A scalar subquery always uses the parent's index; a join might scan the whole parent
/// for each batch. Each parent is looked up once, for many rows have the same; OFFSET keeps that
/// apart from the statement around it. `other` begins the name of another table that may hold a
/// parent.
fn orphans(dataset: &Dataset, stage: &str, other: Option<&str>, layout: Layout) -> Vec<Orphans> {
    let of = |parent: &'static Parent| {
        let key = dataset::by_table(parent.table)?.key;
        let lacks = |row: &str, prefix: &str| {
            let equal = |(own, key): (&&str, &&str)| format!("parent.{key} = {row}.{own}");
            let matches: Vec<String> = parent.columns.iter().zip(key).map(equal).collect();
            let (table, matches) = (parent.table, matches.join(" AND "));
            format!("(SELECT 1 FROM {prefix}{table} AS parent WHERE {matches}) IS NULL")
        };
        let are_given = |row: &'static str| {
            parent.columns.iter().map(move |own| format!("{row}.{own} IS NOT NULL"))
        };
        let (from, conditions): (String, Vec<String>) = match (parent.columns, layout) {
            ([own], Layout::Distributed) => {
                let parents = parents_of(parent, key, "", stage);
                let conditions = are_given("stage").chain([format!("known.{own} IS NULL")]);
                let conditions = conditions.chain(other.map(|other| lacks("stage", other)));
                (format!(" LEFT JOIN {parents} AS known ON known.{own} = stage.{own} WHERE "), {
                    conditions.collect()
                })
            }
            // Of two columns, it is a table that each machine of a cluster has.
            _ => {
                let lacking = [""].into_iter().chain(other).map(|prefix| lacks("own", prefix));
                let own = parent.columns.join(", ");
                let from = format!(
                    " JOIN (SELECT {own} FROM (SELECT DISTINCT {own} FROM {stage}) AS own WHERE "
                );
                (from, are_given("own").chain(lacking).collect())
            }
        };
        let end = match (parent.columns, layout) {
            ([_], Layout::Distributed) => String::new(),
            _ => format!(" OFFSET 0) AS orphaned USING ({})", parent.columns.join(", ")),
        };
        let part = |at: usize| match parent.columns.get(at) {
            Some(own) => format!("stage.{own}"),
            None => "NULL::integer".to_owned(),
        };
        let select = format!(
            "SELECT file, source_line, {}, {} FROM {stage} AS stage{from}{}{end} \
             ORDER BY file, source_line",
            part(0),
            part(1),
            conditions.join(" AND "),
        );
        Some(Orphans { parent: parent.table, select })
    };
    dataset.parents.iter().filter_map(of).collect()
}

fn resolvable(dataset: &Dataset, layout: Layout) -> String {
    let present = dataset.parents.iter().filter_map(|parent| {
        let key = dataset::by_table(parent.table)?.key;
        // Rows on several machines are asked for once, and not for each parked row.
        if let ([key], true) = (key, layout.is_distributed()) {
            return Some(format!(
                "WHEN '{table}' THEN parked.parent_key[1] = ANY (ARRAY(SELECT {key} FROM {table} \
                 WHERE {key} = ANY (ARRAY(SELECT waiting.parent_key[1] FROM load_parked AS waiting \
                 WHERE waiting.dataset = $1 AND waiting.parent = '{table}'))))",
                table = parent.table,
            ));
        }
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
