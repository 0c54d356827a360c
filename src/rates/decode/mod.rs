//! Applies the schema to an answer: what fits is a rate, what does not a misfit with its
//! reason. What the same answer gives is always the same, whenever it is read.

mod collector;
mod ecb;
mod frankfurter;
mod number;
mod parts;

use self::collector::Collector;
use super::raw::RawAnswer;
use crate::config::RatesDialect;

pub(super) use number::{SCALE, shown};
pub(super) use parts::{Decoded, Misfit, PublishedRate, Reason};

/// Decodes an answer.
pub(super) fn decode(raw: &RawAnswer) -> Decoded {
    if raw.status != 200 {
        let message = format!("the status is {}, expected 200", raw.status);
        return Decoded {
            rates: Vec::new(),
            misfits: vec![Misfit::whole(Reason::Status, message)],
        };
    }
    let mut collector = Collector::new(&raw.request, raw.fetched_at);
    let read = match raw.dialect {
        RatesDialect::Ecb => ecb::read(&raw.body, &mut collector),
        RatesDialect::Frankfurter => frankfurter::read(&raw.body, &mut collector),
    };
    match read {
        Ok(()) => collector.done(),
        // Of an answer that is cut off or of another shape nothing is believed.
        Err(misfit) => Decoded { rates: Vec::new(), misfits: vec![misfit] },
    }
}
