//! Documents, after all files of rows: small ones in pages, large files one by one.

use std::sync::Arc;
use std::time::Instant;

use super::context::Context;
use super::progress::RunProgress;
use super::summary::{ErrorSummary, FileSummary};
use crate::dataset;
use crate::error::{Code, Result};
use crate::load::document::feed::{Fed, Feed};
use crate::load::document::name::DOCUMENTS;
use crate::load::document::page::{Page, load_page};
use crate::load::file::merge::Target;
use crate::load::rejects::retry;

impl Context {
    /// Loads the documents that the ledger does not have.
    pub(super) async fn load_documents(self: &Arc<Self>, run: &mut RunProgress) -> Result<()> {
        let target = Arc::new(Target::new(&DOCUMENTS));
        let (pool, limits) = (self.session.pool.clone(), self.options.limits);
        let mut feed = Feed::start(self.source.clone(), Some(pool), limits);
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
                Fed::Page(page) => run.add([self.load_page(&page).await?]),
                Fed::Alone(object) => {
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
        self.session.check_stop()?;
        feed.finish().await?;
        // Lines of files of rows may have waited for orders of documents.
        for table in ["sales_order", "sales_order_line"].into_iter().filter(|_| any) {
            let Some(dataset) = dataset::by_table(table) else { continue };
            let target = Target::new(dataset);
            run.add(retry::resolve_parked(&self.session, &target).await?.files);
        }
        Ok(())
    }

    async fn load_page(&self, page: &Page) -> Result<FileSummary> {
        let begun = Instant::now();
        let mut summary = FileSummary::new(&DOCUMENTS, page.object.key.clone());
        self.observer.began(&page.object);
        self.observer.read(&page.object, page.object.size);
        let done = match page.check_rejects(self.options.max_rejects) {
            Ok(()) => self.session.retry("load_page", || load_page(self, page, begun)).await,
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
}
