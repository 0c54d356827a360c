//! `Person`.

use std::sync::LazyLock;

use entity::customer;
use entity::person::{Column, Entity};

use super::CUSTOMER;
use super::common::{line_to_order, order_to_customer, sales, source};
use crate::graphql::schema::model::Type;

/// A person: customer, contact of a store or vendor, employee (Person.Person).
pub(crate) static PERSON: LazyLock<Type> = LazyLock::new(|| {
    use Column::*;

    Type::over::<Entity>("Person", |t| {
        t.by_key();
        t.list("persons", "All persons");
        t.columns([
            BusinessEntityId, PersonType, NameStyle, Title, FirstName, MiddleName, LastName,
            Suffix, EmailPromotion, AdditionalContactInfo, Demographics, Rowguid, ModifiedDate,
        ]);
        t.many(
            "customers",
            &CUSTOMER,
            customer::Relation::Person,
            "Customers this person is, alone or for a store.",
        );
        sales(
            t,
            &[line_to_order(), order_to_customer()],
            [customer::Column::PersonId],
            "Sales totals over the order lines of the person's customers.",
        );
        source(t);
        t.order_by_count("CUSTOMER_COUNT", customer::Relation::Person, "customers");
    })
});
