//! Amounts in another currency, by the rate of the day.
//!
//! The function `conversion_rate` in Postgres knows the rates: a numerator and a denominator,
//! so that nothing is rounded before the amount is. Of a day without a rate they are NaN, which
//! no sum loses on its way.

use chrono::NaiveDateTime;

use crate::auth::Scope;
use crate::catalog::{Column, Kind, Table};
use crate::error::Result;
use crate::query::aggregate::MeasureForm;
use crate::query::currency::Currency;
use crate::query::executor::Reader;
use crate::query::row::Row;
use crate::query::sql::statement::Statement;

/// An amount and its day, to be converted; `None` where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// Digits with an optional sign and point.
    pub amount: Option<String>,
    /// When.
    pub day: Option<NaiveDateTime>,
}

/// The columns of a converted amount, in the order in which they are read.
pub static CONVERTED_AMOUNT: Table = Table::derived(
    "converted_amount",
    &[
        Column::derived("currency", Kind::Text),
        Column::derived("amount", Kind::Decimal).nullable(),
        Column::derived("rate", Kind::Decimal).nullable(),
        Column::derived("rate_date", Kind::LocalDateTime).nullable(),
        Column::derived("reason", Kind::Text).nullable(),
    ],
);

impl Reader {
    /// Each of these amounts in a currency: rows of [`CONVERTED_AMOUNT`] in their order,
    /// decimals in this form.
    ///
    /// # Errors
    /// As any query.
    pub async fn convert(
        &self,
        scope: &Scope,
        amounts: Vec<Amount>,
        currency: Currency,
        form: MeasureForm,
    ) -> Result<Vec<Row>> {
        let (amounts, days): (Vec<_>, Vec<_>) =
            amounts.into_iter().map(|one| (one.amount, one.day)).unzip();
        let decimal = match form {
            MeasureForm::Text => "::text",
            MeasureForm::Number => "::numeric",
        };
        let mut statement = Statement::new(scope);
        let code = statement.add(currency.code().to_owned())?;
        statement.push("SELECT $").number(code).push("::text, ");
        // At least the digits of a stored amount, and more only where they are not zero.
        statement.push("nullif(round(exact, greatest(min_scale(exact), 4)), 'NaN')").push(decimal);
        statement.push(", nullif(trim_scale(rate.numerator / rate.denominator), 'NaN')");
        statement.push(decimal).push(", rate.rate_date, CASE WHEN exact = 'NaN' THEN ");
        statement.push("'no rate from ").push(Currency::STORED.code()).push(" to ' || $");
        statement
            .number(code)
            .push(" || ' on or before ' || to_char(given.day, 'YYYY-MM-DD') END ");
        statement.push("FROM unnest(").bind(amounts)?.push("::text[]::numeric[], ").bind(days)?;
        statement.push("::timestamp[]) WITH ORDINALITY AS given (amount, day, place) ");
        statement.push("CROSS JOIN LATERAL conversion_rate($").number(code);
        statement.push(", given.day) AS rate CROSS JOIN LATERAL ");
        statement
            .push("(SELECT given.amount * rate.numerator / rate.denominator AS exact) AS made ");
        statement.push("ORDER BY given.place");
        Ok(statement.fetch_all(self).await?.into_iter().map(Row::new).collect())
    }
}
