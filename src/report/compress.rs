//! Compresses a file on a thread of its own, so that rows are read meanwhile.

use std::io::Write as _;

use arrow_array::RecordBatch;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::chunk::{CHUNK, Chunk};
use super::format::ParquetFile;
use crate::error::{Code, Error, Result};

/// What a file is made of.
#[derive(Debug)]
pub(super) enum Part {
    /// Bytes to compress.
    Bytes(Vec<u8>),
    /// Rows.
    Batch(RecordBatch),
    /// The end of the file. Without it the file is not ended.
    End,
}

/// How parts become bytes.
pub(super) enum Compressor {
    /// Bytes, by gzip.
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// Rows, as Parquet.
    Parquet(Box<ParquetFile>),
}

/// A thread that compresses.
#[derive(Debug)]
pub(super) struct Stage {
    parts: mpsc::Sender<(Part, u64)>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Compressor {
    /// By gzip at a level that is faster than rows come.
    pub(super) fn gzip() -> Self {
        Self::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::fast())))
    }

    fn write(&mut self, part: &Part) -> Result<()> {
        match (self, part) {
            (Self::Gzip(gzip), Part::Bytes(bytes)) => gzip.write_all(bytes).map_err(broken),
            (Self::Parquet(file), Part::Batch(batch)) => file.write(batch),
            _ => Err(Error::internal("a part is of another kind of file")),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Gzip(gzip) if gzip.get_ref().len() < CHUNK => Vec::new(),
            Self::Gzip(gzip) => std::mem::take(gzip.get_mut()),
            Self::Parquet(file) => file.take(),
        }
    }

    fn finish(self) -> Result<Vec<u8>> {
        match self {
            Self::Gzip(gzip) => gzip.finish().map_err(broken),
            Self::Parquet(file) => file.finish(),
        }
    }
}

impl Stage {
    /// Starts the thread, whose bytes go to `chunks`.
    pub(super) fn start(compressor: Compressor, chunks: mpsc::Sender<Chunk>) -> Self {
        let (parts, received) = mpsc::channel(1);
        let thread = spawn_blocking(move || run(compressor, received, &chunks));
        Self { parts, thread: Some(thread) }
    }

    /// Hands over a part with its number of rows, once the last is taken.
    ///
    /// # Errors
    /// Those of the thread.
    pub(super) async fn send(&mut self, part: Part, rows: u64) -> Result<()> {
        if self.parts.send((part, rows)).await.is_ok() {
            return Ok(());
        }
        self.ended().await?;
        Err(gone())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the thread.
    pub(super) async fn finish(mut self, rows: u64) -> Result<()> {
        self.send(Part::End, rows).await?;
        self.ended().await
    }

    async fn ended(&mut self) -> Result<()> {
        let Some(thread) = self.thread.take() else { return Err(gone()) };
        thread.await.map_err(|panic| {
            Error::internal("the compression of a file has broken off").with_source(panic)
        })?
    }
}

fn run(
    mut compressor: Compressor,
    mut parts: mpsc::Receiver<(Part, u64)>,
    chunks: &mpsc::Sender<Chunk>,
) -> Result<()> {
    let mut rows = 0;
    while let Some((part, of_part)) = parts.blocking_recv() {
        rows += of_part;
        if matches!(part, Part::End) {
            return hand_over(chunks, compressor.finish()?, rows);
        }
        compressor.write(&part)?;
        let bytes = compressor.take();
        if !bytes.is_empty() {
            hand_over(chunks, bytes, std::mem::take(&mut rows))?;
        }
    }
    // Who reads the rows has given up.
    Ok(())
}

/// In chunks, of which the first tells the rows.
fn hand_over(chunks: &mpsc::Sender<Chunk>, bytes: Vec<u8>, mut rows: u64) -> Result<()> {
    let mut bytes = Bytes::from(bytes);
    while !bytes.is_empty() {
        let first = bytes.split_to(bytes.len().min(CHUNK));
        let chunk = Chunk { bytes: first, rows: std::mem::take(&mut rows) };
        chunks.blocking_send(chunk).map_err(|_| gone())?;
    }
    Ok(())
}

fn gone() -> Error {
    Error::new(Code::Unavailable, "nobody takes the file any more")
}

fn broken(error: std::io::Error) -> Error {
    Error::internal("a file cannot be compressed").with_source(error)
}
