//! Finds a document in a file.

use std::io::Read;
use std::ops::Range;

use super::name::{Layout, layout};
use super::split::Documents;
use crate::error::Result;
use crate::load::decode::{Compression, Plain, open_plain, read_error};

/// Which document of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// The one at this line, or with this number, as the ledger counts them in a file alone.
    Line(u64),
    /// The one after so many.
    After(u64),
}

/// The bytes of a document in the text of a file; `None` if it has none such.
///
/// # Errors
/// That of reading the file.
pub(crate) fn find_document(
    key: &str,
    input: impl Read,
    wanted: Wanted,
) -> Result<Option<(Range<u64>, Compression)>> {
    let Plain { text, compression, .. } = open_plain(input)?;
    let mut documents = Documents::new(text, layout(key).unwrap_or(Layout::Json));
    let mut before = 0;
    while let Some(piece) = documents.next().map_err(read_error)? {
        let is_wanted = match wanted {
            Wanted::Line(line) => piece.line == line,
            Wanted::After(count) => before == count,
        };
        if is_wanted {
            let end = piece.offset + piece.text.len() as u64;
            return Ok(Some((piece.offset..end, compression)));
        }
        before += 1;
    }
    Ok(None)
}
