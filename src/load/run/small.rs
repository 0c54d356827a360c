//! Small files of one dataset, one after the other: they are read ahead and loaded in groups. A
//! file that does not fit in a group, or makes one fail, is loaded alone.

use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest as _, Sha256};

use super::context::Context;
use super::progress::RunProgress;
use super::summary::FileSummary;
use crate::error::{Code, Error, Result};
use crate::load::counts::Counts;
use crate::load::decode::GroupDecoder;
use crate::load::file::group::{GroupFile, load_group};
use crate::load::file::merge::Target;
use crate::load::file::pipeline::{REJECTS_STORED, check_rejects};
use crate::load::ledger::FileTotals;
use crate::load::raw::keeper::{Keeper, Keeps, Kept};
use crate::load::run::discover::Found;
use crate::storage::{Body, ObjectVersion, Prefetch};

/// Bytes of an object up to which reading it and telling the ledger costs more than its rows.
const SMALL: u64 = 128 * 1024;
/// Files that are read ahead at a time.
const AHEAD: usize = 1_000;

/// A file of one batch that no run has begun, as far as can be known before it is read.
pub(super) fn is_small(file: &Found) -> bool {
    !file.begun && file.object.size <= SMALL
}

/// Files that are to be loaded together.
struct Group {
    decoder: GroupDecoder,
    files: Vec<GroupFile>,
    begun: Instant,
}

impl Group {
    fn new(target: &Target, context: &Context) -> Self {
        let format = context.options.format_of(target.dataset);
        let decoder = GroupDecoder::new(target.dataset, format, context.options.limits);
        Self { decoder, files: Vec::new(), begun: Instant::now() }
    }

    /// Decodes and adds a file; returns it if it is to be loaded alone, as one whose copy failed.
    fn add(
        &mut self,
        body: Body,
        mut kept: Option<Kept>,
        context: &Context,
    ) -> Option<ObjectVersion> {
        if context.keeper.is_some() && kept.is_none() {
            return Some(body.object);
        }
        let bytes = body.bytes.ok();
        if let (Some(kept), Some(bytes)) = (&mut kept, &bytes) {
            kept.object.sha256 = format!("{:x}", Sha256::digest(bytes));
        }
        let whole = bytes.and_then(|bytes| self.decoder.decode(&bytes));
        let fits = whole.filter(|whole| {
            let rejected = i64::try_from(whole.batch.rejects.len()).unwrap_or(i64::MAX);
            let read = i64::try_from(whole.batch.records()).unwrap_or(i64::MAX);
            let totals = FileTotals { read, rejected };
            check_rejects(context.options.max_rejects, totals, true, REJECTS_STORED).is_ok()
        });
        match fits {
            Some(whole) => {
                self.files.push(GroupFile { object: body.object, whole, kept });
                None
            }
            None => Some(body.object),
        }
    }
}

/// The next file, and its copy if that is made.
async fn next(bodies: &mut Prefetch, keeps: Option<&mut Keeps>) -> Option<(Body, Option<Kept>)> {
    let body = bodies.next().await?;
    let kept = match keeps {
        // Why it failed is told when the file is loaded alone.
        Some(keeps) => keeps.next().await.ok(),
        None => None,
    };
    Some((body, kept))
}

impl Context {
    /// Loads small files in their order.
    pub(super) async fn load_small(
        self: &Arc<Self>,
        target: &Arc<Target>,
        files: &[Found],
        run: &RunProgress,
    ) -> Result<()> {
        let mut group = Group::new(target, self);
        for files in files.chunks(AHEAD) {
            group = self.load_piece(target, group, files, run).await?;
        }
        self.load_together(target, group, run).await
    }

    /// Loads files that are read ahead together; returns the group that is not full yet.
    async fn load_piece(
        self: &Arc<Self>,
        target: &Arc<Target>,
        mut group: Group,
        files: &[Found],
        run: &RunProgress,
    ) -> Result<Group> {
        let mut left = files.iter().map(|file| file.object.clone());
        let mut bodies = self.source.prefetch(left.clone().collect());
        let table = target.dataset.table;
        let keep = |keeper: &Arc<Keeper>| keeper.keep_all(table, left.clone().collect());
        let mut keeps = self.keeper.as_ref().map(keep);
        loop {
            // A stalled source must not delay the stop.
            let next = tokio::select! {
                biased;
                () = self.session.stop.cancelled() => None,
                next = next(&mut bodies, keeps.as_mut()) => next,
            };
            let Some((body, kept)) = next else { break };
            left.next();
            let (decoded, alone) = self.decode(group, body, kept).await?;
            group = decoded;
            if alone.is_some() || group.decoder.is_full() {
                let full = std::mem::replace(&mut group, Group::new(target, self));
                self.load_together(target, full, run).await?;
            }
            if let Some(object) = alone {
                run.add([self.load_object(target, object, run, None).await?]);
            }
        }
        if self.session.stop.is_cancelled() {
            let ended = std::mem::replace(&mut group, Group::new(target, self));
            self.load_together(target, ended, run).await?;
        }
        // Not read because of a stop: each says so.
        for object in left {
            run.add([self.load_object(target, object, run, None).await?]);
        }
        Ok(group)
    }

    /// Decodes on a thread of its own.
    async fn decode(
        self: &Arc<Self>,
        mut group: Group,
        body: Body,
        kept: Option<Kept>,
    ) -> Result<(Group, Option<ObjectVersion>)> {
        let context = Arc::clone(self);
        let decoding = tokio::task::spawn_blocking(move || {
            let alone = group.add(body, kept, &context);
            (group, alone)
        });
        decoding
            .await
            .map_err(|error| Error::internal("the decoder ended unexpectedly").with_source(error))
    }

    /// Makes sure that the copies of these files have their bytes.
    async fn settle(&self, files: &mut [GroupFile]) -> Result<()> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let kept = files.iter_mut().filter_map(|file| file.kept.as_mut());
        let settling = async { Ok(keeper.settle_all(kept).await?) };
        Ok(self.session.unless_stopped(settling).await?)
    }

    async fn load_together(
        self: &Arc<Self>,
        target: &Arc<Target>,
        group: Group,
        run: &RunProgress,
    ) -> Result<()> {
        let Group { mut files, begun, .. } = group;
        let stopped = self.session.stop.is_cancelled();
        if files.len() > 1 && !stopped {
            let done = match self.settle(&mut files).await {
                Ok(()) => {
                    let attempt = || load_group(self, target, &files, begun);
                    self.session.retry("load_group", attempt).await
                }
                Err(error) => Err(error),
            };
            match done {
                Ok(counts) => {
                    let share = u32::try_from(files.len()).unwrap_or(u32::MAX);
                    let seconds = (begun.elapsed() / share).as_secs_f64();
                    for (file, counts) in files.iter().zip(counts) {
                        let key = file.object.key.clone();
                        let summary = FileSummary {
                            counts,
                            seconds,
                            ..FileSummary::new(target.dataset, key)
                        };
                        self.observer.began(&file.object);
                        self.observer.read(&file.object, file.object.size);
                        self.observer.batch(&file.object, counts);
                        self.observer.ended(&summary);
                        run.add([summary]);
                    }
                    return Ok(());
                }
                // Another loader took over the whole run.
                Err(error) if error.code() == Code::Locked => return Err(error),
                Err(error) => {
                    let files = files.len();
                    tracing::warn!(files, error = error.detail(), "loading these files one by one");
                }
            }
        }
        for file in files {
            // None of its counts are of before, also if the group's commit was never acknowledged.
            let before = Some(Counts::default());
            run.add([self.load_object(target, file.object, run, before).await?]);
        }
        Ok(())
    }
}
