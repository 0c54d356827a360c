//! `source_failure`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "source_failure",
    comment = "What a public API answered that does not fit the schema: a whole answer, or a part of it."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "UUID of the failure, and of its object among the dead letters.")]
    pub id: Uuid,
    #[sea_orm(column_type = "String(StringLen::N(63))")]
    #[sea_orm(comment = "What was asked for: currency_rates.")]
    pub dataset: String,
    #[sea_orm(column_type = "String(StringLen::N(16))")]
    #[sea_orm(comment = "The API that was asked: ecb or frankfurter.")]
    pub source: String,
    #[sea_orm(column_type = "Text", comment = "The URL that answered.")]
    pub url: String,
    #[sea_orm(comment = "HTTP status of the answer.")]
    pub status: i32,
    #[sea_orm(column_type = "Text", comment = "Where the answer is kept as it came.")]
    pub raw_uri: String,
    #[sea_orm(column_type = "Text", comment = "Where the dead letter is.")]
    pub dead_uri: String,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(
        comment = "The part at fault, such as 2024-01-02 EUR USD; null where the whole answer is."
    )]
    pub item: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(32))")]
    #[sea_orm(comment = "Constant reason code, such as not_positive.")]
    pub reason: String,
    #[sea_orm(column_type = "Text", comment = "What was found and what was expected.")]
    pub message: String,
    #[sea_orm(column_type = "Text", nullable, comment = "The value at fault, if there is one.")]
    pub value: Option<String>,
    #[sea_orm(comment = "When the answer came.")]
    pub fetched_at: DateTimeUtc,
    #[sea_orm(comment = "When it was found not to fit.")]
    pub failed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
