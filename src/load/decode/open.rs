//! The beginning of a file: compression, encoding and dialect, and its text from the first
//! record on.

use std::io::{self, Read};

use super::builder::BatchLimits;
use super::dialect::{self, Beginning, Dialect, HEAD};
use super::encoding::{Compression, Encoding};
use super::format::Format;
use super::header::file_error;
use super::members::Trailing;
use super::record::Position;
use super::separators::Separators;
use super::settings::Settings;
use super::{input, mapped};
use crate::dataset::Dataset;
use crate::error::{Code, Error, Result};

/// A file whose beginning was read.
pub(super) struct Opened<'a> {
    pub(super) dialect: Dialect,
    /// The text from the first record on.
    pub(super) text: Box<dyn Read + 'a>,
    pub(super) start: Position,
    pub(super) trailing: Trailing,
}

/// Reads the beginning of a file, in the format of a mapping if there is one.
pub(super) fn open<'a>(
    dataset: &Dataset,
    format: Option<&Format>,
    input: impl Read + 'a,
) -> Result<Opened<'a>> {
    let Plain { compression, text: plain, trailing } = open_plain(input)?;
    let (head, mut plain) = input::peek(plain, HEAD).map_err(read_error)?;
    if compression != Compression::None && Compression::of(&head) != Compression::None {
        return Err(file_error("the file is compressed twice; compress it once"));
    }
    let (encoding, bom) = match format {
        Some(format) => Encoding::of_mapped(&head, format.encoding)?,
        None => Encoding::of(&head)?,
    };
    io::copy(&mut plain.by_ref().take(bom as u64), &mut io::sink()).map_err(read_error)?;
    let text = input::decode_text(plain, encoding);
    let (head, mut text) = input::peek(text, HEAD).map_err(read_error)?;
    let found = match format {
        Some(format) => mapped::detect(dataset, compression, encoding, &head, format),
        None => dialect::detect(dataset, compression, encoding, &head),
    };
    if found.is_err() && head.len() < HEAD {
        // A header that is cut off has nothing else wrong with it.
        io::copy(&mut text, &mut io::sink()).map_err(read_error)?;
    }
    let Beginning { dialect, length, line } = found?;
    io::copy(&mut text.by_ref().take(length as u64), &mut io::sink()).map_err(read_error)?;
    let header = head.get(..length).unwrap_or_default();
    let start = Position { offset: bom as u64 + encoding.file_bytes(header), line };
    Ok(Opened { dialect, text: Box::new(text), start, trailing })
}

/// The decompressed bytes of a file.
pub(crate) struct Plain<'a> {
    pub(crate) compression: Compression,
    pub(crate) text: Box<dyn Read + 'a>,
    pub(super) trailing: Trailing,
}

impl Plain<'_> {
    /// Whether nothing but padding follows what is compressed, as far as it was read.
    pub(crate) fn is_whole(&self) -> bool {
        self.trailing.is_empty()
    }

    /// Fails if bytes that are not compressed follow those that are; to be called at the end.
    pub(crate) fn check_end(&self) -> Result<()> {
        self.trailing.check()
    }
}

/// Decompresses a file from its beginning, as its first bytes tell.
pub(crate) fn open_plain<'a>(input: impl Read + 'a) -> Result<Plain<'a>> {
    let (head, input) = input::peek(Box::new(input), 4).map_err(read_error)?;
    let compression = Compression::of(&head);
    let trailing = Trailing::default();
    let text = input::decompress(input, compression, &trailing).map_err(read_error)?;
    Ok(Plain { compression, text, trailing })
}

/// Decompresses a file from an offset in its text on. `input` begins there, or for a compressed
/// file at its beginning.
pub(crate) fn resume_plain<'a>(
    input: impl Read + 'a,
    compression: Compression,
    offset: u64,
) -> Result<Plain<'a>> {
    let trailing = Trailing::default();
    let mut text = input::decompress(input, compression, &trailing).map_err(read_error)?;
    if compression != Compression::None {
        let skipped = io::copy(&mut text.by_ref().take(offset), &mut io::sink());
        if skipped.map_err(read_error)? < offset {
            return Err(file_error("the file is shorter than what was already loaded of it"));
        }
    }
    Ok(Plain { compression, text, trailing })
}

/// How the records of a dialect are read.
pub(super) fn record_settings(dialect: &Dialect, limits: BatchLimits) -> Settings {
    Settings {
        syntax: dialect.syntax(),
        fields: dialect.header.len(),
        max_bytes: limits.record_bytes,
        encoding: dialect.encoding,
        separators: dialect.separators(),
    }
}

/// The text with the separators replaced that the parser cannot be told.
pub(super) fn replaced<'a>(text: impl Read + 'a, settings: &Settings) -> Box<dyn Read + 'a> {
    match &settings.separators {
        Some(separators) => Box::new(Separators::clone(separators).replace(text)),
        None => Box::new(text),
    }
}

/// An error of reading or decompressing; a storage error is unwrapped.
pub(crate) fn read_error(error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(inner) => return inner,
        Err(error) => error,
    };
    let cause = error.to_string();
    let remedy = if cause.contains(input::ZSTD_WINDOW_TOO_LARGE) {
        "; compress it again with a window of at most 8 MiB: without --long and --ultra"
    } else {
        ""
    };
    Error::new(Code::BadUserInput, format!("the file cannot be decompressed: {cause}{remedy}"))
}
