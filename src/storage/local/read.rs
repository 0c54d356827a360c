//! Reads one version of a local file.

use std::io::SeekFrom;

use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::file;
use crate::error::{Error, Result};
use crate::storage::chunk::MAX_CHUNK;
use crate::storage::object::ObjectVersion;

/// Reads a file and verifies that each chunk is of the listed version.
#[derive(Debug)]
pub(in crate::storage) struct Reader {
    file: File,
    object: ObjectVersion,
    position: u64,
}

impl Reader {
    pub(in crate::storage) async fn open(object: &ObjectVersion, offset: u64) -> Result<Self> {
        let mut file = File::open(&object.key).await.map_err(|error| unread(object, error))?;
        verify(&file, object).await?;
        file.seek(SeekFrom::Start(offset)).await.map_err(|error| unread(object, error))?;
        Ok(Self { file, object: object.clone(), position: offset })
    }

    pub(in crate::storage) async fn next(&mut self) -> Result<Option<Bytes>> {
        let left = self.object.size - self.position;
        let mut buffer = BytesMut::with_capacity(
            usize::try_from(left).map_or(MAX_CHUNK, |left| left.min(MAX_CHUNK)),
        );
        if left > 0 {
            let mut part = (&mut self.file).take(left.min(MAX_CHUNK as u64));
            part.read_buf(&mut buffer).await.map_err(|error| unread(&self.object, error))?;
        }
        if buffer.is_empty() {
            verify(&self.file, &self.object).await?;
            return if left == 0 { Ok(None) } else { Err(self.object.overwritten()) };
        }
        // Before it is returned: bytes of another version must not be used.
        verify(&self.file, &self.object).await?;
        self.position += buffer.len() as u64;
        Ok(Some(buffer.freeze()))
    }
}

async fn verify(file: &File, object: &ObjectVersion) -> Result<()> {
    let metadata = file.metadata().await.map_err(|error| unread(object, error))?;
    if file::etag(&metadata) == object.etag { Ok(()) } else { Err(object.overwritten()) }
}

fn unread(object: &ObjectVersion, error: std::io::Error) -> Error {
    file::failed("read", object, error)
}
