//! Whether sums stay within 38 digits. Engines differ in what they do beyond: DataFusion gives a
//! wrong number without an error.

use crate::error::{Code, Error, Result};
use crate::lake::Question;
use crate::lake::curated::SalesScan;

/// What a column holds at most of which nothing is known: it has 19 digits.
const GREATEST: u128 = 10_u128.pow(19);
/// What sums must stay below.
const LIMIT: u128 = 10_u128.pow(38);

/// Checks the sums of squares, by what the metadata say of the columns. A plain sum has the room
/// of ten digits more than its column, for as many lines.
pub(super) fn check(scan: &SalesScan, question: &Question) -> Result<()> {
    let rows: i64 = scan.files.iter().map(|file| file.rows).sum();
    let rows = u128::from(rows.unsigned_abs());
    for column in &question.squares {
        let greatest = scan.files.iter().map(|file| {
            let bounds = file.bounds_of(column);
            bounds.map_or(GREATEST, |(least, most)| least.unsigned_abs().max(most.unsigned_abs()))
        });
        let greatest = greatest.max().unwrap_or_default();
        let sum = greatest.checked_mul(greatest).and_then(|square| square.checked_mul(rows));
        if sum.is_none_or(|sum| sum >= LIMIT) {
            let message = format!(
                "the squares of {column} may add up to more than 38 digits: ask for the standard \
                 deviation with engine: POSTGRES"
            );
            return Err(Error::new(Code::LakeLimit, message));
        }
    }
    Ok(())
}
