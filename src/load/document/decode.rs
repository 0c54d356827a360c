//! Decodes files of documents to batches, on a thread of its own, and stored documents.

use std::io::Read;

use tokio::sync::mpsc;

use super::batch::{Builder, Document, DocumentBatch, ORDER, WHOLE};
use super::name::Layout;
use super::split::Documents;
use crate::error::Result;
use crate::load::decode::{
    BatchLimits, Checkpoint, Compression, Plain, open_plain, read_error, resume_plain,
};

/// The output of the decoder.
#[derive(Debug)]
pub(crate) enum DecodedDocuments {
    /// Where the file begins; not sent for a resumed file.
    Begun(Checkpoint),
    Batch(Box<DocumentBatch>),
}

/// Decodes a file from its beginning or from a checkpoint. `input` begins there, or for a
/// compressed file at its beginning.
pub(super) fn decode_file(
    layout: Layout,
    input: impl Read,
    checkpoint: Option<&Checkpoint>,
    limits: BatchLimits,
    out: &mpsc::Sender<DecodedDocuments>,
) -> Result<()> {
    let mut builder = Builder::new(limits)?;
    let mut plain = match checkpoint {
        Some(from) => resume_plain(input, from.dialect.compression, from.offset)?,
        None => open_plain(input)?,
    };
    let compression = plain.compression;
    let text = std::mem::replace(&mut plain.text, Box::new(std::io::empty()));
    let mut documents = match checkpoint {
        Some(Checkpoint { offset, line, .. }) if *offset > 0 => {
            Documents::resumed(text, layout, *offset, *line)
        }
        _ => Documents::new(text, layout),
    };
    if checkpoint.is_none() {
        let first = Checkpoint { dialect: builder.dialect(compression), offset: 0, line: 1 };
        if out.blocking_send(DecodedDocuments::Begun(first)).is_err() {
            return Ok(());
        }
    }
    let mut from = checkpoint.map_or(0, |from| from.offset);
    let mut known = 0;
    loop {
        let end = match documents.next() {
            Ok(Some(piece)) => {
                builder.add(&piece, None);
                if !builder.is_full(limits.bytes) || !documents.may_resume() {
                    continue;
                }
                Ok(false)
            }
            Ok(None) => Ok(true),
            Err(error) => Err(read_error(error)),
        };
        let last = matches!(end, Ok(true)) && plain.is_whole();
        // After its end an array cannot be resumed: if the file is faulty there, the last batch is
        // read again and says so each time.
        let may_end_here = last || layout == Layout::Lines || documents.may_resume();
        // What cannot be read on does not take the documents before it along.
        if may_end_here && (end.is_ok() || builder.documents() > 0) {
            let mut batch = builder.take();
            let (offset, line) = documents.position();
            batch.orders.from_offset = from;
            (batch.orders.to_offset, batch.orders.to_line) = (offset, line);
            batch.orders.last = last;
            if builder.ignored().len() > known {
                known = builder.ignored().len();
                batch.orders.dialect = Some(builder.dialect(compression));
            }
            from = offset;
            if out.blocking_send(DecodedDocuments::Batch(Box::new(batch))).is_err() {
                return Ok(());
            }
        }
        if end? {
            return plain.check_end();
        }
    }
}

/// Bytes of the text of a small file; one that is compressed may have more than it seems.
const SMALL_TEXT: u64 = 1 << 20;
/// Documents of a small file.
const SMALL_DOCUMENTS: usize = 1_000;
/// Commas and line feeds of one: no more records can be in it, faulty or not.
const SMALL_SEPARATORS: usize = 100_000;

/// Adds the documents of a small file to a page.
///
/// # Errors
/// That of reading it; then nothing of it is added.
pub(super) fn decode_small(
    layout: Layout,
    bytes: &[u8],
    first: u64,
    builder: &mut Builder,
) -> Result<Small> {
    let Some((text, compression)) = plain_text(bytes)? else { return Ok(Small::Large) };
    if memchr::memchr2_iter(b',', b'\n', &text).count() > SMALL_SEPARATORS {
        return Ok(Small::Large);
    }
    // Counted before the first is added, which nothing takes back.
    let (mut counted, mut count) = (Documents::new(text.as_slice(), layout), 0);
    while counted.next().map_err(read_error)?.is_some() {
        count += 1;
        if count > SMALL_DOCUMENTS {
            return Ok(Small::Large);
        }
    }
    let mut documents = Documents::new(text.as_slice(), layout);
    let mut number = first;
    while let Some(piece) = documents.next().map_err(read_error)? {
        builder.add(&piece, Some(number));
        number += 1;
    }
    Ok(Small::Added { documents: number - first, compression })
}

/// What became of a small file.
pub(super) enum Small {
    /// It has so many documents.
    Added { documents: u64, compression: Compression },
    /// Decompressed it is no small file, or it has too many documents.
    Large,
}

/// The text of a small file; `None` if it is longer than that.
fn plain_text(bytes: &[u8]) -> Result<Option<(Vec<u8>, Compression)>> {
    let mut plain: Plain<'_> = open_plain(bytes)?;
    let mut text = Vec::new();
    plain.text.by_ref().take(SMALL_TEXT + 1).read_to_end(&mut text).map_err(read_error)?;
    if text.len() as u64 > SMALL_TEXT {
        return Ok(None);
    }
    plain.check_end()?;
    Ok(Some((text, plain.compression)))
}

/// A stored record of documents.
#[derive(Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) line: u64,
    pub(crate) part: u32,
    pub(crate) offset: u64,
    pub(crate) raw: &'a [u8],
    /// The key of its order, where it is the line alone.
    pub(crate) key: Option<i32>,
}

/// Decodes stored records to one batch, with their places.
pub(crate) fn decode_stored<'a>(
    stored: impl Iterator<Item = Stored<'a>>,
    limits: BatchLimits,
) -> Result<DocumentBatch> {
    let mut builder = Builder::new(limits)?;
    for Stored { line, part, offset, raw, key } in stored {
        let document = Document::new(raw.trim_ascii(), line, offset);
        match part {
            WHOLE => builder.add_whole(document),
            ORDER => builder.add_order_alone(document),
            part => builder.add_line_alone(document, part, key),
        }
    }
    Ok(builder.take())
}

#[cfg(test)]
mod tests;
