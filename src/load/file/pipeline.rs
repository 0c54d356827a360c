//! One file, from its checkpoint to its end: bytes are read, rows are decoded and
//! batches are merged side by side; batches are committed in the file's order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;

use super::merge::{self, Merged, Origin, Target};
use super::reading::{Decoding, Reading};
use crate::config::MaxRejects;
use crate::error::{Code, Error};
use crate::load::counts::Counts;
use crate::load::decode::{Batch, Decoded, Key, Resume};
use crate::load::failure::{Failure, Step};
use crate::load::ledger::{self, BatchOf, FileTotals};
use crate::load::run::Context;
use crate::storage::ObjectVersion;

/// Batches of one file that are in Postgres' hands at a time.
pub(crate) const LANES: usize = 2;
/// Records after which a share of rejects says something.
const RECORDS_FOR_SHARE: i64 = 10_000;

/// A file to load.
pub(crate) struct FileJob {
    pub(crate) target: Arc<Target>,
    pub(crate) object: ObjectVersion,
    pub(crate) file: i32,
    pub(crate) begun: Instant,
    /// Set once a batch of the file had orphans.
    pub(crate) look_for_orphans: AtomicBool,
}

/// What a batch waits for before its place in the file's order is its own.
type Turn = oneshot::Receiver<()>;

/// Loads the file from there to its end.
pub(crate) async fn load_file(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    resume: Option<Resume>,
) -> Step<()> {
    let reading = Reading {
        source: context.source.clone(),
        observer: Arc::clone(&context.observer),
        dataset: job.target.dataset,
        object: job.object.clone(),
        limits: context.options.limits,
    };
    let mut decoded = reading.start(resume);
    if context.options.atomic {
        load_atomic(context, job, &mut decoded).await?;
    } else {
        load_in_lanes(context, job, &mut decoded).await?;
    }
    decoded.finish().await
}

async fn load_in_lanes(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    decoded: &mut Decoding,
) -> Step<()> {
    let lanes = Arc::new(Semaphore::new(LANES));
    let mut tasks = JoinSet::new();
    let mut keys = KeyOrder::default();
    let (first, mut turn) = oneshot::channel();
    let _ = first.send(());
    let mut failed = None;
    let mut at_end = false;
    loop {
        // A free lane first: a batch that waits for one only takes memory.
        let permit = Arc::clone(&lanes).acquire_owned().await.map_err(closed)?;
        let Some(next) = next_unless_stopped(context, decoded).await else { break };
        let batch = match next {
            Decoded::Begun { dialect, offset, line } => {
                let mut connection = context.session.pool.acquire().await?;
                ledger::begin(&mut connection, job.file, &dialect, offset, line).await?;
                continue;
            }
            Decoded::Batch(batch) => batch,
        };
        at_end |= batch.last;
        let (done, next_turn) = oneshot::channel();
        let work = BatchWork {
            context: Arc::clone(context),
            job: Arc::clone(job),
            apart: keys.is_apart(&batch),
            batch,
            turn: std::mem::replace(&mut turn, next_turn),
            done,
            _permit: permit,
        };
        tasks.spawn(work.run());
        while let Some(ended) = tasks.try_join_next() {
            if let Err(failure) = ended.map_err(panicked)? {
                failed = Some(first_cause(failed, failure));
            }
        }
        if failed.is_some() {
            break;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(failure) = ended.map_err(panicked)? {
            failed = Some(first_cause(failed, failure));
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None if at_end => Ok(()),
        None => context.session.check_stop(),
    }
}

/// The next batch; none at the end, and none for a run that is to stop, which a
/// source that keeps silent must not hold up.
async fn next_unless_stopped(context: &Context, decoded: &mut Decoding) -> Option<Decoded> {
    tokio::select! {
        biased;
        () = context.session.stop.cancelled() => None,
        next = decoded.next() => next,
    }
}

/// The whole file in one transaction.
async fn load_atomic(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    decoded: &mut Decoding,
) -> Step<()> {
    let mut connection = context.session.pool.acquire().await?;
    let mut transaction = begin(&mut connection, job).await?;
    let origin = origin(context, job, true);
    while let Some(next) = next_unless_stopped(context, decoded).await {
        let batch = match next {
            Decoded::Begun { dialect, offset, line } => {
                ledger::begin(&mut transaction, job.file, &dialect, offset, line).await?;
                continue;
            }
            Decoded::Batch(batch) => batch,
        };
        sqlx::query(AssertSqlSafe(job.target.statements.truncate.as_str()))
            .execute(&mut *transaction)
            .await?;
        merge::stage(&mut transaction, &job.target, &batch).await?;
        let Merged::Done(counts) =
            merge::merge(&mut transaction, &job.target, &batch, origin).await?
        else {
            return Err(Error::internal("a parent vanished during the load").into());
        };
        let totals = settle(&mut transaction, context, job, &batch, counts).await?;
        within_bound(context.options.max_rejects, totals, batch.last, UNDONE)?;
        context.observer.batch(&job.object, counts);
    }
    // A decoding that failed or was left must not be committed as if the file ended here.
    context.session.check_stop()?;
    decoded.finish().await?;
    transaction.commit().await?;
    Ok(())
}

/// One batch in one lane.
struct BatchWork {
    context: Arc<Context>,
    job: Arc<FileJob>,
    batch: Batch,
    /// Whether no earlier batch can touch the same keys.
    apart: bool,
    turn: Turn,
    done: oneshot::Sender<()>,
    _permit: OwnedSemaphorePermit,
}

impl BatchWork {
    async fn run(mut self) -> Step<()> {
        let context = Arc::clone(&self.context);
        let mut connection = context.session.pool.acquire().await?;
        let look = self.job.look_for_orphans.load(Ordering::Relaxed);
        let mut done = self.attempt(&mut connection, look).await?;
        if matches!(done, Attempt::MissingParent) {
            self.job.look_for_orphans.store(true, Ordering::Relaxed);
            done = self.attempt(&mut connection, true).await?;
        }
        match done {
            Attempt::Committed => {
                // After the last batch nobody waits.
                let _ = self.done.send(());
                Ok(())
            }
            // The next batch is not let through.
            Attempt::OverBound(error) => Err(error.into()),
            Attempt::MissingParent => {
                Err(Error::internal("a parent vanished during the load").into())
            }
        }
    }

    async fn attempt(
        &mut self,
        connection: &mut PgConnection,
        look_for_orphans: bool,
    ) -> Step<Attempt> {
        let target = &self.job.target;
        let mut transaction = begin(connection, &self.job).await?;
        merge::stage(&mut transaction, target, &self.batch).await?;
        // Waiting twice would wait forever: a turn comes once.
        if !self.apart && !self.turn.is_terminated() {
            wait(&mut self.turn).await?;
        }
        let origin = origin(&self.context, &self.job, look_for_orphans);
        let merged = merge::merge(&mut transaction, target, &self.batch, origin).await?;
        let Merged::Done(counts) = merged else {
            transaction.rollback().await?;
            return Ok(Attempt::MissingParent);
        };
        if !self.turn.is_terminated() {
            wait(&mut self.turn).await?;
        }
        let totals =
            settle(&mut transaction, &self.context, &self.job, &self.batch, counts).await?;
        let bound = self.context.options.max_rejects;
        let over = within_bound(bound, totals, self.batch.last, KEPT).err();
        if let Some(error) = &over {
            // In the same transaction: there is no moment in which the file, whose
            // last batch this may be, counts as loaded.
            let run = self.context.session.run();
            ledger::fail_file(&mut transaction, run, self.job.file, error).await?;
        }
        transaction.commit().await?;
        self.context.observer.batch(&self.job.object, counts);
        Ok(over.map_or(Attempt::Committed, Attempt::OverBound))
    }
}

/// What came of merging a batch.
enum Attempt {
    Committed,
    /// It is committed, and the file has failed by it.
    OverBound(Error),
    /// Nothing is kept; orphans have to be looked for.
    MissingParent,
}

fn origin(context: &Context, job: &FileJob, look_for_orphans: bool) -> Origin {
    Origin { run: context.session.run(), file: job.file, look_for_orphans }
}

async fn begin<'c>(
    connection: &'c mut PgConnection,
    job: &FileJob,
) -> Step<Transaction<'c, Postgres>> {
    sqlx::query(AssertSqlSafe(job.target.statements.create_stage.as_str()))
        .execute(&mut *connection)
        .await?;
    Ok(connection.begin().await?)
}

/// The rest of a batch's transaction: rejects and ledger.
async fn settle(
    connection: &mut PgConnection,
    context: &Context,
    job: &FileJob,
    batch: &Batch,
    counts: Counts,
) -> Step<FileTotals> {
    ledger::reject(connection, context.session.run(), job.file, batch).await?;
    if batch.last {
        ledger::commit_to_disk(connection).await?;
    }
    let elapsed_ms = i64::try_from(job.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let of = BatchOf { run: context.session.run(), file: job.file, elapsed_ms };
    ledger::commit_batch(connection, of, batch, counts).await
}

/// An earlier batch that failed leaves no turn; its own failure is the one told.
async fn wait(turn: &mut Turn) -> Step<()> {
    turn.await.map_err(|_| Failure::Fatal(Error::new(Code::Conflict, EARLIER_FAILED)))
}

const EARLIER_FAILED: &str = "an earlier batch of the file failed";

fn first_cause(known: Option<Failure>, new: Failure) -> Failure {
    match known {
        Some(Failure::Fatal(error)) if error.message() == EARLIER_FAILED => new,
        Some(known) => known,
        None => new,
    }
}

/// What to do about too many rejects when they are in the ledger, and when not.
pub(crate) const KEPT: &str = "see `salesgraph rejects list`, or raise the bound to go on";
const UNDONE: &str = "nothing of the file was kept; `salesgraph load --check` shows what is wrong";

/// Whether a file may go on with so many rejects; `way_out` says what else to do.
pub(crate) fn within_bound(
    bound: Option<MaxRejects>,
    totals: FileTotals,
    last: bool,
    way_out: &str,
) -> Result<(), Error> {
    let over = match bound {
        None => false,
        Some(MaxRejects::Count(most)) => u64::try_from(totals.rejected).unwrap_or(0) > most,
        Some(MaxRejects::Percent(most)) => {
            #[expect(clippy::cast_precision_loss, reason = "a share needs no exact counts")]
            let share = 100.0 * totals.rejected as f64 / totals.read.max(1) as f64;
            (last || totals.read >= RECORDS_FOR_SHARE) && share > most
        }
    };
    if !over {
        return Ok(());
    }
    let bound = bound.map(|bound| bound.to_string()).unwrap_or_default();
    let FileTotals { read, rejected } = totals;
    let message = format!(
        "{rejected} of {read} records were rejected, more than --max-rejects {bound} allows; \
         {way_out}"
    );
    Err(Error::new(Code::BadUserInput, message))
}

/// Tells batches whose keys lie beyond all keys of the batches before: these
/// cannot meet a row of another batch and may be merged beside it.
#[derive(Debug, Default)]
struct KeyOrder {
    greatest: Option<Key>,
}

impl KeyOrder {
    fn is_apart(&mut self, batch: &Batch) -> bool {
        let greatest = batch.rows.iter().map(|row| row.key).max();
        let apart = match (batch.rising_keys, self.greatest) {
            (Some((least, _)), Some(before)) => least > before,
            (Some(_), None) => true,
            (None, _) => batch.rows.is_empty(),
        };
        self.greatest = self.greatest.max(greatest);
        apart
    }
}

fn panicked(error: tokio::task::JoinError) -> Failure {
    Failure::Fatal(Error::internal("a task of the load ended unexpectedly").with_source(error))
}

fn closed(error: tokio::sync::AcquireError) -> Failure {
    Failure::Fatal(Error::internal("the load is ending").with_source(error))
}
