//! Merges rows again that an earlier run has parked or rejected: parked rows whose parent
//! exists now, and rejects that are replayed. The transaction that merges a row also
//! deletes it from its table.

use std::time::{Duration, Instant};

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _, Transaction};

use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{BatchLimits, Dialect, RawRecord, decode_records};
use crate::load::document::merge::Targets;
use crate::load::document::name::DOCUMENTS;
use crate::load::document::{Stored, decode_stored};
use crate::load::failure::LoadResult;
use crate::load::file::merge::{self, Manner, Target};
use crate::load::ledger::{self, RunFile};
use crate::load::mirror;
use crate::load::run::session::Session;
use crate::load::run::summary::FileSummary;

/// Rows of one transaction.
const PAGE_ROWS: usize = 1_000;
/// Bytes of raw text after which a page ends: all of it is held in memory.
const PAGE_BYTES: i64 = 1 << 20;

/// The table of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quarantine {
    Parked,
    Rejects,
}

/// A page of rows of one file, by line.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) file: i32,
    pub(crate) key: String,
    pub(crate) records: Vec<RawRecord>,
    /// The place of the last one.
    pub(crate) last: After,
}

/// A file, a line and a part, after which a page begins.
pub(crate) type After = (i32, i64, i32);

impl Page {
    /// Reads the next rows after a place. The query selects file, line, part, byte offset, raw
    /// text, object key and the key of the row's order; the place, `most` rows of at most
    /// [`PAGE_ROWS`], and [`PAGE_BYTES`] are bound here, as its last parameters.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        query: Query<'_, Postgres, PgArguments>,
        after: After,
        most: usize,
    ) -> LoadResult<Option<Self>> {
        let query = query.bind(after.0).bind(after.1).bind(after.2);
        let query = query.bind(bigint(most.clamp(1, PAGE_ROWS))).bind(PAGE_BYTES);
        let rows = query.fetch_all(connection).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let file: i32 = first.try_get(0)?;
        let mut page = Self { file, key: first.try_get(5)?, records: Vec::new(), last: after };
        for row in rows {
            if row.try_get::<i32, _>(0)? != file {
                break;
            }
            page.last = (file, row.try_get(1)?, row.try_get(2)?);
            page.records.push(RawRecord {
                line: u64::try_from(page.last.1).unwrap_or_default(),
                part: u32::try_from(page.last.2).unwrap_or_default(),
                offset: u64::try_from(row.try_get::<i64, _>(3)?).unwrap_or_default(),
                raw: row.try_get(4)?,
                key: row.try_get(6)?,
            });
        }
        Ok(Some(page))
    }
}

/// The counts of each file over several pages.
#[derive(Debug, Default)]
pub(crate) struct Summaries(Vec<(i32, FileSummary)>);

impl Summaries {
    pub(crate) fn add(&mut self, dataset: &Dataset, page: Page, counts: Counts, took: Duration) {
        if self.0.last().is_none_or(|(file, _)| *file != page.file) {
            self.0.push((page.file, FileSummary::new(dataset, page.key)));
        }
        if let Some((_, summary)) = self.0.last_mut() {
            summary.counts += counts;
            summary.seconds += took.as_secs_f64();
        }
    }

    pub(crate) fn into_files(self) -> Vec<FileSummary> {
        self.0.into_iter().map(|(_, summary)| summary).collect()
    }
}

/// The resolved rows of a dataset.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) files: Vec<FileSummary>,
    /// Whether the run was stopped before all were resolved.
    pub(crate) interrupted: bool,
}

/// Merges every parked row of the dataset whose parent exists now. A run that is stopped
/// leaves the rest to the next one.
pub(crate) async fn resolve_parked(session: &Session, target: &Target) -> Result<Resolved> {
    let mut summaries = Summaries::default();
    if target.dataset.parents.is_empty() {
        return Ok(Resolved::default());
    }
    let mut after = (0, 0, 0);
    while !session.stop.is_cancelled() {
        let begun = Instant::now();
        let resolved =
            session.retry("resolve_parked", || resolve_page(session, target, after)).await?;
        let Some((page, counts)) = resolved else {
            return Ok(Resolved { files: summaries.into_files(), interrupted: false });
        };
        after = page.last;
        summaries.add(target.dataset, page, counts, begun.elapsed());
    }
    Ok(Resolved { files: summaries.into_files(), interrupted: true })
}

async fn resolve_page(
    session: &Session,
    target: &Target,
    after: After,
) -> LoadResult<Option<(Page, Counts)>> {
    let mut connection = session.pool.acquire().await?;
    let query = sqlx::query(AssertSqlSafe(target.statements.resolvable.as_str()))
        .bind(target.dataset.table);
    let Some(page) = Page::read(&mut connection, query, after, usize::MAX).await? else {
        return Ok(None);
    };
    let of = RunFile { run: session.run(), file: page.file };
    let from = Quarantine::Parked;
    let retried = retry(&mut connection, target, of, from, &page.records, session.limits).await?;
    Ok(Some((page, retried.moved)))
}

/// The counts of rows that were retried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retried {
    /// As if the rows had just been read.
    pub(crate) outcome: Counts,
    /// The change of the file's counts, which contain the rows already.
    pub(crate) moved: Counts,
}

/// Deletes rows of one file from their table and merges them; those that fail again are
/// parked or rejected again.
pub(crate) async fn retry(
    connection: &mut PgConnection,
    target: &Target,
    of: RunFile,
    from: Quarantine,
    records: &[RawRecord],
    limits: BatchLimits,
) -> LoadResult<Retried> {
    let (Json(dialect), is_mirrored, of_documents) =
        sqlx::query_as::<_, (Json<Dialect>, bool, bool)>(
            "SELECT dialect, mode = 'mirror' AND state <> 'loaded', dataset = $2 \
             FROM load_file WHERE id = $1",
        )
        .bind(of.file)
        .bind(DOCUMENTS.table)
        .fetch_one(&mut *connection)
        .await?;
    if of_documents {
        let batch = decode_stored(records.iter().map(stored), limits)?;
        let targets = Targets::get(target.layout)?;
        let mut transaction = targets.begin(connection).await?;
        delete(&mut transaction, of, from, records).await?;
        let outcome = targets.merge(&mut transaction, &batch, of, Manner::ANY).await?;
        return commit(transaction, of, from, records, outcome).await;
    }
    let batch = decode_records(target.dataset, &dialect, records, limits)?;
    let mut transaction = merge::begin(connection, target).await?;
    delete(&mut transaction, of, from, records).await?;
    merge::stage(&mut transaction, target, &[&batch]).await?;
    let outcome = merge::merge(&mut transaction, target, &batch, of, &[], Manner::ANY).await?;
    ledger::rejects::insert(&mut transaction, of.run, &[(of.file, &batch)]).await?;
    if is_mirrored {
        // What was rejected is among the rows of the file now.
        mirror::record_keys(&mut transaction, of.file, &batch).await?;
    }
    commit(transaction, of, from, records, outcome).await
}

fn stored(record: &RawRecord) -> Stored<'_> {
    let RawRecord { line, part, offset, raw, key } = record;
    Stored { line: *line, part: *part, offset: *offset, raw, key: *key }
}

/// Deletes the rows from their table.
async fn delete(
    connection: &mut PgConnection,
    of: RunFile,
    from: Quarantine,
    records: &[RawRecord],
) -> LoadResult<()> {
    let delete = match from {
        Quarantine::Parked => {
            "DELETE FROM load_parked WHERE file_id = $1 AND (line, part) IN \
               (SELECT * FROM unnest($2::bigint[], $3::integer[]))"
        }
        Quarantine::Rejects => {
            "DELETE FROM load_reject WHERE file_id = $1 AND (line, part) IN \
               (SELECT * FROM unnest($2::bigint[], $3::integer[]))"
        }
    };
    let part = |record: &RawRecord| i32::try_from(record.part).unwrap_or_default();
    let deleted = sqlx::query(delete)
        .bind(of.file)
        .bind(records.iter().map(|record| bigint(record.line)).collect::<Vec<_>>())
        .bind(records.iter().map(part).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    if deleted.rows_affected() == records.len() as u64 {
        return Ok(());
    }
    Err(Error::new(Code::Locked, "another loader has retried these rows").into())
}

/// Commits the transaction with what has become of the rows.
async fn commit(
    mut transaction: Transaction<'_, Postgres>,
    of: RunFile,
    from: Quarantine,
    records: &[RawRecord],
    outcome: Counts,
) -> LoadResult<Retried> {
    // A whole document was read as one record, and has several.
    let retried = bigint(records.len());
    let mut moved = Counts { read: outcome.read - retried, ..outcome };
    match from {
        Quarantine::Parked => moved.parked -= retried,
        Quarantine::Rejects => moved.rejected -= retried,
    }
    ledger::commit_retried(&mut transaction, of, moved).await?;
    ledger::commit_to_disk(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Retried { outcome, moved })
}
