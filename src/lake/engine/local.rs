//! DataFusion in this process.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use url::Url;
use uuid::Uuid;

use super::folder::Folder;
use super::store::Files;
use super::threads::Threads;
use super::{EngineOptions, Texts, failure, values};
use crate::error::{Code, Error, Result};
use crate::lake::curated::SalesScan;
use crate::lake::{ColumnType, Part, Question};

/// What the wide table is called.
const TABLE: &str = "sales";
/// How many consumers an error about memory names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN;
/// Most brackets within one another: of 64 conditions within one another, each in a long list.
const MOST_BRACKETS: usize = 800;
/// Batches that wait to be taken.
const AHEAD: usize = 2;

/// The engine: what its questions share.
#[derive(Debug)]
pub(super) struct Local {
    runtime: Arc<RuntimeEnv>,
    threads: Threads,
    /// Of its temporary files.
    _folder: Folder,
}

/// The files of a question, as long as it is answered.
pub(super) struct Session {
    context: SessionContext,
    /// Of the threads that it is answered by.
    threads: Handle,
    /// Under which the runtime knows the files.
    store: Url,
}

impl Local {
    pub(super) fn new(options: &EngineOptions) -> Result<Self> {
        let pool = TrackConsumersPool::new(FairSpillPool::new(options.memory), NAMED_CONSUMERS);
        let spill = u64::try_from(options.spill).unwrap_or(u64::MAX);
        let no_folder = || {
            let message = "the engine that reads the lake has no folder for temporary files: check \
                           TMPDIR";
            Error::new(Code::Config, message)
        };
        let folder =
            Folder::new(&std::env::temp_dir()).map_err(|error| no_folder().with_source(error))?;
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_temp_file_path(folder.path())
            .with_max_temp_directory_size(spill)
            .build_arc()
            .map_err(|error| no_folder().with_source(error))?;
        let threads = Threads::new().map_err(|error| {
            Error::internal("the engine that reads the lake has no threads").with_source(error)
        })?;
        Ok(Self { runtime, threads, _folder: folder })
    }

    pub(super) fn begin(&self, scan: SalesScan, question: &Question) -> Result<Session> {
        let config = SessionConfig::new()
            .with_information_schema(false)
            .set_usize("datafusion.sql_parser.recursion_limit", MOST_BRACKETS);
        let context = SessionContext::new_with_config_rt(config, Arc::clone(&self.runtime));
        let name = Uuid::new_v4().simple();
        let store = Url::parse(&format!("lake://{name}/"))
            .map_err(|error| Error::internal("no name for files").with_source(error))?;
        let schema = Arc::new(Schema::new(
            scan.columns
                .iter()
                .map(|(name, ty)| Field::new(name, arrow(*ty), true))
                .collect::<Vec<_>>(),
        ));
        let mut files = scan.files;
        files.retain(|file| file.may_have(question.from, question.to));
        let files = Files::new(scan.bucket, files);
        let paths = files.paths().map(|path| ListingTableUrl::parse(format!("{store}{path}")));
        let paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(failure::of)?;
        let table: Arc<dyn TableProvider> = if paths.is_empty() {
            Arc::new(MemTable::try_new(schema, vec![Vec::new()]).map_err(failure::of)?)
        } else {
            let listing = ListingOptions::new(Arc::new(ParquetFormat::default()));
            let config = ListingTableConfig::new_with_multi_paths(paths)
                .with_listing_options(listing)
                .with_schema(schema);
            Arc::new(ListingTable::try_new(config).map_err(failure::of)?)
        };
        context.register_object_store(&store, Arc::new(files));
        let session = Session { context, threads: self.threads.handle().clone(), store };
        session.context.register_table(TABLE, table).map_err(failure::of)?;
        Ok(session)
    }
}

impl Session {
    /// The rows of a part. Dropped, no more of them are read.
    pub(super) fn part(&self, part: &Part) -> BoxStream<'static, Result<Texts>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let mut work = JoinSet::new();
        work.spawn_on(send(self.context.clone(), part.clone(), sender), &self.threads);
        let rows = stream::try_unfold((receiver, work), |(mut receiver, mut work)| async move {
            if let Some(batch) = receiver.recv().await {
                return Ok(Some((batch, (receiver, work))));
            }
            // All has been sent, or it has failed.
            match work.join_next().await {
                Some(Ok(sent)) => sent.map(|()| None),
                Some(Err(error)) => {
                    let message = "the engine that reads the lake has ended";
                    Err(Error::internal(message).with_source(error))
                }
                None => Err(Error::internal("the rows of the lake were read to the end before")),
            }
        });
        rows.boxed()
    }
}

/// Sends the rows of a part. Nothing but a query can be in it.
async fn send(context: SessionContext, part: Part, sender: mpsc::Sender<Texts>) -> Result<()> {
    let only_queries =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let sql = part.sql(TABLE);
    let query = context.sql_with_options(&sql, only_queries).await.map_err(failure::of)?;
    let bound: Vec<_> = part.values.iter().map(values::scalar).collect::<Result<_>>()?;
    let query = query.with_param_values(bound).map_err(failure::of)?;
    let mut rows = query.execute_stream().await.map_err(failure::of)?;
    while let Some(batch) = rows.try_next().await.map_err(failure::of)? {
        if sender.send(values::texts(&batch)?).await.is_err() {
            break;
        }
    }
    Ok(())
}

impl Drop for Session {
    fn drop(&mut self) {
        // It can only fail where it is not there.
        let _ = self.context.runtime_env().deregister_object_store(&self.store);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("store", &self.store.as_str()).finish_non_exhaustive()
    }
}

/// A type as DataFusion has it.
fn arrow(ty: ColumnType) -> DataType {
    match ty {
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Int => DataType::Int32,
        ColumnType::Long => DataType::Int64,
        ColumnType::Decimal { precision, scale } => {
            DataType::Decimal128(precision, i8::try_from(scale).unwrap_or(i8::MAX))
        }
        ColumnType::String => DataType::Utf8,
        ColumnType::Date => DataType::Date32,
        ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}
