//! Loads one file from its checkpoint to its end. Reading, decoding and merging run
//! concurrently; batches are committed in the order of the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::merge::{self, Manner, Target};
use super::reading::{Decoding, Reading};
use crate::config::{LoadMode, MaxRejects};
use crate::error::{Code, Error};
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{Batch, Checkpoint, Decoded, RowKey};
use crate::load::failure::{Failure, LoadResult};
use crate::load::ledger::{self, FileTotals, RunFile};
use crate::load::mirror;
use crate::load::raw::keeping::FileRaw;
use crate::load::run::context::Context;
use crate::storage::ObjectVersion;
use crate::telemetry::trace;

/// Batches of one file that Postgres executes at a time.
pub(crate) const BATCHES_IN_FLIGHT: usize = 2;
/// How long rows stay locked while those before them are not committed. Another writer may
/// hold what the earlier ones wait for, and wait for these: a deadlock that Postgres cannot see.
pub(crate) const MAX_TURN: Duration = Duration::from_secs(5);
/// Records after which the percentage of rejects is meaningful.
const MIN_RECORDS_FOR_PERCENT: i64 = 10_000;

/// A file to load.
pub(crate) struct FileJob {
    pub(crate) target: Arc<Target>,
    pub(crate) object: ObjectVersion,
    pub(crate) of: RunFile,
    /// The entries of earlier readings of it, whose rows give way.
    pub(crate) superseded: Vec<i32>,
    pub(crate) mode: LoadMode,
    pub(crate) begun: Instant,
    /// Set if Postgres does not find them, and once a batch of the file had orphans.
    pub(crate) find_orphans: AtomicBool,
    /// Its copy in the lake.
    pub(crate) raw: Arc<FileRaw>,
}

/// Received once the batch before is committed.
type Turn = oneshot::Receiver<()>;

/// Loads the file to its end.
pub(crate) async fn load_file(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    checkpoint: Option<Checkpoint>,
) -> LoadResult<()> {
    let reading = Reading {
        source: context.source.clone(),
        observer: Arc::clone(&context.observer),
        dataset: job.target.dataset,
        format: context.options.format_of(job.target.dataset),
        object: job.object.clone(),
        limits: context.options.limits,
        digest: job.raw.take_digest().await,
    };
    let mut decoded = reading.start(checkpoint);
    if context.options.atomic {
        load_atomic(context, job, &mut decoded).await?;
    } else {
        load_concurrently(context, job, &mut decoded).await?;
    }
    decoded.finish().await
}

async fn load_concurrently(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    decoded: &mut Decoding,
) -> LoadResult<()> {
    let permits = Arc::new(Semaphore::new(BATCHES_IN_FLIGHT));
    let mut tasks = JoinSet::new();
    let mut keys = KeyOrder::default();
    let (first, mut turn) = oneshot::channel();
    let _ = first.send(());
    let mut failed = None;
    let mut at_end = false;
    loop {
        // Before the next batch is decoded: a batch that waits only takes memory.
        let permit = Arc::clone(&permits).acquire_owned().await.map_err(closed)?;
        let Some(next) = next_unless_stopped(context, decoded).await else { break };
        let batch = match next {
            Decoded::Begun(first) => {
                let mut connection = context.session.pool.acquire().await?;
                let mut transaction = connection.begin().await?;
                begin(&mut transaction, job, &first).await?;
                transaction.commit().await?;
                continue;
            }
            Decoded::Batch(batch) => batch,
        };
        if batch.last {
            wait_for_copy(context, job).await?;
        }
        at_end |= batch.last;
        let (done, next_turn) = oneshot::channel();
        let task = BatchTask {
            context: Arc::clone(context),
            job: Arc::clone(job),
            disjoint: keys.is_disjoint(&batch),
            batch,
            turn: std::mem::replace(&mut turn, next_turn),
            done,
            _permit: permit,
        };
        tasks.spawn(trace::carried(task.run()));
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

/// The next batch; `None` at the end and once the run is to stop, which a stalled source
/// must not delay.
async fn next_unless_stopped(context: &Context, decoded: &mut Decoding) -> Option<Decoded> {
    tokio::select! {
        biased;
        () = context.session.stop.cancelled() => None,
        next = decoded.next() => next,
    }
}

/// Waits for the copy in the lake, and for its manifest if the file is loaded then: of a mirrored
/// file that is not known yet.
pub(crate) async fn wait_for_copy(context: &Context, job: &FileJob) -> LoadResult<()> {
    let kept = async {
        job.raw.finish().await?;
        if job.mode == LoadMode::Merge {
            let mut connection = context.session.pool.acquire().await?;
            job.raw.describe(&mut connection, job.of, job.mode).await?;
        }
        Ok(())
    };
    context.session.unless_stopped(kept).await
}

/// The whole file in one transaction.
async fn load_atomic(
    context: &Arc<Context>,
    job: &Arc<FileJob>,
    decoded: &mut Decoding,
) -> LoadResult<()> {
    let mut connection = context.session.pool.acquire().await?;
    let mut transaction = merge::begin(&mut connection, &job.target).await?;
    while let Some(next) = next_unless_stopped(context, decoded).await {
        let batch = match next {
            Decoded::Begun(first) => {
                begin(&mut transaction, job, &first).await?;
                continue;
            }
            Decoded::Batch(batch) => batch,
        };
        if batch.last {
            wait_for_copy(context, job).await?;
        }
        sqlx::query(AssertSqlSafe(job.target.statements.truncate.as_str()))
            .execute(&mut *transaction)
            .await?;
        merge::stage(&mut transaction, &job.target, &[&batch]).await?;
        let counts = merge::merge(
            &mut transaction,
            &job.target,
            &batch,
            job.of,
            &job.superseded,
            Manner::ANY,
        )
        .await?;
        let totals = record(&mut transaction, job, &batch, counts).await?;
        check_rejects(context.options.max_rejects, totals, batch.last, ROLLED_BACK)?;
        if batch.last && job.mode == LoadMode::Merge {
            job.raw.record(&mut transaction).await?;
        }
        context.observer.batch(&job.object, counts);
    }
    // Before the commit: a file that was interrupted or failed to decode is incomplete.
    context.session.check_stop()?;
    decoded.finish().await?;
    transaction.commit().await?;
    Ok(())
}

/// The task of one batch.
struct BatchTask {
    context: Arc<Context>,
    job: Arc<FileJob>,
    batch: Batch,
    /// Whether no earlier batch can have the same keys.
    disjoint: bool,
    turn: Turn,
    done: oneshot::Sender<()>,
    _permit: OwnedSemaphorePermit,
}

impl BatchTask {
    async fn run(mut self) -> LoadResult<()> {
        let context = Arc::clone(&self.context);
        let mut connection = context.session.pool.acquire().await?;
        let dataset = self.job.target.dataset;
        let mut manner = Manner {
            find_orphans: self.job.find_orphans.load(Ordering::Relaxed),
            ..context.manner(dataset)
        };
        loop {
            match self.attempt(&mut connection, manner).await {
                Err(Failure::MissingParent(_)) if !manner.find_orphans => {
                    self.job.find_orphans.store(true, Ordering::Relaxed);
                    manner.find_orphans = true;
                }
                Err(Failure::Stored(_)) if manner.only_new => {
                    context.has_stored(dataset);
                    manner.only_new = false;
                }
                Ok(Merged::Committed) => break,
                Ok(Merged::RolledBack) => wait(&mut self.turn).await?,
                Err(failure) => return Err(failure),
            }
        }
        // No batch waits for the last one.
        let _ = self.done.send(());
        Ok(())
    }

    async fn attempt(
        &mut self,
        connection: &mut PgConnection,
        manner: Manner,
    ) -> LoadResult<Merged> {
        let BatchTask { context, job, batch, turn, .. } = self;
        let mut transaction = merge::begin(connection, &job.target).await?;
        merge::stage(&mut transaction, &job.target, &[batch]).await?;
        if !self.disjoint {
            wait(turn).await?;
        }
        let counts =
            merge::merge(&mut transaction, &job.target, batch, job.of, &job.superseded, manner)
                .await?;
        match timeout(MAX_TURN, wait(turn)).await {
            Ok(its_turn) => its_turn?,
            Err(_) => {
                transaction.rollback().await?;
                return Ok(Merged::RolledBack);
            }
        }
        let totals = record(&mut transaction, job, batch, counts).await?;
        let bound = context.options.max_rejects;
        let over = check_rejects(bound, totals, batch.last, REJECTS_STORED);
        if let Err(error) = &over {
            // In the same transaction: this may be the last batch, and the file must at
            // no time count as loaded.
            ledger::fail_file(&mut transaction, job.of, error).await?;
        } else if batch.last && job.mode == LoadMode::Merge {
            job.raw.record(&mut transaction).await?;
        }
        transaction.commit().await?;
        context.observer.batch(&job.object, counts);
        over?;
        Ok(Merged::Committed)
    }
}

/// What became of a batch.
enum Merged {
    Committed,
    /// Its turn took too long to come.
    RolledBack,
}

/// Begins the file in the ledger.
async fn begin(connection: &mut PgConnection, job: &FileJob, first: &Checkpoint) -> LoadResult<()> {
    ledger::begin(connection, job.of.file, job.mode, first).await?;
    if job.mode == LoadMode::Mirror {
        mirror::forget_overruled(connection, job.target.dataset, job.of.file).await?;
    }
    Ok(())
}

/// Completes a batch's transaction with its rejects and the ledger.
async fn record(
    connection: &mut PgConnection,
    job: &FileJob,
    batch: &Batch,
    counts: Counts,
) -> LoadResult<FileTotals> {
    ledger::rejects::insert(connection, job.of.run, &[(job.of.file, batch)]).await?;
    if job.mode == LoadMode::Mirror {
        mirror::record_keys(connection, job.of.file, batch).await?;
    }
    if let Some(dialect) = &batch.dialect {
        ledger::learn(connection, job.of.file, dialect).await?;
    }
    if batch.last {
        ledger::commit_to_disk(connection).await?;
    }
    let elapsed_ms = bigint(job.begun.elapsed().as_millis());
    ledger::commit_batch(connection, job.of, batch, counts, job.mode, elapsed_ms).await
}

/// Waits for the turn, unless it has come. The batch before closes the channel when it
/// fails; its own failure is the one to report.
async fn wait(turn: &mut Turn) -> LoadResult<()> {
    if turn.is_terminated() {
        return Ok(());
    }
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

/// The remedy for too many rejects: when they are stored, and when not.
pub(crate) const REJECTS_STORED: &str =
    "see `salesgraph rejects list`, or raise the bound to continue";
pub(crate) const ROLLED_BACK: &str =
    "nothing of the file was kept; `salesgraph load --check` shows what is wrong";

/// Fails if the rejects exceed the bound; the message ends with `remedy`.
pub(crate) fn check_rejects(
    bound: Option<MaxRejects>,
    totals: FileTotals,
    last: bool,
    remedy: &str,
) -> Result<(), Error> {
    let over = match bound {
        None => false,
        Some(MaxRejects::Count(most)) => u64::try_from(totals.rejected).unwrap_or(0) > most,
        Some(MaxRejects::Percent(most)) => {
            #[expect(clippy::cast_precision_loss, reason = "a percentage needs no exact counts")]
            let percent = 100.0 * totals.rejected as f64 / totals.read.max(1) as f64;
            (last || totals.read >= MIN_RECORDS_FOR_PERCENT) && percent > most
        }
    };
    if !over {
        return Ok(());
    }
    let bound = bound.map(|bound| bound.to_string()).unwrap_or_default();
    let FileTotals { read, rejected } = totals;
    let message = format!(
        "{rejected} of {read} records were rejected, more than --max-rejects {bound} allows; \
         {remedy}"
    );
    Err(Error::new(Code::BadUserInput, message))
}

/// Finds batches whose keys are all greater than those before: they touch no row of an
/// earlier batch and may be merged concurrently.
#[derive(Debug, Default)]
struct KeyOrder {
    greatest: Option<RowKey>,
}

impl KeyOrder {
    fn is_disjoint(&mut self, batch: &Batch) -> bool {
        let greatest = batch.rows.iter().map(|row| row.key).max();
        let disjoint = match (batch.key_range, self.greatest) {
            (Some((least, _)), Some(before)) => least > before,
            (Some(_), None) => true,
            (None, _) => batch.rows.is_empty(),
        };
        self.greatest = self.greatest.max(greatest);
        disjoint
    }
}

fn panicked(error: tokio::task::JoinError) -> Failure {
    Failure::Fatal(Error::internal("a task of the load panicked").with_source(error))
}

fn closed(error: tokio::sync::AcquireError) -> Failure {
    Failure::Fatal(Error::internal("the load is ending").with_source(error))
}
