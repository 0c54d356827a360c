//! `CurrencyRate`.

use super::SALES_ORDER;
use super::common::{MODIFIED_DATE, SOURCE};
use crate::graphql::schema::model::{Aggregate, Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, ToMany, tables};

/// What a currency was worth on a day (Sales.CurrencyRate).
pub(crate) static CURRENCY_RATE: Entity = Entity {
    table: &tables::CURRENCY_RATE,
    shape: Shape {
        name: "CurrencyRate",
        description: "What a currency was worth on a day (Sales.CurrencyRate).",
        fields: &[
            Field::id(),
            Field::column(
                "currencyRateId",
                Column::new("currency_rate_id", Kind::Int),
                "Key of the rate in the source system.",
            ),
            Field::column(
                "currencyRateDate",
                Column::new("currency_rate_date", Kind::LocalDateTime),
                "The day the rate is of.",
            ),
            Field::column(
                "fromCurrencyCode",
                Column::new("from_currency_code", Kind::Text),
                "ISO code of the currency that is exchanged, for instance USD.",
            ),
            Field::column(
                "toCurrencyCode",
                Column::new("to_currency_code", Kind::Text),
                "ISO code of the currency that is got, for instance EUR.",
            ),
            Field::column(
                "averageRate",
                Column::new("average_rate", Kind::Decimal),
                "What one unit of fromCurrencyCode was worth on average over the day, in toCurrencyCode.",
            ),
            Field::column(
                "endOfDayRate",
                Column::new("end_of_day_rate", Kind::Decimal),
                "What one unit of fromCurrencyCode was worth at the end of the day, in toCurrencyCode.",
            ),
            MODIFIED_DATE,
            Field::many(
                "orders",
                &SALES_ORDER,
                &[Column::new("currency_rate_id", Kind::Int)],
                "Orders that were exchanged at the rate.",
            ),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[Aggregate {
            name: "ORDER_COUNT",
            description: "By the number of its orders.",
            of: ToMany {
                table: &tables::SALES_ORDER,
                by: &[Column::new("currency_rate_id", Kind::Int)],
            },
            sum: None,
        }],
        ..Inputs::NONE
    },
};
