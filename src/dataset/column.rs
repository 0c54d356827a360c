//! The vocabulary in which a dataset describes its columns.

/// One column of a source table.
#[derive(Debug)]
pub struct Column {
    /// Its name in the file's header.
    pub source: &'static str,
    /// Its name in Postgres.
    pub name: &'static str,
    /// Its type and bounds.
    pub kind: Kind,
    /// Whether a row without a value is rejected.
    pub required: bool,
}

/// The type of a column with the bounds its values must keep.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `smallint` within these bounds.
    SmallInt {
        /// Least value.
        min: i16,
        /// Greatest value.
        max: i16,
    },
    /// `integer` within these bounds.
    Integer {
        /// Least value.
        min: i32,
        /// Greatest value.
        max: i32,
    },
    /// `boolean`, in the files 0 or 1.
    Boolean,
    /// `varchar(max)` or `text`: at most so many characters.
    Text {
        /// Greatest number of characters.
        max: usize,
    },
    /// `varchar` that is one of these codes; padding blanks are taken off.
    Code(&'static [&'static str]),
    /// `varchar(max)` that the source pads with blanks; they are taken off.
    Padded {
        /// Greatest number of characters without the padding.
        max: usize,
    },
    /// `numeric(precision, scale)`.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the decimal mark.
        scale: u8,
        /// Bounds.
        range: DecimalRange,
    },
    /// `timestamp` without time zone; digits beyond microseconds are cut.
    Timestamp,
    /// `uuid`.
    Uuid,
}

/// Bounds of a decimal column.
#[derive(Debug, Clone, Copy)]
pub enum DecimalRange {
    /// Any value of the precision.
    Any,
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
    /// From 0 to 1.
    Fraction,
}

/// What must hold between the columns of one row; columns by SQL name.
#[derive(Debug)]
pub enum Check {
    /// `total` is the exact sum of `parts`, all of one scale.
    Sum {
        /// The total, which is named as the column at fault.
        total: &'static str,
        /// What it is the sum of.
        parts: &'static [&'static str],
    },
    /// `total` is price * (1 - discount) * quantity, rounded to the total's scale.
    LineTotal {
        /// The total, which is named as the column at fault.
        total: &'static str,
        /// Price of one.
        price: &'static str,
        /// Discount from 0 to 1.
        discount: &'static str,
        /// How many.
        quantity: &'static str,
    },
    /// `date`, where there is one, is not before `earliest`.
    NotBefore {
        /// The later one, which is named as the column at fault.
        date: &'static str,
        /// The earlier one.
        earliest: &'static str,
    },
    /// At least one of these has a value; the first is named as the one at fault.
    AnyOf(&'static [&'static str]),
}

impl Check {
    /// Every column the check reads, by SQL name; the one at fault first.
    #[must_use]
    pub fn columns(&self) -> Vec<&'static str> {
        match self {
            Self::Sum { total, parts } => [&[*total], *parts].concat(),
            Self::LineTotal { total, price, discount, quantity } => {
                vec![*total, *price, *discount, *quantity]
            }
            Self::NotBefore { date, earliest } => vec![*date, *earliest],
            Self::AnyOf(columns) => columns.to_vec(),
        }
    }
}
