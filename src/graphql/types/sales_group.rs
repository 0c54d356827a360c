//! `SalesGroup`: a group of order lines and its measures.

use std::sync::LazyLock;

use super::sales_measures::SALES_MEASURES;
use super::{CUSTOMER, PERSON, PRODUCT, STORE, TERRITORY};
use crate::graphql::schema::model::{Field, FieldValue, Inputs, ObjectType, Roots, Type, TypeRef};
use crate::query::aggregate::{DIMENSIONS, Dimension, SALES_GROUP as GROUPS};

/// A group of order lines. It is computed for each query and has no id.
pub(crate) static SALES_GROUP: LazyLock<Type> = LazyLock::new(|| {
    let measures = Field {
        name: "measures",
        description: "Its measures. May be selected several times under aliases, with a filter \
                      each, to compare parts of the group.",
        value: FieldValue::Measures(&SALES_MEASURES),
    };
    let key = Field::group("key", &KEY, "What these lines have in common.");
    let shape = ObjectType {
        name: "SalesGroup",
        description: "A group of order lines and its measures.",
        fields: vec![key, measures].leak(),
    };
    Type { table: &GROUPS, shape, roots: Roots::default(), inputs: Inputs::default() }
});

static KEY: LazyLock<ObjectType> = LazyLock::new(|| {
    let fields = [
        one("PRODUCT", "product", &PRODUCT, "The product."),
        value("PRODUCT_LINE", "Line of the product; null also where the product has none."),
        value("PRODUCT_CLASS", "Class of the product; null also where the product has none."),
        value("PRODUCT_COLOR", "Colour of the product; null also where the product has none."),
        value("DAYS_TO_MANUFACTURE", "Days it takes to make the product."),
        one("CUSTOMER", "customer", &CUSTOMER, "The customer."),
        one(
            "PERSON",
            "person",
            &PERSON,
            "The customer's person; null also for customers that are stores without a contact.",
        ),
        one(
            "STORE",
            "store",
            &STORE,
            "The customer's store; null also where there is none, or it is not loaded.",
        ),
        value("STORE", "Key of the store, also where the store is not loaded."),
        one(
            "TERRITORY",
            "territory",
            &TERRITORY,
            "The territory of the order; null also where there is none, or it is not loaded.",
        ),
        value("TERRITORY", "Key of the territory, also where the territory is not loaded."),
        value("SALES_PERSON", "The sales person; null also for online orders."),
        value("SPECIAL_OFFER", "The special offer it was sold under; 1 is no discount."),
        value("ONLINE", "Whether the customer ordered online."),
        value("ORDER_STATUS", "State of the order."),
        value("ORDER_DATE", "Day of the order."),
        value("ORDER_WEEK", "Its week, as the Monday it begins with."),
        value("ORDER_MONTH", "Its month, as its first day."),
        value("ORDER_QUARTER", "Its quarter, as its first day."),
        value("ORDER_YEAR", "Its year."),
        value("ORDER_WEEKDAY", "Its weekday: Monday is 1, Sunday 7."),
    ];
    ObjectType {
        name: "SalesGroupKey",
        description: "What the order lines of a group have in common: a value for each dimension \
                      of groupBy. The others are null, as is a value that the sales do not have: \
                      such sales are a group, too.",
        fields: fields.into_iter().flatten().collect::<Vec<_>>().leak(),
    }
});

fn dimension(name: &str) -> Option<&'static Dimension> {
    DIMENSIONS.iter().find(|dimension| dimension.name == name)
}

fn value(name: &str, description: &'static str) -> Option<Field> {
    let column = &dimension(name)?.column;
    Some(Field { description, ..Field::column(column) })
}

fn one(
    dimension_name: &str,
    name: &'static str,
    to: TypeRef,
    description: &'static str,
) -> Option<Field> {
    let column = std::slice::from_ref(&dimension(dimension_name)?.column);
    Some(Field { name, description, value: FieldValue::One(to, column) })
}
