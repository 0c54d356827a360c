//! The copy of one file that is made while it is loaded.

use std::sync::{Arc, OnceLock};

use sqlx::PgConnection;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

use super::keeper::{Keeper, Kept, Record};
use crate::error::{Error, Result};
use crate::load::failure::LoadResult;
use crate::load::ledger::RunFile;
use crate::storage::ObjectVersion;

/// A file that is being copied.
#[derive(Debug)]
struct Keeping {
    keeper: Arc<Keeper>,
    copy: JoinHandle<Result<Kept>>,
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
        let copy = tokio::spawn(async move {
            let claims = own.claim(dataset, std::slice::from_ref(&object)).await?;
            let claim = claims.into_iter().next();
            let claim = claim.ok_or_else(|| Error::internal("a version was not claimed"))?;
            own.keep(dataset, &object, claim).await
        });
        (Self { keeper: Arc::clone(keeper), copy, digest }, digest_in)
    }

    /// Waits for the copy, and reads it if nobody has read the whole file.
    async fn finish(mut self) -> Result<Kept> {
        let copied = (&mut self.copy).await;
        let mut kept =
            copied.map_err(|error| Error::internal("a copy ended early").with_source(error))??;
        if kept.object.sha256.is_empty() {
            kept.object.sha256 = match (&mut self.digest).await {
                Ok(digest) => digest,
                Err(_) => self.keeper.digest(&kept.object).await?,
            };
        }
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
#[derive(Debug, Default)]
pub(crate) struct FileRaw {
    keeping: Mutex<Option<Keeping>>,
    digest: Mutex<Option<oneshot::Sender<String>>>,
    kept: OnceLock<Kept>,
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
        Self { keeping: Mutex::new(keeping), digest: Mutex::new(digest), kept: OnceLock::new() }
    }

    /// For whoever reads the whole file.
    pub(crate) async fn take_digest(&self) -> Option<oneshot::Sender<String>> {
        self.digest.lock().await.take()
    }

    /// Waits for the copy: before the transaction that ends the file.
    pub(crate) async fn finish(&self) -> Result<()> {
        // Nobody else can tell it any more.
        drop(self.take_digest().await);
        if let Some(keeping) = self.keeping.lock().await.take() {
            let kept = keeping.finish().await?;
            let _ = self.kept.set(kept);
        }
        Ok(())
    }

    /// Records the copy, in the transaction that ends the file.
    pub(crate) async fn record(
        &self,
        keeper: Option<&Keeper>,
        connection: &mut PgConnection,
        of: RunFile,
        dataset: &'static str,
    ) -> LoadResult<()> {
        let (Some(keeper), Some(kept)) = (keeper, self.kept.get()) else { return Ok(()) };
        let kept = std::slice::from_ref(kept);
        let record = Record { file: of.file, dataset, kept, page: None };
        keeper.record(connection, of.run, &[record]).await
    }
}
