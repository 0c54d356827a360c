//! Removes the rows that a mirrored file lacks, in one transaction with the ledger.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::statements::Removal;
use crate::config::{LoadMode, MaxRemoved};
use crate::error::{Code, Error};
use crate::load::counts::Counts;
use crate::load::failure::{Failure, LoadResult};
use crate::load::ledger::{self, RunFile};
use crate::load::raw::keeping::FileRaw;
use crate::load::run::session::Session;

/// The stored rows of a dataset against a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missing {
    /// All stored rows.
    stored: i64,
    /// Rows the file lacks and no other row needs.
    pub(crate) removable: i64,
    /// Rows the file lacks and others need.
    pub(crate) needed: i64,
}

/// What is known of a file when its table is to be mirrored, and the bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// Rows it inserted.
    pub(crate) inserted: i64,
    /// Its rows that are rejected.
    pub(crate) rejected: i64,
    pub(crate) share: MaxRemoved,
}

/// A parked row of an older file that the mirrored file overrules.
#[derive(Debug)]
pub(crate) struct Overruled {
    /// Key of the object of the older file.
    pub(crate) key: String,
    /// Rows.
    pub(crate) rows: i64,
}

impl Missing {
    /// Refuses to remove too much, or on the word of a file that is not known in full.
    pub(crate) fn check(self, table: &str, allowed: Allowed) -> Result<(), Error> {
        let refused = |message| Err(Error::new(Code::Conflict, message));
        let Self { removable, .. } = self;
        if allowed.rejected > 0 {
            return refused(format!(
                "{} rows of the file are rejected and each may be one that would be removed, so \
                 no row of {table} is removed; replay them with `salesgraph rejects replay` and \
                 load again, or put a corrected file",
                allowed.rejected
            ));
        }
        // What the file brought must not make room for the removal of what was there.
        let before = (self.stored - allowed.inserted).max(removable);
        if allowed.share.allows(removable, before) {
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "a percentage needs no exact counts")]
        let percent = 100.0 * removable as f64 / before as f64;
        refused(format!(
            "the file lacks {removable} of the {before} rows that {table} had before, {percent:.1}%, \
             and --mirror-max-removed {} allows no more; nothing is removed: load a complete file, \
             or raise the share to remove them",
            allowed.share
        ))
    }
}

/// Finds the rows that the file lacks. Rows of files that were begun later are none of its
/// business.
pub(crate) async fn count_missing(
    connection: &mut PgConnection,
    removal: &Removal,
    file: i32,
    last_file: i32,
) -> LoadResult<Missing> {
    sqlx::query(AssertSqlSafe(removal.find.as_str()))
        .bind(file)
        .bind(last_file)
        .execute(&mut *connection)
        .await?;
    let row = sqlx::query(AssertSqlSafe(removal.count.as_str())).fetch_one(connection).await?;
    Ok(Missing { stored: row.try_get(0)?, removable: row.try_get(1)?, needed: row.try_get(2)? })
}

impl Removal {
    /// Creates the table of missing rows of this connection.
    pub(crate) async fn prepare(&self, connection: &mut PgConnection) -> LoadResult<()> {
        sqlx::query(AssertSqlSafe(self.create.as_str())).execute(connection).await?;
        Ok(())
    }
}

/// A cluster reads the pieces of a table side by side, and then takes no more changes of tables
/// that it refers to.
const ONE_BY_ONE: &str = "SET LOCAL citus.multi_shard_modify_mode = 'sequential'";

/// Removes what the file lacks, and marks the file as loaded, once its copy is in the lake.
/// Returns the counts of the file in this run that come with it, and older files' rows that it
/// overrules.
pub(crate) async fn remove_missing(
    session: &Session,
    removal: &Removal,
    of: RunFile,
    share: MaxRemoved,
    raw: Option<&FileRaw>,
) -> LoadResult<(Counts, Vec<Overruled>)> {
    session.check_stop()?;
    if let Some(raw) = raw {
        session.unless_stopped(raw.finish()).await?;
    }
    let mut connection = session.pool.acquire().await?;
    removal.prepare(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    if removal.note.is_some() {
        sqlx::query(ONE_BY_ONE).execute(&mut *transaction).await?;
    }
    let file = sqlx::query(
        "SELECT state = 'loaded', rows_inserted, rows_rejected FROM load_file WHERE id = $1",
    )
    .bind(of.file)
    .fetch_one(&mut *transaction)
    .await?;
    if file.try_get(0)? {
        // An earlier attempt whose commit was not acknowledged.
        let Counts { removed, kept, .. } = ledger::run_counts(&mut transaction, of).await?;
        return Ok((Counts { removed, kept, ..Counts::default() }, Vec::new()));
    }
    let allowed = Allowed { inserted: file.try_get(1)?, rejected: file.try_get(2)?, share };
    let missing = count_missing(&mut transaction, removal, of.file, of.file).await?;
    missing.check(removal.dataset.table, allowed)?;
    if let Some(note) = removal.note.as_ref().filter(|_| missing.removable > 0) {
        sqlx::query(AssertSqlSafe(note.as_str())).execute(&mut *transaction).await?;
    }
    let deleted = sqlx::query(AssertSqlSafe(removal.delete.as_str()))
        .execute(&mut *transaction)
        .await
        .map_err(needed_meanwhile)?;
    let removed = i64::try_from(deleted.rows_affected()).unwrap_or(i64::MAX);
    let overruled = overrule_parked(&mut transaction, removal.dataset.table, of).await?;
    mark_loaded(&mut transaction, of, removed, missing.needed).await?;
    sqlx::query("DELETE FROM load_file_key WHERE file_id = $1")
        .bind(of.file)
        .execute(&mut *transaction)
        .await?;
    if let Some(raw) = raw {
        let describing = raw.describe(&mut transaction, of, LoadMode::Mirror);
        session.unless_stopped(describing).await?;
        raw.record(&mut transaction).await?;
    }
    ledger::commit_to_disk(&mut transaction).await?;
    transaction.commit().await?;
    Ok((Counts { removed, kept: missing.needed, ..Counts::default() }, overruled))
}

/// Somebody else has just added a row that refers to one of those that no row needed: the
/// next attempt finds it.
fn needed_meanwhile(error: sqlx::Error) -> Failure {
    match Failure::from(error) {
        Failure::MissingParent(error) => Failure::Lost(error),
        other => other,
    }
}

/// Deletes parked rows of older files that this one lacks: their parents may arrive, and
/// they must not come back. They count as unchanged, as older rows do.
async fn overrule_parked(
    connection: &mut PgConnection,
    table: &str,
    of: RunFile,
) -> LoadResult<Vec<Overruled>> {
    let rows = sqlx::query(
        "WITH overruled AS (\
           DELETE FROM load_parked AS parked WHERE dataset = $1 AND file_id < $2 \
             AND row_key IS NOT NULL AND NOT EXISTS (SELECT FROM load_file_key AS held \
               WHERE (held.file_id, held.first_key, held.second_key) \
                 = ($2, row_key[1], coalesce(row_key[2], 0))) \
           RETURNING file_id), \
         older AS (SELECT file_id, count(*) AS rows FROM overruled GROUP BY file_id), \
         done AS (\
           INSERT INTO load_run_file AS total (run_id, file_id, rows_unchanged, rows_parked) \
           SELECT $3, file_id, rows, -rows FROM older \
           ON CONFLICT (run_id, file_id) DO UPDATE SET \
             rows_unchanged = total.rows_unchanged + excluded.rows_unchanged, \
             rows_parked = total.rows_parked + excluded.rows_parked) \
         UPDATE load_file AS file SET rows_unchanged = rows_unchanged + older.rows, \
           rows_parked = rows_parked - older.rows \
         FROM older WHERE file.id = older.file_id RETURNING file.object_key, older.rows",
    )
    .bind(table)
    .bind(of.file)
    .bind(of.run)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(Overruled { key: row.try_get(0)?, rows: row.try_get(1)? })).collect()
}

async fn mark_loaded(
    connection: &mut PgConnection,
    of: RunFile,
    removed: i64,
    kept: i64,
) -> LoadResult<()> {
    let marked = sqlx::query(
        "WITH run AS (SELECT id FROM load_run WHERE id = $1 AND state = 'running' FOR SHARE), \
         done AS (\
           INSERT INTO load_run_file AS total (run_id, file_id, rows_removed, rows_kept) \
           SELECT id, $2, $3, $4 FROM run ON CONFLICT (run_id, file_id) DO UPDATE SET \
             rows_removed = excluded.rows_removed, rows_kept = excluded.rows_kept) \
         UPDATE load_file SET state = 'loaded', finished_at = now(), rows_removed = $3, \
           rows_kept = $4 WHERE id = $2 AND EXISTS (SELECT FROM run)",
    )
    .bind(of.run)
    .bind(of.file)
    .bind(removed)
    .bind(kept)
    .execute(connection)
    .await?;
    if marked.rows_affected() == 1 { Ok(()) } else { Err(ledger::taken_over().into()) }
}
