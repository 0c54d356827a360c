//! Finds the files of documents in the source and reads the small ones ahead: while pages of them
//! are merged, the next is fetched and decoded, and no other.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

use super::name::layout;
use super::page::{Added, Page, PageBuilder, SMALL};
use crate::error::{Error, Result};
use crate::load::decode::BatchLimits;
use crate::load::ledger::{self, Known, ReadBy};
use crate::load::raw::keeper::Keeper;
use crate::storage::{Body, ObjectVersion, Source};
use crate::telemetry::trace;

/// Bodies that wait for the decoder.
const BODIES: usize = 16;
/// Pages that Postgres merges at a time.
pub(crate) const MERGED: usize = 2;
/// Pages that are decoded or merged at a time.
const PAGES: usize = MERGED + 1;

/// What the source has.
#[derive(Debug)]
pub(crate) enum Fed {
    Page(Box<Page>),
    /// An object that is to be loaded by itself.
    Alone(ObjectVersion),
    /// An object that cannot be read.
    Failed(ObjectVersion, Error),
    /// So many versions were loaded before.
    Skipped(usize),
}

/// The files of documents, in the order of their keys within each listing page.
pub(crate) struct Feed {
    fed: mpsc::Receiver<Fed>,
    lister: tokio::task::JoinHandle<Result<()>>,
    decoder: tokio::task::JoinHandle<Result<()>>,
}

/// What of the source is known.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) pool: PgPool,
    pub(crate) by: ReadBy,
    /// Keeps the objects of pages.
    pub(crate) keeper: Option<Arc<Keeper>>,
}

enum Read {
    Body(Body),
    /// An object that is to be loaded by itself: after those before it.
    Alone(ObjectVersion),
    /// A page does not go beyond the listing's.
    EndOfListingPage,
}

impl Feed {
    /// Lists the source; with a ledger, leaves out the versions that it has.
    pub(crate) fn start(source: Source, ledger: Option<Ledger>, limits: BatchLimits) -> Self {
        let (fed_in, fed) = mpsc::channel(1);
        let (read_in, read) = mpsc::channel(BODIES);
        let keeper = ledger.as_ref().and_then(|ledger| ledger.keeper.clone());
        let lister = trace::spawn(list(source, ledger, read_in, fed_in.clone()));
        let decoder =
            tokio::task::spawn_blocking(move || decode(read, limits, keeper.as_ref(), &fed_in));
        Self { fed, lister, decoder }
    }

    /// The next; `None` at the end, for which [`Feed::finish`] gives the reason.
    pub(crate) async fn next(&mut self) -> Option<Fed> {
        self.fed.recv().await
    }

    /// Whether all was listed and decoded.
    pub(crate) async fn finish(mut self) -> Result<()> {
        self.fed.close();
        while self.fed.recv().await.is_some() {}
        let ended =
            |error| Error::internal("reading documents ended unexpectedly").with_source(error);
        self.lister.await.map_err(ended)??;
        self.decoder.await.map_err(ended)?
    }
}

async fn list(
    source: Source,
    ledger: Option<Ledger>,
    read: mpsc::Sender<Read>,
    fed: mpsc::Sender<Fed>,
) -> Result<()> {
    let mut listing = source.list();
    while let Some(mut objects) = listing.next_page().await? {
        objects.retain(|object| layout(&object.key).is_some());
        let found = objects.len();
        let known = known(ledger.as_ref(), &objects).await?;
        let mut small = Vec::new();
        // With the number of small ones before it.
        let mut alone = Vec::new();
        for (object, known) in objects.into_iter().zip(known) {
            match known {
                Known::Loaded => {}
                Known::New if object.size <= SMALL => small.push(object),
                Known::New | Known::Begun => alone.push((small.len(), object)),
            }
        }
        let skipped = found - small.len() - alone.len();
        if skipped > 0 && fed.send(Fed::Skipped(skipped)).await.is_err() {
            return Ok(());
        }
        let (mut alone, mut passed) = (alone.into_iter().peekable(), 0);
        let mut bodies = source.prefetch(small);
        loop {
            while let Some((_, object)) = alone.next_if(|(before, _)| *before <= passed) {
                if read.send(Read::Alone(object)).await.is_err() {
                    return Ok(());
                }
            }
            let Some(body) = bodies.next().await else { break };
            passed += 1;
            if read.send(Read::Body(body)).await.is_err() {
                return Ok(());
            }
        }
        if read.send(Read::EndOfListingPage).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// What the ledger has of these objects: in pages, or by themselves.
async fn known(ledger: Option<&Ledger>, objects: &[ObjectVersion]) -> Result<Vec<Known>> {
    let Some(ledger) = ledger.filter(|_| !objects.is_empty()) else {
        return Ok(vec![Known::New; objects.len()]);
    };
    let mut connection = ledger.pool.acquire().await?;
    let in_pages = match ledger.by.again {
        false => ledger::page::known(&mut connection, objects).await?,
        true => vec![false; objects.len()],
    };
    let mappings = vec![""; objects.len()];
    let alone = ledger::known(&mut connection, ledger.by, objects, &mappings).await?;
    let both = in_pages.into_iter().zip(alone);
    Ok(both.map(|(in_page, alone)| if in_page { Known::Loaded } else { alone }).collect())
}

fn decode(
    mut read: mpsc::Receiver<Read>,
    limits: BatchLimits,
    keeper: Option<&Arc<Keeper>>,
    fed: &mpsc::Sender<Fed>,
) -> Result<()> {
    let mut builder = PageBuilder::new(limits, keeper.is_some())?;
    let (runtime, room) = (Handle::current(), Arc::new(Semaphore::new(PAGES)));
    let mut held = None;
    let send = |next| fed.blocking_send(next).is_ok();
    // Copied while the page before is loaded.
    let keep = |mut page: Page| {
        page.keep(keeper);
        Fed::Page(Box::new(page))
    };
    while let Some(next) = read.blocking_recv() {
        let (ends, apart) = match next {
            Read::EndOfListingPage => (true, None),
            Read::Alone(object) => (true, Some(Fed::Alone(object))),
            Read::Body(body) => {
                if held.is_none() {
                    held = runtime.block_on(Arc::clone(&room).acquire_owned()).ok();
                }
                match builder.add(body) {
                    Added::Yes => (builder.is_full(), None),
                    // After the page of those before it: of two that are equally new it is known
                    // which one comes last.
                    Added::Large(object) => (true, Some(Fed::Alone(object))),
                    Added::Failed(object, error) => (false, Some(Fed::Failed(object, error))),
                }
            }
        };
        if ends
            && let Some(page) = builder.take(held.take())?
            && !send(keep(page))
        {
            return Ok(());
        }
        if apart.is_some_and(|apart| !send(apart)) {
            return Ok(());
        }
    }
    match builder.take(held)? {
        Some(page) => {
            send(keep(page));
            Ok(())
        }
        None => Ok(()),
    }
}
