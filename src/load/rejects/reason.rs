//! Why a row was rejected.

/// A constant code of the API, never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The record has too few or too many fields.
    FieldCount,
    /// A quoted field is never closed.
    UnbalancedQuote,
    /// A quoted field has a quote inside that is not doubled, or text after its end.
    StrayQuote,
    /// The record is longer than the limit.
    RecordTooLong,
    /// Invalid UTF-8, or a NUL character.
    InvalidEncoding,
    /// A required column has no value.
    MissingValue,
    /// Not an integer.
    InvalidInteger,
    /// Not a decimal number.
    InvalidDecimal,
    /// A number that may be read in two ways, or not with the column's decimal mark.
    AmbiguousDecimal,
    /// Neither 0 nor 1.
    InvalidBoolean,
    /// Not a date and time.
    InvalidTimestamp,
    /// Not a GUID.
    InvalidUuid,
    /// A number outside the column's range.
    OutOfRange,
    /// More decimals than the column stores.
    TooManyDecimals,
    /// More characters than the column stores.
    TooLong,
    /// Not one of the column's codes.
    UnknownCode,
    /// The columns of the row contradict each other.
    CheckFailed,
    /// Not a JSON document.
    InvalidJson,
    /// A JSON value of another type than the column's.
    WrongType,
    /// A member of a JSON object that is there twice.
    DuplicateMember,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::FieldCount,
        Self::UnbalancedQuote,
        Self::StrayQuote,
        Self::RecordTooLong,
        Self::InvalidEncoding,
        Self::MissingValue,
        Self::InvalidInteger,
        Self::InvalidDecimal,
        Self::AmbiguousDecimal,
        Self::InvalidBoolean,
        Self::InvalidTimestamp,
        Self::InvalidUuid,
        Self::OutOfRange,
        Self::TooManyDecimals,
        Self::TooLong,
        Self::UnknownCode,
        Self::CheckFailed,
        Self::InvalidJson,
        Self::WrongType,
        Self::DuplicateMember,
    ];

    /// The code as stored and shown, for instance `invalid_integer`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FieldCount => "field_count",
            Self::UnbalancedQuote => "unbalanced_quote",
            Self::StrayQuote => "stray_quote",
            Self::RecordTooLong => "record_too_long",
            Self::InvalidEncoding => "invalid_encoding",
            Self::MissingValue => "missing_value",
            Self::InvalidInteger => "invalid_integer",
            Self::InvalidDecimal => "invalid_decimal",
            Self::AmbiguousDecimal => "ambiguous_decimal",
            Self::InvalidBoolean => "invalid_boolean",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::InvalidUuid => "invalid_uuid",
            Self::OutOfRange => "out_of_range",
            Self::TooManyDecimals => "too_many_decimals",
            Self::TooLong => "too_long",
            Self::UnknownCode => "unknown_code",
            Self::CheckFailed => "check_failed",
            Self::InvalidJson => "invalid_json",
            Self::WrongType => "wrong_type",
            Self::DuplicateMember => "duplicate_member",
        }
    }
}

/// What is wrong with a row: the first fault in the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The column's name in the file; `None` if the whole record is invalid.
    pub column: Option<&'static str>,
    /// The code.
    pub reason: Reason,
    /// What was found and what was expected.
    pub message: String,
}
