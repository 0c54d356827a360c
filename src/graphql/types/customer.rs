//! `Customer`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_CUSTOMER;
use super::{PERSON, SALES_ORDER, STORE, TERRITORY};
use crate::graphql::schema::model::{Aggregate, Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, ToMany, tables};

/// A customer: a person, a store, or a person who buys for a store (Sales.Customer).
pub(crate) static CUSTOMER: Entity = Entity {
    table: &tables::CUSTOMER,
    shape: Shape {
        name: "Customer",
        description: "A customer: a person, a store, or a person who buys for a store (Sales.Customer).",
        fields: &[
            Field::id(),
            Field::column(
                "customerId",
                Column::new("customer_id", Kind::Int),
                "Key of the customer in the source system.",
            ),
            Field::column(
                "personId",
                Column::new("person_id", Kind::Int).nullable(),
                "Key of the person; null for a store without a contact.",
            ),
            Field::column(
                "storeId",
                Column::new("store_id", Kind::Int).nullable(),
                "Key of the store; null for an individual.",
            ),
            Field::column(
                "territoryId",
                Column::new("territory_id", Kind::Int).nullable(),
                "Key of the sales territory; null when none is assigned.",
            ),
            Field::column(
                "accountNumber",
                Column::new("account_number", Kind::Text),
                "Account number, AW and eight digits.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::one(
                "person",
                &PERSON,
                &[Column::new("person_id", Kind::Int).nullable()],
                "The person; null for a store without a contact.",
            ),
            Field::one(
                "store",
                &STORE,
                &[Column::new("store_id", Kind::Int).nullable()],
                "The store; null for an individual, and while it is not loaded.",
            ),
            Field::one(
                "territory",
                &TERRITORY,
                &[Column::new("territory_id", Kind::Int).nullable()],
                "The sales territory; null when none is assigned, and while it is not loaded.",
            ),
            Field::many(
                "orders",
                &SALES_ORDER,
                &[Column::new("customer_id", Kind::Int)],
                "Orders of the customer.",
            ),
            Field::sales(&OF_CUSTOMER, "What the customer's order lines come to."),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[
            Aggregate {
                name: "ORDER_COUNT",
                description: "By the number of its orders.",
                of: ToMany {
                    table: &tables::SALES_ORDER,
                    by: &[Column::new("customer_id", Kind::Int)],
                },
                sum: None,
            },
            Aggregate {
                name: "ORDER_TOTAL",
                description: "By the sum of totalDue of its orders; 0 without orders.",
                of: ToMany {
                    table: &tables::SALES_ORDER,
                    by: &[Column::new("customer_id", Kind::Int)],
                },
                sum: Some(Column::new("total_due", Kind::Decimal)),
            },
        ],
        ..Inputs::NONE
    },
};
