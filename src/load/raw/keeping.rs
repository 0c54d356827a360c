//! The copy of one file that is made while it is loaded.

use std::sync::{Arc, OnceLock};

use sqlx::PgConnection;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use super::keeper::{Keeper, Kept};
use super::record::{Described, Record};
use crate::config::LoadMode;
use crate::error::Error;
use crate::load::failure::LoadResult;
use crate::load::ledger::{RunFile, raw};
use crate::storage::ObjectVersion;
use crate::telemetry::trace;

/// A file that is being copied.
#[derive(Debug)]
struct Keeping {
    keeper: Arc<Keeper>,
    copy: JoinHandle<LoadResult<Kept>>,
    /// Its SHA-256, from whoever reads all of it.
    digest: oneshot::Receiver<String>,
}

impl Keeping {
    /// Begins. Whoever reads the whole file tells its SHA-256.
    fn start(
        keeper: &Arc<Keeper>,
        dataset: &'static str,
        object: &ObjectVersion,
    ) -> (Self, oneshot::Sender<String>) {
        let (digest_in, digest) = oneshot::channel();
        let (own, object) = (Arc::clone(keeper), object.clone());
        let copy = trace::spawn(async move {
            let claims = own.claim(dataset, std::slice::from_ref(&object)).await?;
            let claim = claims.into_iter().next();
            let claim = claim.ok_or_else(|| Error::internal("a version was not claimed"))?;
            Ok(own.keep(dataset, &object, claim).await?)
        });
        (Self { keeper: Arc::clone(keeper), copy, digest }, digest_in)
    }

    /// Waits for the copy. It is read if nobody has read the whole file.
    async fn finish(mut self) -> LoadResult<Kept> {
        let copied = (&mut self.copy).await;
        let mut kept =
            copied.map_err(|error| Error::internal("a copy ended early").with_source(error))??;
        let loaded = (&mut self.digest).await.ok();
        self.keeper.settle(&mut kept, loaded).await?;
        Ok(kept)
    }
}

impl Drop for Keeping {
    /// A load that failed needs no copy.
    fn drop(&mut self) {
        self.copy.abort();
    }
}

/// What a file's load has of its copy.
#[derive(Debug)]
pub(crate) struct FileRaw {
    /// None where no files are kept.
    keeper: Option<Arc<Keeper>>,
    dataset: &'static str,
    object: ObjectVersion,
    keeping: Mutex<Option<Keeping>>,
    digest: Mutex<Option<oneshot::Sender<String>>>,
    kept: OnceLock<Kept>,
    described: OnceLock<Vec<Described>>,
}

impl FileRaw {
    /// Begins the copy, if files are kept.
    pub(crate) fn start(
        keeper: Option<&Arc<Keeper>>,
        dataset: &'static str,
        object: &ObjectVersion,
    ) -> Self {
        let started = keeper.map(|keeper| Keeping::start(keeper, dataset, object));
        let (keeping, digest) = started.unzip();
        Self {
            keeper: keeper.cloned(),
            dataset,
            object: object.clone(),
            keeping: Mutex::new(keeping),
            digest: Mutex::new(digest),
            kept: OnceLock::new(),
            described: OnceLock::new(),
        }
    }

    /// For whoever reads the whole file.
    pub(crate) async fn take_digest(&self) -> Option<oneshot::Sender<String>> {
        self.digest.lock().await.take()
    }

    /// Waits for the copy: before the transaction that ends the file. May be called again.
    pub(crate) async fn finish(&self) -> LoadResult<()> {
        // Nobody else can tell it any more.
        drop(self.take_digest().await);
        let Some(keeper) = self.keeper.as_ref().filter(|_| self.kept.get().is_none()) else {
            return Ok(());
        };
        let started = self.keeping.lock().await.take();
        let anew = || Keeping::start(keeper, self.dataset, &self.object).0;
        let kept = started.unwrap_or_else(anew).finish().await?;
        let _ = self.kept.set(kept);
        Ok(())
    }

    /// Writes the manifest of the copy, which is there. If the file is not loaded then,
    /// [`FileRaw::forget`] must follow.
    pub(crate) async fn describe(
        &self,
        connection: &mut PgConnection,
        of: RunFile,
        mode: LoadMode,
    ) -> LoadResult<()> {
        let Some(keeper) = self.keeper.as_ref().filter(|_| self.described.get().is_none()) else {
            return Ok(());
        };
        let mut entries = raw::entries(connection, &[of.file]).await?;
        // An atomic load has not told the ledger yet.
        entries.iter_mut().for_each(|entry| mode.as_str().clone_into(&mut entry.mode));
        let kept = self.kept.get().map(std::slice::from_ref).unwrap_or_default();
        let record = Record { file: of.file, dataset: self.dataset, kept, page: None };
        let described = keeper.describe(of.run, &[record], &entries).await?;
        let _ = self.described.set(described);
        Ok(())
    }

    /// Records the copy, in the transaction that ends the file.
    pub(crate) async fn record(&self, connection: &mut PgConnection) -> LoadResult<()> {
        let Some(keeper) = &self.keeper else { return Ok(()) };
        let (Some(kept), Some(described)) = (self.kept.get(), self.described.get()) else {
            return Err(Error::internal("a file would be loaded and is not kept").into());
        };
        keeper.insert(connection, described, std::iter::once(kept)).await
    }

    /// Removes the manifest of a file that was not loaded. One that stays is removed because of
    /// its age, or is written anew when the file is loaded.
    pub(crate) async fn forget(&self) {
        let (Some(keeper), Some(described)) = (&self.keeper, self.described.get()) else { return };
        for described in described {
            if let Err(failure) = keeper.forget(described).await {
                let (object, error) = (&self.object, Error::from(failure));
                tracing::warn!(%object, error = error.detail(), "its manifest stays in the lake");
            }
        }
    }
}
