//! Loads one large file of documents from its checkpoint to its end, batch by batch. It is read
//! and decoded while the batch before is merged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::batch::DocumentBatch;
pub(crate) use super::decode::DecodedDocuments;
use super::decode::decode_file;
use super::merge::Targets;
use super::name::{Layout, layout};
use crate::config::LoadMode;
use crate::error::{Error, Result};
use crate::load::counts::{Counts, bigint};
use crate::load::decode::{ChannelReader, Checkpoint, Compression};
use crate::load::failure::{Failure, LoadResult};
use crate::load::file::merge::Manner;
use crate::load::file::pipeline::{
    FileJob, REJECTS_STORED, ROLLED_BACK, check_rejects, wait_for_copy,
};
use crate::load::file::reading::Reading;
use crate::load::ledger::{self, FileTotals};
use crate::load::run::context::Context;

/// A file of documents that is being read and decoded.
pub(crate) struct Decoding {
    batches: mpsc::Receiver<DecodedDocuments>,
    decoder: tokio::task::JoinHandle<Result<()>>,
}

impl Decoding {
    /// Starts from the beginning or from a checkpoint.
    pub(crate) fn start(reading: Reading, checkpoint: Option<Checkpoint>) -> Self {
        let offset = match &checkpoint {
            Some(from) if from.dialect.compression == Compression::None => from.offset,
            _ => 0,
        };
        let limits = reading.limits;
        let layout = layout(&reading.object.key).unwrap_or(Layout::Json);
        let input = ChannelReader::new(reading.fetch(offset));
        let (batches_in, batches) = mpsc::channel(1);
        let decoder = tokio::task::spawn_blocking(move || {
            decode_file(layout, input, checkpoint.as_ref(), limits, &batches_in)
        });
        Self { batches, decoder }
    }

    /// The next batch; `None` at the end, for which [`Decoding::finish`] gives the reason.
    pub(crate) async fn next(&mut self) -> Option<DecodedDocuments> {
        self.batches.recv().await
    }

    /// The result of the decoding.
    pub(crate) async fn finish(mut self) -> LoadResult<()> {
        self.batches.close();
        // What was decoded and is not wanted must not hold the decoder up.
        while self.batches.recv().await.is_some() {}
        let ended = self.decoder.await.map_err(|error| {
            Error::internal("the decoder ended unexpectedly").with_source(error)
        })?;
        ended.map_err(Failure::from)
    }
}

/// Loads the file to its end.
pub(crate) async fn load_documents(
    context: &Arc<Context>,
    job: &FileJob,
    checkpoint: Option<Checkpoint>,
) -> LoadResult<()> {
    let reading = Reading {
        source: context.source.clone(),
        observer: Arc::clone(&context.observer),
        dataset: job.target.dataset,
        format: None,
        object: job.object.clone(),
        limits: context.options.limits,
        digest: job.raw.take_digest().await,
    };
    let decoded = Decoding::start(reading, checkpoint);
    match context.options.atomic {
        true => load_atomic(context, job, decoded).await,
        false => load_batches(context, job, decoded).await,
    }
}

async fn load_batches(context: &Context, job: &FileJob, mut decoded: Decoding) -> LoadResult<()> {
    let mut connection = context.session.pool.acquire().await?;
    let mut at_end = false;
    while let Some(next) = next_unless_stopped(context, &mut decoded).await {
        let batch = match next {
            DecodedDocuments::Begun(first) => {
                ledger::begin(&mut connection, job.of.file, LoadMode::Merge, &first).await?;
                continue;
            }
            DecodedDocuments::Batch(batch) => batch,
        };
        if batch.orders.last {
            wait_for_copy(context, job).await?;
        }
        at_end |= batch.orders.last;
        let find_orphans = job.find_orphans.load(Ordering::Relaxed);
        let mut done = commit(context, job, &mut connection, &batch, find_orphans).await;
        if !find_orphans && matches!(done, Err(Failure::MissingParent(_))) {
            job.find_orphans.store(true, Ordering::Relaxed);
            done = commit(context, job, &mut connection, &batch, true).await;
        }
        done?;
    }
    if !at_end {
        context.session.check_stop()?;
    }
    decoded.finish().await
}

/// One batch in a transaction of its own.
async fn commit(
    context: &Context,
    job: &FileJob,
    connection: &mut PgConnection,
    batch: &DocumentBatch,
    find_orphans: bool,
) -> LoadResult<()> {
    let targets = Targets::get(context.session.layout)?;
    let mut transaction = targets.begin(connection).await?;
    let manner = Manner { find_orphans, only_new: false };
    let counts = targets.merge(&mut transaction, batch, job.of, manner).await?;
    let totals = record(&mut transaction, job, batch, counts).await?;
    let bound = context.options.max_rejects;
    let over = check_rejects(bound, totals, batch.orders.last, REJECTS_STORED);
    if let Err(error) = &over {
        // In the same transaction: the file must at no time count as loaded.
        ledger::fail_file(&mut transaction, job.of, error).await?;
    } else if batch.orders.last {
        job.raw.record(&mut transaction).await?;
    }
    transaction.commit().await?;
    context.observer.batch(&job.object, counts);
    Ok(over?)
}

/// The whole file in one transaction.
async fn load_atomic(context: &Context, job: &FileJob, mut decoded: Decoding) -> LoadResult<()> {
    let targets = Targets::get(context.session.layout)?;
    let mut connection = context.session.pool.acquire().await?;
    let mut transaction = targets.begin(&mut connection).await?;
    while let Some(next) = next_unless_stopped(context, &mut decoded).await {
        let batch = match next {
            DecodedDocuments::Begun(first) => {
                ledger::begin(&mut transaction, job.of.file, LoadMode::Merge, &first).await?;
                continue;
            }
            DecodedDocuments::Batch(batch) => batch,
        };
        if batch.orders.last {
            wait_for_copy(context, job).await?;
        }
        targets.empty(&mut transaction).await?;
        let counts = targets.merge(&mut transaction, &batch, job.of, Manner::ANY).await?;
        let totals = record(&mut transaction, job, &batch, counts).await?;
        check_rejects(context.options.max_rejects, totals, batch.orders.last, ROLLED_BACK)?;
        if batch.orders.last {
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

/// The next batch; `None` at the end and once the run is to stop, which a stalled source must
/// not delay.
async fn next_unless_stopped(
    context: &Context,
    decoded: &mut Decoding,
) -> Option<DecodedDocuments> {
    tokio::select! {
        biased;
        () = context.session.stop.cancelled() => None,
        next = decoded.next() => next,
    }
}

/// Completes a batch's transaction with the ledger.
async fn record(
    connection: &mut PgConnection,
    job: &FileJob,
    batch: &DocumentBatch,
    counts: Counts,
) -> LoadResult<FileTotals> {
    if let Some(dialect) = &batch.orders.dialect {
        ledger::learn(connection, job.of.file, dialect).await?;
    }
    if batch.orders.last {
        ledger::commit_to_disk(connection).await?;
    }
    let elapsed_ms = bigint(job.begun.elapsed().as_millis());
    let mode = LoadMode::Merge;
    ledger::commit_batch(connection, job.of, &batch.orders, counts, mode, elapsed_ms).await
}
