//! Root fields of the sales data.

use async_graphql::Object;

use crate::graphql::output::{ByKey, Listing};
use crate::graphql::types::{
    Customer, Person, Product, SalesOrder, SalesOrderLine, SpecialOfferProduct,
};

/// Sales data.
#[derive(Debug, Default)]
pub(super) struct SalesQuery;

/// Reads sales data.
#[Object]
impl SalesQuery {
    /// The person with this key; null when there is none.
    async fn person(
        &self,
        #[graphql(desc = "Key of the person.")] business_entity_id: i32,
    ) -> Option<ByKey<Person>> {
        Some(ByKey::new([business_entity_id]))
    }

    /// The product with this key; null when there is none.
    async fn product(
        &self,
        #[graphql(desc = "Key of the product.")] product_id: i32,
    ) -> Option<ByKey<Product>> {
        Some(ByKey::new([product_id]))
    }

    /// The customer with this key; null when there is none.
    async fn customer(
        &self,
        #[graphql(desc = "Key of the customer.")] customer_id: i32,
    ) -> Option<ByKey<Customer>> {
        Some(ByKey::new([customer_id]))
    }

    /// The order with this key; null when there is none.
    async fn sales_order(
        &self,
        #[graphql(desc = "Key of the order.")] sales_order_id: i32,
    ) -> Option<ByKey<SalesOrder>> {
        Some(ByKey::new([sales_order_id]))
    }

    /// The order line with this key; null when there is none.
    async fn sales_order_line(
        &self,
        #[graphql(desc = "Key of the order.")] sales_order_id: i32,
        #[graphql(desc = "Number of the line in the source system.")] sales_order_detail_id: i32,
    ) -> Option<ByKey<SalesOrderLine>> {
        Some(ByKey::new([sales_order_id, sales_order_detail_id]))
    }

    /// All persons, ordered by businessEntityId. Null only together with an error.
    async fn persons(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<Person>> {
        Some(Listing::new("persons", first, after))
    }

    /// All products, ordered by productId. Null only together with an error.
    async fn products(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<Product>> {
        Some(Listing::new("products", first, after))
    }

    /// All customers, ordered by customerId. Null only together with an error.
    async fn customers(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<Customer>> {
        Some(Listing::new("customers", first, after))
    }

    /// All orders, ordered by salesOrderId. Null only together with an error.
    async fn sales_orders(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<SalesOrder>> {
        Some(Listing::new("salesOrders", first, after))
    }

    /// All order lines, ordered by salesOrderId and salesOrderDetailId. Null only together with an error.
    async fn sales_order_lines(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<SalesOrderLine>> {
        Some(Listing::new("salesOrderLines", first, after))
    }

    /// All products of special offers, ordered by specialOfferId and productId. Null only together with an error.
    async fn special_offer_products(
        &self,
        #[graphql(desc = "Most rows of the page: 0 to 1000, by default 50.")] first: Option<i32>,
        #[graphql(desc = "Cursor of the row the page comes after; by default the beginning.")]
        after: Option<String>,
    ) -> Option<Listing<SpecialOfferProduct>> {
        Some(Listing::new("specialOfferProducts", first, after))
    }
}
