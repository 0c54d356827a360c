//! The columns of a file.

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// What its values are.
    pub ty: Type,
    /// Whether a value may be missing.
    pub nullable: bool,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Boolean,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A decimal number.
    Decimal {
        /// Most digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// A decimal number of any digits.
    Number,
    /// A text.
    Text,
    /// A JSON value. If it is the only column, each row of JSON is the value itself.
    Json,
    /// A UUID.
    Uuid,
    /// A date.
    Date,
    /// A date and time without zone.
    LocalDateTime,
    /// A moment.
    DateTime,
    /// A list of whole numbers of 32 bits.
    Ints,
}
