//! `currency_rate`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "currency_rate",
    comment = "The exchange rate of a currency on a day (Sales.CurrencyRate)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the rate in the source system.")]
    pub currency_rate_id: i32,
    #[sea_orm(comment = "Day of the rate.")]
    pub currency_rate_date: DateTime,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "ISO code of the base currency, for instance USD.")]
    pub from_currency_code: String,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "ISO code of the target currency, for instance EUR.")]
    pub to_currency_code: String,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(
        comment = "What one unit of {from_currency_code} was worth on average over the day, in \
                   {to_currency_code}."
    )]
    pub average_rate: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(
        comment = "What one unit of {from_currency_code} was worth at the end of the day, in \
                   {to_currency_code}."
    )]
    pub end_of_day_rate: Decimal,
    #[sea_orm(comment = "When the source system last changed the row.")]
    pub modified_date: DateTime,
    #[sea_orm(comment = "The version of the file the row was read from: load_file.id.")]
    pub source_file_id: i32,
    #[sea_orm(comment = "Line of the file on which the record begins; the header is line 1.")]
    pub source_line: i64,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
