//! Immutable content: writing and reading blobs.

use std::fs::File;
use std::io::{self, Read as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::stream;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::StreamingBlob;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::digest::{self, Algorithm, Checksum};
use super::disk::{self, Layout};
use super::record::SegmentRecord;
use crate::embedded::private;

/// Bytes read or written at once. A request holds a few chunks in memory.
pub(super) const CHUNK: usize = 256 * 1024;

/// A file of content. It is deleted when it is dropped, unless a record on disk
/// names it: a failed upload leaves nothing, and a reader finishes although the
/// object was replaced.
#[derive(Debug)]
pub(super) struct Blob {
    id: String,
    path: PathBuf,
    size: u64,
    kept: AtomicBool,
}

impl Blob {
    /// A blob that a record on disk names.
    pub(super) fn existing(layout: &Layout, record: &SegmentRecord) -> Arc<Self> {
        Arc::new(Self {
            id: record.blob.clone(),
            path: layout.blobs().join(&record.blob),
            size: record.size,
            kept: AtomicBool::new(true),
        })
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn record(&self) -> SegmentRecord {
        SegmentRecord { blob: self.id.clone(), size: self.size }
    }

    /// Passes the content to `take`, chunk by chunk.
    pub(super) fn read(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        let mut buffer = vec![0; CHUNK];
        let mut left = self.size;
        while left > 0 {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                return Err(truncated(&self.path));
            }
            take(buffer.get(..count).unwrap_or_default());
            left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// To be called once a record that names the blob is on disk.
    pub(super) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }

    /// To be called once no record on disk names the blob any more.
    pub(super) fn discard(&self) {
        self.kept.store(false, Ordering::Release);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if self.kept.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(blob = %self.path.display(), %error, "a blob could not be removed");
        }
    }
}

/// Writes content to a new file and computes its digests on the way.
pub(super) struct BlobWriter {
    file: PendingFile,
    blobs: PathBuf,
    md5: Md5,
    checksum: Option<(Algorithm, ChecksumHasher)>,
}

/// The file of a writer; it is deleted when the writer is dropped unfinished.
struct PendingFile {
    file: File,
    blob: Blob,
}

/// Content on disk that no record names yet.
pub(super) struct Written {
    pub(super) blob: Arc<Blob>,
    pub(super) md5: [u8; 16],
    pub(super) checksum: Option<Checksum>,
}

impl BlobWriter {
    pub(super) fn create(layout: &Layout, algorithm: Option<Algorithm>) -> io::Result<Self> {
        let id = Uuid::new_v4().simple().to_string();
        let path = layout.blobs().join(&id);
        let file = private::new_file(&path)?;
        let blob = Blob { id, path, size: 0, kept: AtomicBool::new(false) };
        Ok(Self {
            file: PendingFile { file, blob },
            blobs: layout.blobs(),
            md5: Md5::new(),
            checksum: algorithm.map(|algorithm| (algorithm, algorithm.hasher())),
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.file.write_all(bytes)?;
        self.md5.update(bytes);
        if let Some((_, hasher)) = &mut self.checksum {
            hasher.update(bytes);
        }
        self.file.blob.size += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Syncs the content to the disk.
    pub(super) fn finish(self) -> io::Result<Written> {
        self.file.file.sync_all()?;
        disk::sync_dir(&self.blobs)?;
        let checksum = self.checksum.and_then(|(algorithm, hasher)| {
            let value = digest::finalize(hasher)?;
            Some(Checksum { algorithm, value, composite: false })
        });
        Ok(Written { blob: Arc::new(self.file.blob), md5: self.md5.finalize(), checksum })
    }
}

/// A range of a blob.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) blob: Arc<Blob>,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The pieces of consecutive blobs that make up `range`.
pub(super) fn pieces<'a>(
    blobs: impl IntoIterator<Item = &'a Arc<Blob>>,
    range: &std::ops::Range<u64>,
) -> Vec<Piece> {
    let mut start = 0;
    let mut found = Vec::new();
    for blob in blobs {
        let end = start + blob.size();
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            let piece = Piece { blob: Arc::clone(blob), offset: from - start, length: to - from };
            found.push(piece);
        }
        start = end;
    }
    found
}

/// The pieces as a body: at most a few chunks are in memory, and reading stops
/// when the client disconnects.
pub(super) fn body(pieces: Vec<Piece>) -> StreamingBlob {
    let (sender, mut receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        for piece in pieces {
            if let Err(error) = send_piece(&piece, &sender).await {
                tracing::error!(%error, "an object could not be read to the end");
                let _ = sender.send(Err(error)).await;
                return;
            }
        }
    });
    StreamingBlob::wrap(stream::poll_fn(move |context| receiver.poll_recv(context)))
}

async fn send_piece(piece: &Piece, sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut file = tokio::fs::File::open(&piece.blob.path).await?;
    file.set_max_buf_size(CHUNK);
    file.seek(SeekFrom::Start(piece.offset)).await?;
    let mut left = piece.length;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let mut buffer = bytes::BytesMut::with_capacity(want);
        let count = (&mut file).take(left).read_buf(&mut buffer).await?;
        if count == 0 {
            return Err(truncated(&piece.blob.path));
        }
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        if sender.send(Ok(buffer.freeze())).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn truncated(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the blob {} is shorter than its record says", path.display()),
    )
}
