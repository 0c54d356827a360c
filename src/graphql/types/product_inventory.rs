//! `ProductInventory`.

use std::sync::LazyLock;

use entity::product_inventory::{Column, Entity, Relation};

use super::PRODUCT;
use super::common::source;
use crate::graphql::schema::model::Type;

/// The stock of a product at a location (Production.ProductInventory).
pub(crate) static PRODUCT_INVENTORY: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("ProductInventory", |t| {
        t.by_key();
        t.optional_list("productInventories", "All inventory of products");
        t.columns([ProductId, LocationId, Shelf, Bin, Quantity, Rowguid, ModifiedDate]);
        t.one("product", &PRODUCT, Relation::Product, "The product.");
        source(t);
    })
});
