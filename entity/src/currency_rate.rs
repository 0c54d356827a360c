//! `currency_rate`.

use sea_orm::entity::prelude::*;

codes! {
    /// Where a currency rate is from.
    RateSource: "String(StringLen::N(16))" {
        /// A file, Sales.CurrencyRate.
        Csv = "csv",
        /// The reference rates of the European Central Bank.
        Ecb = "ecb",
        /// A service that answers as Frankfurter does.
        Frankfurter = "frankfurter",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] = &[(Column::Source, &RateSource::CODES)];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "currency_rate",
    comment = "The exchange rate of a currency on a day, from a file (Sales.CurrencyRate) or as a public API \
               published it."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(
        comment = "Key of the rate in the source system; negative for rates of public APIs."
    )]
    pub currency_rate_id: i32,
    #[sea_orm(comment = "Day of the rate.")]
    pub currency_rate_date: DateTime,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "ISO code of the base currency, for instance USD.")]
    pub from_currency_code: String,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "ISO code of the target currency, for instance EUR.")]
    pub to_currency_code: String,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))", nullable)]
    #[sea_orm(
        comment = "What one unit of {from_currency_code} was worth on average over the day, in \
                   {to_currency_code}; null for rates of public APIs, which have a {published_rate}."
    )]
    pub average_rate: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))", nullable)]
    #[sea_orm(
        comment = "What one unit of {from_currency_code} was worth at the end of the day, in \
                   {to_currency_code}; null for rates of public APIs."
    )]
    pub end_of_day_rate: Option<Decimal>,
    #[sea_orm(column_type = "Decimal(Some((24, 12)))", nullable)]
    #[sea_orm(
        comment = "What one unit of {from_currency_code} was worth on the day, in {to_currency_code}, with \
                   every digit that a public API published; null for rates of files."
    )]
    pub published_rate: Option<Decimal>,
    #[sea_orm(
        comment = "When the source system last changed the row; for a rate of a public API when it was \
                         fetched, in UTC."
    )]
    pub modified_date: DateTime,
    #[sea_orm(comment = "Where the rate is from.")]
    pub source: RateSource,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(
        comment = "The object that keeps the answer of the public API; null for rates of files."
    )]
    pub raw_uri: Option<String>,
    #[sea_orm(comment = "When a public API answered with it; null for rates of files.")]
    pub fetched_at: Option<DateTimeUtc>,
    #[sea_orm(
        comment = "The version of the file the row was read from: load_file.id. Null for rates of \
                         public APIs."
    )]
    pub source_file_id: Option<i32>,
    #[sea_orm(
        comment = "Line of the file on which the record begins; the header is line 1. Null for rates of \
                         public APIs."
    )]
    pub source_line: Option<i64>,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
