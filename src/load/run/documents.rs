//! Documents, after all files of rows: small ones in pages, of which two are merged at a time,
//! large files one by one.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::progress::RunProgress;
use super::summary::{ErrorSummary, FileSummary};
use crate::dataset;
use crate::error::{Code, Error, Result};
use crate::load::document::feed::{Fed, Feed, Ledger, MERGED};
use crate::load::document::name::DOCUMENTS;
use crate::load::document::page::{Page, load_page};
use crate::load::file::merge::Target;
use crate::load::raw::keeper::Kept;
use crate::load::rejects::retry;
use crate::telemetry::trace;

/// The pages being merged. They are committed in their order: of two that are equally new the
/// later one wins, also over what waits in the other for its parent.
struct Merging {
    tasks: JoinSet<Result<FileSummary>>,
    /// Of the last one: cancelled when it has ended.
    ended: CancellationToken,
    /// The orders of the last one.
    orders: HashSet<i32>,
}

impl Merging {
    fn new() -> Self {
        let ended = CancellationToken::new();
        ended.cancel();
        Self { tasks: JoinSet::new(), ended, orders: HashSet::new() }
    }

    /// Begins to merge a page, once there is room for it.
    async fn add(
        &mut self,
        context: &Arc<Context>,
        page: Box<Page>,
        run: &RunProgress,
    ) -> Result<()> {
        while self.tasks.len() >= MERGED {
            self.next(run).await?;
        }
        let orders = page.orders();
        // Orders of the page before must be there first; and two pages that change the same rows
        // could lock each other out.
        if !orders.is_disjoint(&self.orders) {
            self.end(run).await?;
        }
        self.orders = orders;
        let ended = CancellationToken::new();
        let before = std::mem::replace(&mut self.ended, ended.clone());
        let context = Arc::clone(context);
        let load = async move {
            let _ended = ended.drop_guard();
            let loaded = context.load_page(*page, &before).await;
            // Also one that failed early: the next page is only compared with this one.
            before.cancelled().await;
            loaded
        };
        self.tasks.spawn(trace::carried(load));
        Ok(())
    }

    /// Waits for all of them.
    async fn end(&mut self, run: &RunProgress) -> Result<()> {
        while !self.tasks.is_empty() {
            self.next(run).await?;
        }
        Ok(())
    }

    async fn next(&mut self, run: &RunProgress) -> Result<()> {
        let panicked = |error| Error::internal("merging a page panicked").with_source(error);
        if let Some(ended) = self.tasks.join_next().await {
            run.add([ended.map_err(panicked)??]);
        }
        Ok(())
    }
}

impl Context {
    /// Loads the documents that the ledger does not have.
    pub(super) async fn load_documents(self: &Arc<Self>, run: &mut RunProgress) -> Result<()> {
        let target = Arc::new(Target::new(&DOCUMENTS, self.session.layout));
        let (pool, limits) = (self.session.pool.clone(), self.options.limits);
        let ledger = Ledger { pool, by: self.reading(), keeper: self.keeper.clone() };
        let mut feed = Feed::start(self.source.clone(), Some(ledger), limits);
        let mut merging = Merging::new();
        let mut any = false;
        loop {
            // A stalled source must not delay the stop.
            let next = tokio::select! {
                biased;
                () = self.session.stop.cancelled() => None,
                next = feed.next() => next,
            };
            let Some(next) = next else { break };
            match next {
                Fed::Skipped(versions) => run.skipped += versions,
                Fed::Page(page) => merging.add(self, page, run).await?,
                Fed::Alone(object) => {
                    merging.end(run).await?;
                    run.add([self.load_object(&target, object, run, None).await?]);
                }
                Fed::Failed(object, error) => {
                    tracing::error!(%object, error = error.detail(), "the file failed");
                    let error = Some(ErrorSummary::from(&error));
                    let file = FileSummary { error, ..FileSummary::new(&DOCUMENTS, object.key) };
                    run.add([file]);
                }
            }
            any = true;
        }
        merging.end(run).await?;
        self.session.check_stop()?;
        feed.finish().await?;
        // Lines of files of rows may have waited for orders of documents.
        for table in ["sales_order", "sales_order_line"].into_iter().filter(|_| any) {
            let Some(dataset) = dataset::by_table(table) else { continue };
            let target = Target::new(dataset, self.session.layout);
            run.add(retry::resolve_parked(&self.session, &target).await?.files);
        }
        Ok(())
    }

    /// Loads a page; it is committed when `before` has ended.
    async fn load_page(&self, page: Page, before: &CancellationToken) -> Result<FileSummary> {
        let begun = Instant::now();
        let mut summary = FileSummary::new(&DOCUMENTS, page.object.key.clone());
        self.observer.began(&page.object);
        self.observer.read(&page.object, page.object.size);
        let ready = match page.check_rejects(self.options.max_rejects) {
            Ok(()) => self.page_kept(&page).await,
            Err(error) => Err(error),
        };
        let done = match ready {
            Ok(kept) => {
                let attempt = || load_page(self, &page, &kept, begun, before);
                self.session.retry("load_page", attempt).await
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(counts) => {
                summary.counts = counts;
                self.observer.batch(&page.object, counts);
            }
            // Another loader took over the whole run.
            Err(error) if error.code() == Code::Locked => return Err(error),
            Err(error) => {
                let page = &page.object.key;
                tracing::error!(page, error = error.detail(), "the page failed");
                summary.error = Some(ErrorSummary::from(&error));
            }
        }
        summary.seconds = begun.elapsed().as_secs_f64();
        self.observer.ended(&summary);
        Ok(summary)
    }

    async fn page_kept(&self, page: &Page) -> Result<Vec<Kept>> {
        let attempt = || self.session.unless_stopped(page.kept(self.keeper.as_ref()));
        self.session.retry("keep_page", attempt).await
    }
}
