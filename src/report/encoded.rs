//! A file while it is made: a task reads rows and writes them, as far ahead of who takes the
//! bytes as a few chunks.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::chunk::Chunk;
use super::format::{Column, Encoding};
use super::output::Output;
use crate::db::data_version::DataVersion;
use crate::error::{Code, Error, Result};
use crate::telemetry::trace;

/// Chunks that wait to be taken.
const AHEAD: usize = 2;

/// The rows of one query in one snapshot of the database, as the bytes of a file. It is whole
/// only when the stream has ended without an error.
pub struct Encoded {
    /// The version of the data that the snapshot sees.
    pub version: DataVersion,
    /// The bytes, in their order, made as they are asked for. Dropping it ends the making.
    pub chunks: BoxStream<'static, Result<Chunk>>,
}

/// Rows that become a file.
pub trait Rows: Send + 'static {
    /// Writes all of them.
    ///
    /// # Errors
    /// Those of reading or writing them: there is no file then.
    fn write(self, out: &mut Output) -> impl Future<Output = Result<()>> + Send;
}

impl Encoded {
    /// Makes a file of rows, for so long at most. Needs a runtime.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a dialect that is none.
    pub fn start(
        version: DataVersion,
        columns: &[Column],
        encoding: Encoding,
        limit: Option<Duration>,
        rows: impl Rows,
    ) -> Result<Self> {
        let (chunks, taken) = mpsc::channel(AHEAD);
        let mut out = Output::new(version, columns, encoding, chunks)?;
        let made = async move {
            rows.write(&mut out).await?;
            out.finish().await
        };
        // Here and not where the chunks are taken: Postgres cancels no statement whose rows
        // nobody takes, and who takes none may not come back.
        let task = trace::spawn(async move {
            let Some(limit) = limit else { return made.await };
            let late = |_| {
                let message = format!("the file took longer than {limit:?}, the limit");
                Error::new(Code::Timeout, message)
            };
            timeout(limit, made).await.map_err(late)?
        });
        Ok(Self { version, chunks: Box::pin(Made { made: taken, task: Some(task) }) })
    }
}

/// The chunks that a task makes, and then how the task has ended.
struct Made {
    made: mpsc::Receiver<Chunk>,
    task: Option<JoinHandle<Result<()>>>,
}

impl Stream for Made {
    type Item = Result<Chunk>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.made.poll_recv(context) {
            Poll::Ready(Some(chunk)) => return Poll::Ready(Some(Ok(chunk))),
            Poll::Pending => return Poll::Pending,
            // The end of the chunks is the end of the file only if the task says so.
            Poll::Ready(None) => {}
        }
        let Some(task) = &mut self.task else { return Poll::Ready(None) };
        let Poll::Ready(ended) = Pin::new(task).poll(context) else { return Poll::Pending };
        self.task = None;
        Poll::Ready(match ended {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Err(error)),
            Err(error) => {
                Some(Err(Error::internal("the making of a file has broken off").with_source(error)))
            }
        })
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoded").field("version", &self.version).finish_non_exhaustive()
    }
}
