//! `SpecialOfferProduct`.

use std::sync::LazyLock;

use entity::sales_order_line;
use entity::special_offer_product::{Column, Entity, Relation};

use super::common::{sales, source};
use super::{PRODUCT, SALES_ORDER_LINE};
use crate::graphql::schema::model::Type;

/// A product for which a special offer holds (Sales.SpecialOfferProduct).
pub(crate) static SPECIAL_OFFER_PRODUCT: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("SpecialOfferProduct", |t| {
        t.list("specialOfferProducts", "All products of special offers");
        t.columns([SpecialOfferId, ProductId, Rowguid, ModifiedDate]);
        t.one("product", &PRODUCT, Relation::Product, "The product.");
        t.many(
            "lines",
            &SALES_ORDER_LINE,
            sales_order_line::Relation::SpecialOfferProduct,
            "Order lines that sell the product under the offer.",
        );
        sales(
            t,
            &[],
            [sales_order_line::Column::SpecialOfferId, sales_order_line::Column::ProductId],
            "Sales totals over the order lines that sell the product under the offer.",
        );
        source(t);
        let lines = || sales_order_line::Relation::SpecialOfferProduct;
        t.order_by_count("LINE_COUNT", lines(), "lines");
        t.order_by_sum("QUANTITY_SOLD", lines(), sales_order_line::Column::OrderQuantity, "lines");
        t.order_by_sum("SALES_TOTAL", lines(), sales_order_line::Column::LineTotal, "lines");
    })
});
