//! `SalesGroup`: sales put together, and what is measured of them.

use super::product::{PRODUCT_CLASS, PRODUCT_LINE};
use super::sales_measures::SALES_MEASURES;
use super::sales_order::ORDER_STATUS;
use super::{CUSTOMER, PERSON, PRODUCT, STORE, TERRITORY};
use crate::graphql::schema::model::{Entity, Field, FieldValue, Inputs, Shape};
use crate::query::aggregate::{SALES_GROUP as GROUPS, dimension};
use crate::query::{Column, Kind};

/// Order lines put together. It is made for each query and has no id.
pub(crate) static SALES_GROUP: Entity = Entity {
    table: &GROUPS,
    shape: Shape {
        name: "SalesGroup",
        description: "Order lines put together, and what is measured of them.",
        fields: &[
            Field::group("key", &KEY, "What these lines have in common."),
            Field {
                name: "measures",
                description: "What is measured of them. May be selected several times under \
                              aliases, with a filter each, to compare parts of the group.",
                value: FieldValue::Measures(&SALES_MEASURES),
            },
        ],
    },
    inputs: Inputs::NONE,
};

static KEY: Shape = Shape {
    name: "SalesGroupKey",
    description: "What the order lines of a group have in common: a value for each dimension of \
                  groupBy. The others are null, as is a value that the sales do not have: such \
                  sales are a group, too.",
    fields: &[
        Field::one("product", &PRODUCT, &[key("product_id")], "The product."),
        Field::code(
            "productLine",
            Column::new("product_line", Kind::Text).nullable(),
            &PRODUCT_LINE,
            "Line of the product; null also where the product has none.",
        ),
        Field::code(
            "productClass",
            Column::new("product_class", Kind::Text).nullable(),
            &PRODUCT_CLASS,
            "Class of the product; null also where the product has none.",
        ),
        Field::column(
            "productColor",
            Column::new("product_color", Kind::Text).nullable(),
            "Colour of the product; null also where the product has none.",
        ),
        Field::column(
            "daysToManufacture",
            key("days_to_manufacture"),
            "Days it takes to make the product.",
        ),
        Field::one("customer", &CUSTOMER, &[key("customer_id")], "The customer."),
        Field::one(
            "person",
            &PERSON,
            &[key("person_id")],
            "The customer's person; null also for customers that are stores without a contact.",
        ),
        Field::one(
            "store",
            &STORE,
            &[key("store_id")],
            "The customer's store; null also where there is none, or it is not loaded.",
        ),
        Field::column(
            "storeId",
            key("store_id"),
            "Key of the store, also where the store is not loaded.",
        ),
        Field::one(
            "territory",
            &TERRITORY,
            &[key("territory_id")],
            "The territory of the order; null also where there is none, or it is not loaded.",
        ),
        Field::column(
            "territoryId",
            key("territory_id"),
            "Key of the territory, also where the territory is not loaded.",
        ),
        Field::column(
            "salesPersonId",
            key("sales_person_id"),
            "Who sold; null also for online orders.",
        ),
        Field::column(
            "specialOfferId",
            key("special_offer_id"),
            "The special offer it was sold under; 1 is no discount.",
        ),
        Field::column(
            "online",
            Column::new("online", Kind::Boolean).nullable(),
            "Whether the customer ordered online.",
        ),
        Field::code(
            "orderStatus",
            Column::new("order_status", Kind::Small).nullable(),
            &ORDER_STATUS,
            "State of the order.",
        ),
        Field::column("orderDate", day("order_date"), "Day of the order."),
        Field::column("orderWeek", day("order_week"), "Its week, as the Monday it begins with."),
        Field::column("orderMonth", day("order_month"), "Its month, as its first day."),
        Field::column("orderQuarter", day("order_quarter"), "Its quarter, as its first day."),
        Field::column("orderYear", key("order_year"), "Its year."),
        Field::column("orderWeekday", key("order_weekday"), "Its weekday: Monday is 1, Sunday 7."),
    ],
};

const fn key(name: &'static str) -> Column {
    Column::new(name, Kind::Int).nullable()
}

const fn day(name: &'static str) -> Column {
    Column::new(name, Kind::Date).nullable()
}

/// By what sales can be grouped: name, description, and what it is.
pub(crate) static DIMENSIONS: [(&str, &str, &dimension::Dimension); 19] = [
    ("PRODUCT", "By product.", &dimension::PRODUCT),
    ("PRODUCT_LINE", "By the product's line.", &dimension::PRODUCT_LINE),
    ("PRODUCT_CLASS", "By the product's class.", &dimension::PRODUCT_CLASS),
    ("PRODUCT_COLOR", "By the product's colour.", &dimension::PRODUCT_COLOR),
    (
        "DAYS_TO_MANUFACTURE",
        "By the days it takes to make the product.",
        &dimension::DAYS_TO_MANUFACTURE,
    ),
    ("CUSTOMER", "By customer; those of the same name are two groups.", &dimension::CUSTOMER),
    ("PERSON", "By the customer's person, who is named by its PersonID.", &dimension::PERSON),
    ("STORE", "By the customer's store.", &dimension::STORE),
    ("TERRITORY", "By the territory of the order.", &dimension::TERRITORY),
    ("SALES_PERSON", "By sales person.", &dimension::SALES_PERSON),
    ("SPECIAL_OFFER", "By the special offer of the line.", &dimension::SPECIAL_OFFER),
    ("ONLINE", "By whether the customer ordered online.", &dimension::ONLINE),
    ("ORDER_STATUS", "By the state of the order.", &dimension::ORDER_STATUS),
    ("ORDER_DATE", "By the day of the order.", &dimension::ORDER_DATE),
    ("ORDER_WEEK", "By its week, from Monday.", &dimension::ORDER_WEEK),
    ("ORDER_MONTH", "By its month.", &dimension::ORDER_MONTH),
    ("ORDER_QUARTER", "By its quarter.", &dimension::ORDER_QUARTER),
    ("ORDER_YEAR", "By its year.", &dimension::ORDER_YEAR),
    ("ORDER_WEEKDAY", "By its weekday, Monday to Sunday.", &dimension::ORDER_WEEKDAY),
];
