//! Parts of files.

use bytes::Bytes;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its bytes.
    pub bytes: Bytes,
    /// How many rows have been written since the last chunk.
    pub rows: u64,
}

/// Bytes of a chunk, more or less.
pub(super) const CHUNK: usize = 256 * 1024;
