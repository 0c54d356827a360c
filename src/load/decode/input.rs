//! From the bytes of an object to UTF-8 text: decompression and decoding, pulled by the
//! consumer, so that memory is bounded.

use std::io::{self, Cursor, Read};
use std::mem;

use bytes::{Buf, Bytes};
use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};
use tokio::sync::mpsc;

use crate::error::{Code, Error};

use super::encoding::{Compression, Encoding, has_sequences};
use super::members::{Members, Trailing};

/// zstd's message for a window that is too large; there is no error code.
pub(super) const ZSTD_WINDOW_TOO_LARGE: &str = "requires too much memory";
const CHUNK: usize = 64 * 1024;
/// Replaces a malformed UTF-16 code unit: it is invalid in UTF-8, so that its record is
/// rejected like one with an invalid byte.
pub(super) const MALFORMED: u8 = 0xff;

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

/// Reads up to `length` bytes; the returned reader yields them again. A fault after the
/// first bytes comes when these are read, so that it takes none along.
pub(super) fn peek<'a>(
    mut input: Box<dyn Read + 'a>,
    length: usize,
) -> io::Result<(Vec<u8>, Peeked<'a>)> {
    let mut head = Vec::with_capacity(length);
    match input.by_ref().take(length as u64).read_to_end(&mut head) {
        Ok(_) => {}
        Err(error) if head.is_empty() => return Err(error),
        Err(error) => input = Box::new(Fault(Some(error))),
    }
    let rest = Cursor::new(head.clone());
    Ok((head, Read::chain(rest, input)))
}

/// Fails once with an error.
struct Fault(Option<io::Error>);

impl Read for Fault {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Decompresses; bytes that follow the compressed ones are told to `trailing`.
pub(super) fn decompress<'a>(
    input: impl Read + 'a,
    compression: Compression,
    trailing: &Trailing,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::None => Box::new(input),
        _ => Box::new(Members::new(input, compression, trailing.clone())?),
    })
}

/// Decodes text to UTF-8. UTF-8 itself is passed through: each record is validated
/// later, so that an invalid byte rejects its record and not the file.
pub(super) fn decode_text<'a>(input: impl Read + 'a, encoding: Encoding) -> Box<dyn Read + 'a> {
    let decoder = match encoding {
        Encoding::Utf8 => return Box::new(input),
        Encoding::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
        Encoding::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
        Encoding::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        Encoding::Latin1 => {
            let input = SingleByte { input: Box::new(input), is_told: false };
            return Box::new(Latin1Reader { input, text: Vec::new(), given: 0 });
        }
    };
    let input: Box<dyn Read + 'a> = match encoding {
        Encoding::Windows1252 => Box::new(SingleByte { input: Box::new(input), is_told: false }),
        _ => Box::new(input),
    };
    Box::new(TextReader {
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

/// Text in a single-byte encoding. Nothing tells it from UTF-8 before its first byte beyond
/// ASCII, which may be long after the beginning of the file.
struct SingleByte<'a> {
    input: Box<dyn Read + 'a>,
    /// Whether such a byte has come.
    is_told: bool,
}

impl Read for SingleByte<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        let text = into.get(..read).unwrap_or_default();
        let Some(at) = text.iter().position(|byte| !byte.is_ascii()).filter(|_| !self.is_told)
        else {
            return Ok(read);
        };
        let after = text.get(at..).unwrap_or_default().to_vec();
        let rest = mem::replace(&mut self.input, Box::new(io::empty()));
        let (head, rest) = peek(Box::new(Read::chain(Cursor::new(after), rest)), CHUNK)?;
        if has_sequences(&head) {
            return Err(io::Error::other(Error::new(Code::BadUserInput, LATE_UTF_8)));
        }
        self.input = Box::new(rest);
        self.is_told = true;
        if at > 0 { Ok(at) } else { self.input.read(into) }
    }
}

const LATE_UTF_8: &str = "the file is UTF-8, which its beginning does not show, but the mapping \
                          says another encoding; save it with a byte order mark, or load it by a \
                          mapping with `encoding = \"utf-8\"`";

struct TextReader<R> {
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

impl<R: Read> Read for TextReader<R> {
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

/// ISO 8859-1, which encoding standards of the web do not tell from windows-1252.
struct Latin1Reader<R> {
    input: R,
    text: Vec<u8>,
    given: usize,
}

impl<R: Read> Read for Latin1Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.text.len() {
            let mut raw = vec![0; CHUNK];
            let read = self.input.read(&mut raw)?;
            self.text.resize(2 * read, 0);
            let raw = raw.get(..read).unwrap_or_default();
            let written = encoding_rs::mem::convert_latin1_to_utf8(raw, &mut self.text);
            self.text.truncate(written);
            self.given = 0;
        }
        let length = self.text.get(self.given..).unwrap_or_default().read(into)?;
        self.given += length;
        Ok(length)
    }
}
