//! Answers a question, on as many threads as it is worth.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::accumulate::{Accumulator, Conditions};
use super::chunk::Chunk;
use super::groups::{Groups, Shown};
use super::key::Dimensions;
use super::question::{By, Question, Refusal, What};
use super::sales::Sales;

/// Lines that are worth a thread.
const LINES_PER_THREAD: usize = 500_000;

/// What an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// Most threads.
    pub threads: usize,
    /// Most bytes beside the columns.
    pub bytes: usize,
    /// Set when nobody waits for it any more.
    pub cancelled: &'a AtomicBool,
}

impl Sales {
    /// Whether the order of the values of a dimension is the same in every database.
    #[must_use]
    pub const fn is_ordered(by: By) -> bool {
        !matches!(by, By::ProductLine | By::ProductClass | By::ProductColor)
    }

    /// The groups of a question that are shown.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn ask(
        &self,
        question: &Question,
        shown: &Shown,
        bounds: Bounds<'_>,
    ) -> Result<Groups, Refusal> {
        if !self.can_be_squared(question) {
            return Err(Refusal::Overflow);
        }
        let dimensions = Dimensions::of(self, &question.by).ok_or(Refusal::TooLarge)?;
        if dimensions.size.is_none() {
            return Err(Refusal::TooLarge);
        }
        let conditions = Conditions::of(self, question);
        let threads = (self.line_count() / LINES_PER_THREAD + 1).min(bounds.threads.max(1));
        let bytes = bounds.bytes / threads;
        let share = |orders: Range<usize>| {
            let mut totals = Accumulator::new(self, &dimensions, question, bytes);
            let mut left = orders;
            while !left.is_empty() {
                if bounds.cancelled.load(Ordering::Relaxed) {
                    return Err(Refusal::Cancelled);
                }
                let chunk = Chunk::of(self, &left);
                left.start = chunk.orders.end;
                totals.add(&chunk, &conditions)?;
            }
            Ok(totals)
        };
        let mut shares = self.shares(threads);
        let last = shares.pop().unwrap_or_default();
        let parts: Vec<Result<Accumulator<'_>, Refusal>> = thread::scope(|scope| {
            let share = &share;
            let others: Vec<_> =
                shares.into_iter().map(|orders| scope.spawn(move || share(orders))).collect();
            let own = share(last);
            let others = others.into_iter().map(thread::ScopedJoinHandle::join);
            // A thread that panicked has no answer.
            let others = others.map(|other| other.unwrap_or(Err(Refusal::Cancelled)));
            others.chain(std::iter::once(own)).collect()
        });
        let mut parts = parts.into_iter();
        let mut totals = parts.next().ok_or(Refusal::Cancelled)??;
        for part in parts {
            totals.merge(part?);
        }
        let (keys, totals) = totals.finish();
        Ok(Groups::of(&dimensions, &keys, &totals, shown))
    }

    /// Whether the sums of squares have room.
    fn can_be_squared(&self, question: &Question) -> bool {
        let lines = i128::try_from(self.line_count()).unwrap_or(i128::MAX);
        question.totals.iter().all(|total| {
            let What::Squares(value) = total.what else { return true };
            let values = self.values(value).values();
            let sizes = values.first().into_iter().chain(values.last());
            let most = sizes.map(|value| i128::from(*value).abs()).max().unwrap_or_default();
            most.checked_mul(most).and_then(|square| square.checked_mul(lines)).is_some()
        })
    }
}
