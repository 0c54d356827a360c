//! Comparing a decimal column with a number that may have more digits than the column.

use super::super::decimal::{DIGITS, Scaled, scaled};
use super::condition::Compiler;
use crate::error::Result;
use crate::lake::Bound;
use crate::query::condition::Comparison;

impl Compiler<'_> {
    /// Whether a column with so many digits after the point compares so with a number.
    pub(super) fn compare_decimal(
        &mut self,
        column: &str,
        scale: u8,
        comparison: Comparison,
        number: &str,
    ) -> Result<String> {
        let Some(scaled) = scaled(number, scale)? else {
            // Beyond what the column can hold.
            let is_negative = number.trim_start().starts_with('-');
            let holds = match comparison {
                Comparison::Eq => false,
                Comparison::Ne => true,
                Comparison::Lt | Comparison::Lte => !is_negative,
                Comparison::Gt | Comparison::Gte => is_negative,
            };
            return Ok(if holds { format!("({column} IS NOT NULL)") } else { "FALSE".to_owned() });
        };
        let operator = match (comparison, scaled.is_exact) {
            (Comparison::Eq, true) => "=",
            (Comparison::Ne, true) => "<>",
            (Comparison::Eq, false) => return Ok("FALSE".to_owned()),
            (Comparison::Ne, false) => return Ok(format!("({column} IS NOT NULL)")),
            (Comparison::Lt, true) => "<",
            (Comparison::Gte, true) => ">=",
            // Between the floor and the number there is no value of the column.
            (Comparison::Lte, _) | (Comparison::Lt, false) => "<=",
            (Comparison::Gt, _) | (Comparison::Gte, false) => ">",
        };
        let bound = self.decimal(scaled.floor, scale)?;
        Ok(format!("({column} {operator} {bound})"))
    }

    /// The number as a value of such a column, if it is one.
    pub(super) fn decimal_value(&mut self, number: &str, scale: u8) -> Result<Option<String>> {
        match scaled(number, scale)? {
            Some(Scaled { floor, is_exact: true }) => self.decimal(floor, scale).map(Some),
            _ => Ok(None),
        }
    }

    fn decimal(&mut self, digits: i128, scale: u8) -> Result<String> {
        let number = self.bind(Bound::Decimal(digits.to_string(), scale))?;
        Ok(format!("CAST({number} AS DECIMAL({DIGITS}, {scale}))"))
    }
}
