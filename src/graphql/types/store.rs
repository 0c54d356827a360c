//! `Store`.

use super::CUSTOMER;
use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_STORE;
use crate::graphql::schema::model::{Aggregate, Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, ToMany, tables};

/// A store: a customer, or whom a customer buys for (Sales.Store).
pub(crate) static STORE: Entity = Entity {
    table: &tables::STORE,
    shape: Shape {
        name: "Store",
        description: "A store: a customer, or whom a customer buys for (Sales.Store).",
        fields: &[
            Field::id(),
            Field::column(
                "businessEntityId",
                Column::new("business_entity_id", Kind::Int),
                "Key of the store in the source system.",
            ),
            Field::column("name", Column::new("name", Kind::Text), "Name of the store."),
            Field::column(
                "salesPersonId",
                Column::new("sales_person_id", Kind::Int).nullable(),
                "The sales person in the source system; null when none is assigned.",
            ),
            Field::column(
                "demographics",
                Column::new("demographics", Kind::Text).nullable(),
                "Survey, XML as delivered; null when there is none.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::many(
                "customers",
                &CUSTOMER,
                &[Column::new("store_id", Kind::Int)],
                "Customers that are the store, or buy for it.",
            ),
            Field::sales(&OF_STORE, "What the order lines of the store's customers come to."),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[Aggregate {
            name: "CUSTOMER_COUNT",
            description: "By the number of its customers.",
            of: ToMany { table: &tables::CUSTOMER, by: &[Column::new("store_id", Kind::Int)] },
            sum: None,
        }],
        ..Inputs::NONE
    },
};
