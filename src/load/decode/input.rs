//! From the bytes of an object to UTF-8 text: decompression and decoding, pulled by the
//! consumer, so that memory is bounded.

use std::io::{self, BufReader, Cursor, Read};

use bytes::{Buf, Bytes};
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use tokio::sync::mpsc;

use crate::error::Error;

use super::dialect::{Compression, Encoding};

/// The largest zstd window accepted, as a power of two: 8 MiB, as `zstd -19` uses. A
/// larger one would exceed the loader's memory bound.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// zstd's message for a larger one; there is no error code.
pub(super) const ZSTD_WINDOW_TOO_LARGE: &str = "requires too much memory";
const CHUNK: usize = 64 * 1024;
/// Replaces a malformed UTF-16 code unit: it is invalid in UTF-8, so that its record is
/// rejected like one with an invalid byte.
const MALFORMED: u8 = 0xff;

/// Reads the chunks that an asynchronous task sends, up to an error.
pub(crate) struct ChannelReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
    ended: bool,
}

impl ChannelReader {
    /// Sent after the last chunk. A channel that closes without it means that the task
    /// has died, and must not be taken for the end of the file.
    pub(crate) const END: Bytes = Bytes::new();

    pub(crate) fn new(chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { chunks, current: Bytes::new(), ended: false }
    }
}

impl Read for ChannelReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty() && !self.ended {
            let gone = || io::Error::other(Error::internal("reading the file was aborted"));
            self.current = self.chunks.blocking_recv().ok_or_else(gone)??;
            self.ended = self.current.is_empty();
        }
        let length = into.len().min(self.current.len());
        self.current.copy_to_slice(into.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

/// A reader whose first bytes were peeked at.
pub(super) type Peeked<'a> = io::Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>>;

/// Reads up to `length` bytes; the returned reader yields them again.
pub(super) fn peek<'a>(
    mut input: Box<dyn Read + 'a>,
    length: usize,
) -> io::Result<(Vec<u8>, Peeked<'a>)> {
    let mut head = Vec::with_capacity(length);
    input.by_ref().take(length as u64).read_to_end(&mut head)?;
    let rest = Cursor::new(head.clone());
    Ok((head, Read::chain(rest, input)))
}

pub(super) fn decompress<'a>(
    input: impl Read + 'a,
    compression: Compression,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, input))),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(input)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    })
}

/// Decodes text to UTF-8. UTF-8 itself is passed through: each record is validated
/// later, so that an invalid byte rejects its record and not the file.
pub(super) fn decode_text<'a>(input: impl Read + 'a, encoding: Encoding) -> Box<dyn Read + 'a> {
    let decoder = match encoding {
        Encoding::Utf8 => return Box::new(input),
        Encoding::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
        Encoding::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
    };
    Box::new(Utf16Reader {
        input,
        decoder,
        raw: vec![0; CHUNK],
        raw_range: 0..0,
        at_end: false,
        finished: false,
        text: vec![0; 2 * CHUNK],
        text_range: 0..0,
    })
}

struct Utf16Reader<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_range: std::ops::Range<usize>,
    at_end: bool,
    /// The decoder has received the end; it must not be called again.
    finished: bool,
    text: Vec<u8>,
    text_range: std::ops::Range<usize>,
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.text_range.is_empty() && !self.finished {
            if self.raw_range.is_empty() && !self.at_end {
                let read = self.input.read(&mut self.raw)?;
                self.raw_range = 0..read;
                self.at_end = read == 0;
            }
            let source = self.raw.get(self.raw_range.clone()).unwrap_or_default();
            // Leaves one byte for `MALFORMED`.
            let room = self.text.len() - 1;
            let (result, read, mut written) = self.decoder.decode_to_utf8_without_replacement(
                source,
                self.text.get_mut(..room).unwrap_or_default(),
                self.at_end,
            );
            match result {
                DecoderResult::InputEmpty => self.finished = self.at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    if let Some(byte) = self.text.get_mut(written) {
                        *byte = MALFORMED;
                        written += 1;
                    }
                }
            }
            self.raw_range.start += read;
            self.text_range = 0..written;
        }
        let text = self.text.get(self.text_range.clone()).unwrap_or_default();
        let length = into.len().min(text.len());
        into.get_mut(..length)
            .unwrap_or_default()
            .copy_from_slice(text.get(..length).unwrap_or_default());
        self.text_range.start += length;
        Ok(length)
    }
}
