//! Splits large buffers into chunks of bounded size.

use bytes::Bytes;

/// The most bytes [`ByteStream::next`](super::ByteStream::next) returns at once.
pub const MAX_CHUNK: usize = 256 * 1024;

/// Takes the next chunk off the front of `buffer`, without copying.
pub(super) fn take(buffer: &mut Bytes) -> Option<Bytes> {
    if buffer.is_empty() {
        return None;
    }
    Some(buffer.split_to(buffer.len().min(MAX_CHUNK)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(size: usize) -> Vec<usize> {
        let original = Bytes::from((0..=255_u8).cycle().take(size).collect::<Vec<_>>());
        let mut rest = original.clone();
        let chunks: Vec<_> = std::iter::from_fn(|| take(&mut rest)).collect();
        assert_eq!(chunks.concat(), original, "every byte once and in order");
        chunks.iter().map(Bytes::len).collect()
    }

    #[test]
    fn large_buffers_are_split() {
        assert_eq!(lengths(0), [] as [usize; 0]);
        assert_eq!(lengths(1), [1]);
        assert_eq!(lengths(MAX_CHUNK), [MAX_CHUNK]);
        assert_eq!(lengths(MAX_CHUNK + 1), [MAX_CHUNK, 1]);
        assert_eq!(lengths(3 * MAX_CHUNK - 1), [MAX_CHUNK, MAX_CHUNK, MAX_CHUNK - 1]);
    }
}
