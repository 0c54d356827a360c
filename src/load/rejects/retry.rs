//! Rows that were kept aside and are taken up again: parked ones whose parent has
//! arrived, and rejects that are replayed. A row leaves its shelf in the same
//! transaction that merges it.

use std::time::{Duration, Instant};

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};
use crate::load::counts::{Counts, count, place};
use crate::load::decode::{BatchLimits, Dialect, decode_kept};
use crate::load::failure::{Failure, Step};
use crate::load::file::merge::{self, Merged, Origin, Target};
use crate::load::ledger::{self, BatchOf};
use crate::load::run::MOST_ATTEMPTS;
use crate::load::run::session::Session;
use crate::load::run::summary::FileSummary;

/// Rows taken up in one transaction at most.
pub(crate) const PAGE: usize = 1_000;
/// Bytes of raw text after which a page takes no further row: all of it is held in
/// memory.
pub(crate) const PAGE_BYTES: i64 = 1 << 20;

/// Where rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    Parked,
    Rejected,
}

/// A kept row: line and byte offset in its file, and its raw text.
pub(crate) type KeptRow = (u64, u64, Vec<u8>);

/// Kept rows of one file, by line.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) file: i32,
    pub(crate) key: String,
    pub(crate) rows: Vec<KeptRow>,
    /// The last line among them.
    pub(crate) last: i64,
}

impl Page {
    /// The rows of the first file among these: columns file, line, byte offset,
    /// raw text, object key.
    pub(crate) fn of(found: &[PgRow]) -> Step<Option<Self>> {
        let Some(first) = found.first() else { return Ok(None) };
        let file: i32 = first.try_get(0)?;
        let mut page = Self { file, key: first.try_get(4)?, rows: Vec::new(), last: 0 };
        for row in found {
            if row.try_get::<i32, _>(0)? != file {
                break;
            }
            page.last = row.try_get(1)?;
            let offset: i64 = row.try_get(2)?;
            page.rows.push((
                u64::try_from(page.last).unwrap_or_default(),
                u64::try_from(offset).unwrap_or_default(),
                row.try_get(3)?,
            ));
        }
        Ok(Some(page))
    }
}

/// What was done to each file, over several pages.
#[derive(Debug, Default)]
pub(crate) struct Summaries(Vec<(i32, FileSummary)>);

impl Summaries {
    pub(crate) fn add(
        &mut self,
        dataset: &Dataset,
        file: i32,
        key: String,
        counts: Counts,
        elapsed: Duration,
    ) {
        let seconds = elapsed.as_secs_f64();
        if let Some((_, summary)) = self.0.iter_mut().find(|(known, _)| *known == file) {
            summary.counts += counts;
            summary.seconds += seconds;
            return;
        }
        let dataset = dataset.table;
        let samples = Vec::new();
        self.0.push((file, FileSummary { dataset, key, counts, seconds, error: None, samples }));
    }

    pub(crate) fn into_files(self) -> Vec<FileSummary> {
        self.0.into_iter().map(|(_, summary)| summary).collect()
    }
}

/// What was resolved of a dataset.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) files: Vec<FileSummary>,
    /// Whether some may be left because the run is to stop.
    pub(crate) interrupted: bool,
}

/// Takes up every parked row of the dataset whose parent has arrived. Of a run
/// that is to stop, what is left is for the next one.
pub(crate) async fn resolve_parked(session: &Session, target: &Target) -> Result<Resolved> {
    let mut summaries = Summaries::default();
    if target.dataset.parents.is_empty() {
        return Ok(Resolved::default());
    }
    let mut after = (0_i32, 0_i64);
    let mut attempts = 0;
    loop {
        if session.stop.is_cancelled() {
            return Ok(Resolved { files: summaries.into_files(), interrupted: true });
        }
        let begun = Instant::now();
        match resolve_page(session, target, after).await {
            Ok(Some((page, counts))) => {
                after = (page.file, page.last);
                attempts = 0;
                summaries.add(target.dataset, page.file, page.key, counts, begun.elapsed());
            }
            Ok(None) => {
                return Ok(Resolved { files: summaries.into_files(), interrupted: false });
            }
            Err(Failure::Lost(error)) if attempts < MOST_ATTEMPTS => {
                attempts += 1;
                session.lock.recover(error).await?;
            }
            Err(failure) => return Err(failure.into()),
        }
    }
}

async fn resolve_page(
    session: &Session,
    target: &Target,
    after: (i32, i64),
) -> Step<Option<(Page, Counts)>> {
    let mut connection = session.pool.acquire().await?;
    let rows = sqlx::query(AssertSqlSafe(target.statements.resolvable.as_str()))
        .bind(target.dataset.table)
        .bind(after.0)
        .bind(after.1)
        .bind(count(PAGE))
        .bind(PAGE_BYTES)
        .fetch_all(&mut *connection)
        .await?;
    let Some(page) = Page::of(&rows)? else { return Ok(None) };
    let of = Taking {
        run: session.run(),
        file: page.file,
        shelf: Shelf::Parked,
        limits: session.limits,
    };
    let taken = take_up(&mut connection, target, of, &page.rows).await?;
    Ok(Some((page, taken.moved)))
}

/// Whose rows are taken up, from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taking {
    pub(crate) run: Uuid,
    pub(crate) file: i32,
    pub(crate) shelf: Shelf,
    pub(crate) limits: BatchLimits,
}

/// What became of rows that were taken up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Of each row, as if it had just been read.
    pub(crate) outcome: Counts,
    /// What that changes in the file's numbers: it was read and counted before.
    pub(crate) moved: Counts,
}

/// Takes rows of one file off their shelf and merges them; one that is still no
/// good goes back to where it belongs.
pub(crate) async fn take_up(
    connection: &mut PgConnection,
    target: &Target,
    of: Taking,
    rows: &[KeptRow],
) -> Step<Taken> {
    let dialect = dialect(connection, of.file).await?;
    let batch = decode_kept(target.dataset, &dialect, rows, of.limits)?;
    sqlx::query(AssertSqlSafe(target.statements.create_stage.as_str()))
        .execute(&mut *connection)
        .await?;
    let mut transaction = connection.begin().await?;
    let unshelve = match of.shelf {
        Shelf::Parked => "DELETE FROM load_parked WHERE file_id = $1 AND line = ANY ($2)",
        Shelf::Rejected => "DELETE FROM load_reject WHERE file_id = $1 AND line = ANY ($2)",
    };
    let taken = sqlx::query(unshelve)
        .bind(of.file)
        .bind(rows.iter().map(|(line, _, _)| place(*line)).collect::<Vec<_>>())
        .execute(&mut *transaction)
        .await?;
    if taken.rows_affected() != rows.len() as u64 {
        return Err(Error::new(Code::Locked, "another loader took these rows up").into());
    }
    merge::stage(&mut transaction, target, &batch).await?;
    let origin = Origin { run: of.run, file: of.file, look_for_orphans: true };
    let Merged::Done(outcome) = merge::merge(&mut transaction, target, &batch, origin).await?
    else {
        return Err(Error::internal("a parent vanished during the load").into());
    };
    ledger::reject(&mut transaction, of.run, of.file, &batch).await?;
    let mut moved = outcome;
    moved.read = 0;
    match of.shelf {
        Shelf::Parked => moved.parked -= outcome.read,
        Shelf::Rejected => moved.rejected -= outcome.read,
    }
    let of = BatchOf { run: of.run, file: of.file, elapsed_ms: 0 };
    ledger::commit_kept(&mut transaction, of, moved).await?;
    ledger::commit_to_disk(&mut transaction).await?;
    transaction.commit().await?;
    Ok(Taken { outcome, moved })
}

async fn dialect(connection: &mut PgConnection, file: i32) -> Step<Dialect> {
    let Json(dialect) =
        sqlx::query_scalar::<_, Json<Dialect>>("SELECT dialect FROM load_file WHERE id = $1")
            .bind(file)
            .fetch_one(connection)
            .await?;
    Ok(dialect)
}
