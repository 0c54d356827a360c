//! The root field of the demand forecast.

use entity::demand_forecast::Column;

use crate::catalog::column;
use crate::graphql::schema::model::{Argument, Only, RootField, RootValue, Takes};
use crate::graphql::types::DEMAND_FORECAST;

/// Most days of a period, some ten years.
const MOST_DAYS: i64 = 3_660;

const FROM: Argument =
    Argument { name: "from", ty: "Date!", description: "First date of the period." };
const TO: Argument = Argument {
    name: "to",
    ty: "Date!",
    description: "Last date of the period, which may have up to 3660 days. There is no forecast for \
                  dates later than 28 days after the last order date.",
};
const PRODUCT_IDS: Argument = Argument {
    name: "productIds",
    ty: "[Int!]",
    description: "Only of these products, at most 10000; without it, or null, of all. An empty list \
                  matches nothing.",
};
const ONLY_SHORTFALL: Argument = Argument {
    name: "onlyShortfall",
    ty: "Boolean",
    description: "True: only where less is available than predicted. By default all.",
};

fn only() -> Vec<Only> {
    vec![
        Only {
            argument: FROM.name,
            takes: Takes::Period { to: TO.name, most_days: MOST_DAYS },
            column: column(Column::Date),
        },
        Only {
            argument: PRODUCT_IDS.name,
            takes: Takes::Values,
            column: column(Column::ProductId),
        },
        Only {
            argument: ONLY_SHORTFALL.name,
            takes: Takes::Positive,
            column: column(Column::Shortfall),
        },
    ]
}

pub(super) fn fields() -> Vec<RootField> {
    vec![RootField {
        name: "demandForecast",
        description: "What is predicted to be sold of each product on each date of a period, beside \
                  what is available, by default ordered by date and productId. It is brought up to \
                  date at the end of each load run, if sales or the inventory have changed. Null only together with an error.",
        arguments: &[FROM, TO, PRODUCT_IDS, ONLY_SHORTFALL],
        value: RootValue::List { of: &DEMAND_FORECAST, only: only().leak() },
    }]
}
