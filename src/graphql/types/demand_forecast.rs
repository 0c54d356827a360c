//! `DemandForecast`.

use std::sync::LazyLock;

use entity::demand_forecast::{Column, Entity, Relation};

use super::PRODUCT;
use crate::graphql::schema::model::Type;

/// What is predicted of a product for a date.
pub(crate) static DEMAND_FORECAST: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("DemandForecast", |t| {
        t.columns([Date, ProductId, PredictedQuantity, BasisDays, AvailableQuantity, Shortfall]);
        t.one("product", &PRODUCT, Relation::Product, "The product.");
    })
});
