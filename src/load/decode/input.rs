//! From the bytes of an object to UTF-8 text: decompression and decoding, told
//! by content, pulled by the reader so that nothing grows without bound.

use std::io::{self, BufReader, Cursor, Read};

use bytes::{Buf, Bytes};
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use tokio::sync::mpsc;

use super::dialect::{Compression, Encoding};

/// The greatest zstd window accepted, as a power of two: 8 MiB, what `zstd -19`
/// uses. A larger one would break the loader's memory bound.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// What zstd says of a larger one; it gives no code.
pub(super) const ZSTD_WINDOW_TOO_LARGE: &str = "requires too much memory";
const CHUNK: usize = 64 * 1024;
/// Stands for a malformed unit of UTF-16: never part of UTF-8, so that its record
/// is rejected as one with a bad byte is.
const MALFORMED: u8 = 0xff;

/// Reads what an asynchronous task sends. A sent error ends the reading.
pub(crate) struct ChannelReader {
    chunks: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl ChannelReader {
    pub(crate) fn new(chunks: mpsc::Receiver<io::Result<Bytes>>) -> Self {
        Self { chunks, current: Bytes::new() }
    }
}

impl Read for ChannelReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = into.len().min(self.current.len());
        self.current.copy_to_slice(into.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

/// A reader whose first bytes were looked at.
pub(super) type Peeked<'a> = io::Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>>;

/// Looks at up to `length` bytes and gives a reader that still has them.
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

/// Text as UTF-8. UTF-8 itself passes as it is: each record is checked later, so
/// that a bad byte costs its record and not the file.
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
    /// The decoder took the end; it must not be called again.
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
            // One byte is left for the mark of a malformed unit.
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
