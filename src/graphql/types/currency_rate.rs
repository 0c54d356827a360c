//! `CurrencyRate`.

use std::sync::LazyLock;

use entity::currency_rate::{Column, Entity};
use entity::sales_order;

use super::SALES_ORDER;
use super::common::source_of_file;
use crate::graphql::schema::model::Type;

/// The exchange rate of a currency on a day (Sales.CurrencyRate).
pub(crate) static CURRENCY_RATE: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("CurrencyRate", |t| {
        t.by_key();
        t.optional_list("currencyRates", "All currency rates");
        t.columns([
            CurrencyRateId, CurrencyRateDate, FromCurrencyCode, ToCurrencyCode, AverageRate,
            EndOfDayRate, PublishedRate, ModifiedDate,
        ]);
        t.column_as("rateSource", Source);
        t.columns([FetchedAt]);
        t.many(
            "orders",
            &SALES_ORDER,
            sales_order::Relation::CurrencyRate,
            "Orders that were exchanged at the rate.",
        );
        source_of_file(t, SourceFileId);
        t.order_by_count("ORDER_COUNT", sales_order::Relation::CurrencyRate, "orders");
    })
});
