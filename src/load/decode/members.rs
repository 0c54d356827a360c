//! Decompresses the members of a gzip file, or the frames of a zstd file, one after another.
//! Zero bytes after them are padding. Any other bytes end the text, too, and are reported
//! when its rows are read: they take none of these along.

use std::cell::Cell;
use std::io::{self, BufRead as _, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

use super::encoding::Compression;
use super::header::file_error;
use crate::error::Result;

/// The largest zstd window accepted, as a power of two: 8 MiB, as `zstd -19` uses. A
/// larger one would exceed the loader's memory bound.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
const CHUNK: usize = 64 * 1024;

/// Whether bytes that are not compressed follow the text.
#[derive(Debug, Clone, Default)]
pub(super) struct Trailing(Rc<Cell<bool>>);

impl Trailing {
    pub(super) fn is_empty(&self) -> bool {
        !self.0.get()
    }

    /// Fails if there are any.
    pub(super) fn check(&self) -> Result<()> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(file_error(
                "after the compressed data come bytes that are none; the data before them are whole",
            )),
        }
    }
}

enum Member<R: Read> {
    Gzip(Box<GzDecoder<BufReader<R>>>),
    Zstd(ZstdDecoder<'static, BufReader<R>>),
}

impl<R: Read> Member<R> {
    fn begin(input: BufReader<R>, compression: Compression) -> io::Result<Self> {
        if compression != Compression::Zstd {
            return Ok(Self::Gzip(Box::new(GzDecoder::new(input))));
        }
        let mut decoder = ZstdDecoder::with_buffer(input)?.single_frame();
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        Ok(Self::Zstd(decoder))
    }

    fn finish(self) -> BufReader<R> {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        }
    }
}

/// Reads the text of all members.
pub(super) struct Members<R: Read> {
    /// `None` at the end.
    member: Option<Member<R>>,
    compression: Compression,
    trailing: Trailing,
}

impl<R: Read> Members<R> {
    pub(super) fn new(input: R, compression: Compression, trailing: Trailing) -> io::Result<Self> {
        let member = Member::begin(BufReader::with_capacity(CHUNK, input), compression)?;
        Ok(Self { member: Some(member), compression, trailing })
    }

    /// Begins the next member, if there is one.
    fn next(&mut self) -> io::Result<()> {
        let Some(ended) = self.member.take() else { return Ok(()) };
        let mut input = ended.finish();
        loop {
            match (self.compression, input.fill_buf()?) {
                (_, []) => return Ok(()),
                (Compression::Gzip, [0x1f, ..]) | (Compression::Zstd, [0x28 | 0x50..=0x5f, ..]) => {
                    self.member = Some(Member::begin(input, self.compression)?);
                    return Ok(());
                }
                (_, padding @ [0, ..]) => {
                    let zeros = padding.iter().take_while(|byte| **byte == 0).count();
                    input.consume(zeros);
                }
                _ => {
                    self.trailing.0.set(true);
                    return Ok(());
                }
            }
        }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.member {
                None => return Ok(0),
                Some(Member::Gzip(decoder)) => decoder.read(into)?,
                Some(Member::Zstd(decoder)) => decoder.read(into)?,
            };
            if read > 0 {
                return Ok(read);
            }
            self.next()?;
        }
    }
}
