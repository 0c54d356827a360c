//! `Product`.

use std::sync::LazyLock;

use entity::product::{Column, Entity};
use entity::{product_inventory, sales_order_line, special_offer_product};

use super::common::{sales, source};
use super::{PRODUCT_INVENTORY, SALES_ORDER_LINE, SPECIAL_OFFER_PRODUCT};
use crate::graphql::schema::model::Type;

/// A product that is sold, or used to make others (Production.Product).
pub(crate) static PRODUCT: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Product", |t| {
        t.by_key();
        t.list("products", "All products");
        t.columns([
            ProductId, Name, ProductNumber, MakeFlag, FinishedGoodsFlag, Color, SafetyStockLevel,
            ReorderPoint, StandardCost, ListPrice, Size, SizeUnitMeasureCode,
            WeightUnitMeasureCode, Weight, DaysToManufacture, ProductLine, Class, Style,
            ProductSubcategoryId, ProductModelId, SellStartDate, SellEndDate, DiscontinuedDate,
            Rowguid, ModifiedDate,
        ]);
        t.many(
            "lines",
            &SALES_ORDER_LINE,
            sales_order_line::Relation::Product,
            "Order lines that sell it.",
        );
        t.many(
            "specialOffers",
            &SPECIAL_OFFER_PRODUCT,
            special_offer_product::Relation::Product,
            "Special offers that hold for it.",
        );
        sales(t, &[], [sales_order_line::Column::ProductId], "Sales totals over its order lines.");
        t.many(
            "inventory",
            &PRODUCT_INVENTORY,
            product_inventory::Relation::Product,
            "Where how many pieces of it lie; empty while no inventory is loaded.",
        );
        source(t);
        t.order_by_count("LINE_COUNT", sales_order_line::Relation::Product, "lines");
        t.order_by_sum(
            "QUANTITY_SOLD",
            sales_order_line::Relation::Product,
            sales_order_line::Column::OrderQuantity,
            "lines",
        );
        t.order_by_sum(
            "SALES_TOTAL",
            sales_order_line::Relation::Product,
            sales_order_line::Column::LineTotal,
            "lines",
        );
        t.order_by_sum(
            "INVENTORY_QUANTITY",
            product_inventory::Relation::Product,
            product_inventory::Column::Quantity,
            "inventory",
        );
    })
});
