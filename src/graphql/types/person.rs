//! `Person`.

use super::CUSTOMER;
use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_PERSON;
use crate::graphql::schema::model::{
    Aggregate, Entity, EnumValue, Enumeration, Field, Inputs, Shape,
};
use crate::query::{Column, Kind, ToMany, tables};

/// A person: customer, contact of a store or vendor, employee (Person.Person).
pub(crate) static PERSON: Entity = Entity {
    table: &tables::PERSON,
    shape: Shape {
        name: "Person",
        description: "A person: customer, contact of a store or vendor, employee (Person.Person).",
        fields: &[
            Field::id(),
            Field::column(
                "businessEntityId",
                Column::new("business_entity_id", Kind::Int),
                "Key of the person in the source system.",
            ),
            Field::code(
                "personType",
                Column::new("person_type", Kind::Text),
                &PERSON_TYPE,
                "What the person is to the company.",
            ),
            Field::column(
                "nameStyle",
                Column::new("name_style", Kind::Boolean),
                "Order of the name: false, given name first; true, family name first.",
            ),
            Field::column(
                "title",
                Column::new("title", Kind::Text).nullable(),
                "Courtesy title, for instance Ms.; null when none is known.",
            ),
            Field::column("firstName", Column::new("first_name", Kind::Text), "Given name."),
            Field::column(
                "middleName",
                Column::new("middle_name", Kind::Text).nullable(),
                "Middle name or initial; null when there is none.",
            ),
            Field::column("lastName", Column::new("last_name", Kind::Text), "Family name."),
            Field::column(
                "suffix",
                Column::new("suffix", Kind::Text).nullable(),
                "Suffix of the name, for instance Jr.; null when there is none.",
            ),
            Field::column(
                "emailPromotion",
                Column::new("email_promotion", Kind::Small),
                "Promotions by e-mail: 0 none, 1 from the company, 2 from the company and its partners.",
            ),
            Field::column(
                "additionalContactInfo",
                Column::new("additional_contact_info", Kind::Text).nullable(),
                "Further contacts, XML as delivered; null when there are none.",
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
                &[Column::new("person_id", Kind::Int)],
                "Customers this person is, alone or for a store.",
            ),
            Field::sales(&OF_PERSON, "What the order lines of the person's customers come to."),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[Aggregate {
            name: "CUSTOMER_COUNT",
            description: "By the number of its customers.",
            of: ToMany { table: &tables::CUSTOMER, by: &[Column::new("person_id", Kind::Int)] },
            sum: None,
        }],
        ..Inputs::NONE
    },
};

/// What a person is to the company.
static PERSON_TYPE: Enumeration = Enumeration {
    name: "PersonType",
    description: "What a person is to the company.",
    values: &[
        EnumValue { code: "SC", name: "STORE_CONTACT", description: "Contact of a store." },
        EnumValue { code: "IN", name: "INDIVIDUAL_CUSTOMER", description: "Individual customer." },
        EnumValue { code: "SP", name: "SALES_PERSON", description: "Sales person." },
        EnumValue { code: "EM", name: "EMPLOYEE", description: "Employee who sells nothing." },
        EnumValue { code: "VC", name: "VENDOR_CONTACT", description: "Contact of a vendor." },
        EnumValue { code: "GC", name: "GENERAL_CONTACT", description: "Any other contact." },
    ],
};
