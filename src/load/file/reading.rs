//! The reading and the decoding of a file, side by side: a task fetches bytes, a
//! thread turns them into batches, and both wait when nobody takes what they have.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::load::decode::{
    BatchLimits, ChannelReader, Compression, Decoded, Resume, decode_from_checkpoint,
    decode_from_start,
};
use crate::load::failure::{Failure, Step};
use crate::load::run::observe::Observer;
use crate::storage::{ObjectVersion, Source};

/// Chunks of an object read ahead of the decoder.
const CHUNKS_AHEAD: usize = 2;

/// What to read, and how.
pub(crate) struct Reading {
    pub(crate) source: Source,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) dataset: &'static Dataset,
    pub(crate) object: ObjectVersion,
    pub(crate) limits: BatchLimits,
}

/// A file under way.
pub(crate) struct Decoding {
    batches: mpsc::Receiver<Decoded>,
    decoder: tokio::task::JoinHandle<Result<()>>,
    finished: bool,
}

impl Reading {
    /// Begins, anew or where a file was left.
    pub(crate) fn start(self, resume: Option<Resume>) -> Decoding {
        let (chunks_in, chunks_out) = mpsc::channel(CHUNKS_AHEAD);
        let offset = match &resume {
            Some(resume) if resume.dialect.compression == Compression::None => resume.offset,
            _ => 0,
        };
        let (dataset, limits) = (self.dataset, self.limits);
        tokio::spawn(self.read(offset, chunks_in));
        let (batches_in, batches) = mpsc::channel(1);
        let decoder = tokio::task::spawn_blocking(move || {
            let input = ChannelReader::new(chunks_out);
            match resume {
                Some(resume) => {
                    decode_from_checkpoint(dataset, input, &resume, limits, &batches_in)
                }
                None => decode_from_start(dataset, input, limits, &batches_in),
            }
        });
        Decoding { batches, decoder, finished: false }
    }

    /// Sends the object's bytes; ends when the decoder has gone.
    async fn read(self, offset: u64, chunks: mpsc::Sender<io::Result<bytes::Bytes>>) {
        let read = async {
            let mut stream = self.source.open(&self.object, offset).await?;
            let mut done = offset;
            while let Some(chunk) = stream.next().await? {
                done += chunk.len() as u64;
                if chunks.send(Ok(chunk)).await.is_err() {
                    break;
                }
                self.observer.read(&self.object, done);
            }
            Ok::<_, Error>(())
        };
        let end = match read.await {
            Ok(()) => Ok(ChannelReader::END),
            Err(error) => Err(io::Error::other(error)),
        };
        // Where the decoder has gone, its own end is what counts.
        let _ = chunks.send(end).await;
    }
}

impl Decoding {
    /// The next batch; none at the end, whose cause [`Decoding::finish`] tells.
    pub(crate) async fn next(&mut self) -> Option<Decoded> {
        self.batches.recv().await
    }

    /// How the decoding ended.
    pub(crate) async fn finish(&mut self) -> Step<()> {
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
