//! `ProductInventory`.

use super::PRODUCT;
use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use crate::graphql::schema::model::{Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, tables};

/// How many pieces of a product lie where (Production.ProductInventory).
pub(crate) static PRODUCT_INVENTORY: Entity = Entity {
    table: &tables::PRODUCT_INVENTORY,
    shape: Shape {
        name: "ProductInventory",
        description: "How many pieces of a product lie where (Production.ProductInventory).",
        fields: &[
            Field::id(),
            Field::column("productId", Column::new("product_id", Kind::Int), "Key of the product."),
            Field::column(
                "locationId",
                Column::new("location_id", Kind::Int),
                "The place in the source system.",
            ),
            Field::column(
                "shelf",
                Column::new("shelf", Kind::Text),
                "Shelf of the place; N/A where it has none.",
            ),
            Field::column("bin", Column::new("bin", Kind::Small), "Bin on the shelf, 0 to 100."),
            Field::column(
                "quantity",
                Column::new("quantity", Kind::Small),
                "Quantity there, in pieces.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::one(
                "product",
                &PRODUCT,
                &[Column::new("product_id", Kind::Int)],
                "The product.",
            ),
            SOURCE,
        ],
    },
    inputs: Inputs::NONE,
};
