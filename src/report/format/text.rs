//! Values as text, the same in all formats that are text.

use super::cell::Cell;
use super::number::integer;
use super::time;
use crate::error::{Error, Result};

/// A UUID.
pub(super) fn uuid(out: &mut Vec<u8>, bytes: [u8; 16]) {
    let mut buffer = uuid::Uuid::encode_buffer();
    out.extend_from_slice(
        uuid::Uuid::from_bytes(bytes).hyphenated().encode_lower(&mut buffer).as_bytes(),
    );
}

/// Whole numbers, as JSON.
pub(super) fn integers(out: &mut Vec<u8>, list: &[i32]) {
    out.push(b'[');
    for (index, number) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        integer(out, i64::from(*number));
    }
    out.push(b']');
}

/// A date or time.
///
/// # Errors
/// `INTERNAL` when it is infinite.
pub(super) fn moment(out: &mut Vec<u8>, cell: &Cell<'_>) -> Result<()> {
    match cell {
        Cell::Date(i32::MIN | i32::MAX)
        | Cell::LocalDateTime(i64::MIN | i64::MAX)
        | Cell::DateTime(i64::MIN | i64::MAX) => {
            return Err(Error::internal("a date is infinite"));
        }
        Cell::Date(days) => time::date(out, i64::from(*days)),
        Cell::LocalDateTime(micros) => time::date_time(out, *micros),
        Cell::DateTime(micros) => {
            time::date_time(out, *micros);
            out.push(b'Z');
        }
        _ => return Err(Error::internal("a value is no date")),
    }
    Ok(())
}
