//! Reads and decodes a file concurrently: a task fetches bytes, a thread decodes them to
//! batches; bounded channels pause both when the consumer is slower.

use std::io;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::load::decode::{
    BatchLimits, ChannelReader, Checkpoint, Compression, Decoded, Format, decode_from_checkpoint,
    decode_from_start,
};
use crate::load::failure::{Failure, LoadResult};
use crate::load::run::observe::Observer;
use crate::storage::{ObjectVersion, Source};
use crate::telemetry::trace;

/// Chunks of an object read ahead of the decoder.
const CHUNKS_AHEAD: usize = 2;

/// A file to read and decode.
pub(crate) struct Reading {
    pub(crate) source: Source,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) dataset: &'static Dataset,
    /// How a mapping says that it is written.
    pub(crate) format: Option<Arc<Format>>,
    pub(crate) object: ObjectVersion,
    pub(crate) limits: BatchLimits,
    /// Is told the SHA-256 of the object, if all of it is read.
    pub(crate) digest: Option<oneshot::Sender<String>>,
}

/// A file being read and decoded.
pub(crate) struct Decoding {
    batches: mpsc::Receiver<Decoded>,
    decoder: tokio::task::JoinHandle<Result<()>>,
    finished: bool,
}

impl Reading {
    /// Starts from the beginning or from a checkpoint.
    pub(crate) fn start(self, checkpoint: Option<Checkpoint>) -> Decoding {
        let offset = match &checkpoint {
            Some(from) if from.dialect.compression == Compression::None => from.offset,
            _ => 0,
        };
        let (dataset, limits, format) = (self.dataset, self.limits, self.format.clone());
        let chunks = self.fetch(offset);
        let (batches_in, batches) = mpsc::channel(1);
        let decoder = tokio::task::spawn_blocking(move || {
            let input = ChannelReader::new(chunks);
            match checkpoint {
                Some(from) => decode_from_checkpoint(dataset, input, &from, limits, &batches_in),
                None => decode_from_start(dataset, format.as_deref(), input, limits, &batches_in),
            }
        });
        Decoding { batches, decoder, finished: false }
    }

    /// Reads the object ahead from an offset on.
    pub(crate) fn fetch(self, offset: u64) -> mpsc::Receiver<io::Result<bytes::Bytes>> {
        let (chunks_in, chunks) = mpsc::channel(CHUNKS_AHEAD);
        trace::spawn(self.read(offset, chunks_in));
        chunks
    }

    /// Sends the object's bytes until the decoder drops its end.
    async fn read(mut self, offset: u64, chunks: mpsc::Sender<io::Result<bytes::Bytes>>) {
        let wanted = self.digest.take().filter(|_| offset == 0);
        let mut digest = wanted.map(|wanted| (wanted, Sha256::new()));
        let read = async {
            let mut stream = self.source.open(&self.object, offset).await?;
            let mut done = offset;
            while let Some(chunk) = stream.next().await? {
                done += chunk.len() as u64;
                if let Some((_, digest)) = &mut digest {
                    digest.update(&chunk);
                }
                if chunks.send(Ok(chunk)).await.is_err() {
                    break;
                }
                self.observer.read(&self.object, done);
            }
            if let Some((wanted, digest)) = digest.filter(|_| done == self.object.size) {
                // The load may have failed.
                let _ = wanted.send(format!("{:x}", digest.finalize()));
            }
            Ok::<_, Error>(())
        };
        let end = match read.await {
            Ok(()) => Ok(ChannelReader::END),
            Err(error) => Err(io::Error::other(error)),
        };
        // If the decoder has ended, its own result is reported.
        let _ = chunks.send(end).await;
    }
}

impl Decoding {
    /// The next batch; `None` at the end, for which [`Decoding::finish`] gives the reason.
    pub(crate) async fn next(&mut self) -> Option<Decoded> {
        self.batches.recv().await
    }

    /// The result of the decoding.
    pub(crate) async fn finish(&mut self) -> LoadResult<()> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        self.batches.close();
        let ended = (&mut self.decoder).await.map_err(|error| {
            Error::internal("the decoder ended unexpectedly").with_source(error)
        })?;
        ended.map_err(Failure::from)
    }
}
