//! Codes of currencies.

use std::fmt;

use crate::error::Result;
use crate::query::argument::bad_argument;

/// The code of a currency in ISO 4217, such as EUR.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// What amounts are stored in.
    pub const STORED: Self = Self(*b"USD");

    /// Reads a code, given as `argument`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` where it is not three capital letters.
    pub fn parse(code: &str, argument: &'static str) -> Result<Self> {
        let letters = <[u8; 3]>::try_from(code.as_bytes()).ok();
        letters.filter(|code| code.iter().all(u8::is_ascii_uppercase)).map(Self).ok_or_else(|| {
            let message =
                format!("{argument}: not a currency: three capital letters, such as EUR, are");
            bad_argument(argument, message)
        })
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::parse("EUR", "currency").unwrap().code(), "EUR");
        for wrong in ["", "eur", "EU", "EURO", "E R", "\u{c4}UR", "E'R"] {
            assert!(Currency::parse(wrong, "currency").is_err(), "{wrong}");
        }
    }
}
