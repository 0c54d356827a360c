//! `person`.

use sea_orm::entity::prelude::*;

codes! {
    /// What a person is to the company.
    PersonType: "String(StringLen::N(2))" {
        /// Contact of a store.
        StoreContact = "SC",
        /// Individual customer.
        IndividualCustomer = "IN",
        /// Sales person.
        SalesPerson = "SP",
        /// Employee who sells nothing.
        Employee = "EM",
        /// Contact of a vendor.
        VendorContact = "VC",
        /// Any other contact.
        GeneralContact = "GC",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] = &[(Column::PersonType, &PersonType::CODES)];

/// The columns of personal data: names and demographics.
pub const PERSONAL: &[Column] = &[
    Column::Title,
    Column::FirstName,
    Column::MiddleName,
    Column::LastName,
    Column::Suffix,
    Column::AdditionalContactInfo,
    Column::Demographics,
];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(
    table_name = "person",
    comment = "A person: customer, contact of a store or vendor, employee (Person.Person)."
)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the person in the source system.")]
    pub business_entity_id: i32,
    #[sea_orm(comment = "What the person is to the company.")]
    pub person_type: PersonType,
    #[sea_orm(comment = "Order of the name: false, given name first; true, family name first.")]
    pub name_style: bool,
    #[sea_orm(column_type = "String(StringLen::N(8))")]
    #[sea_orm(comment = "Courtesy title, for instance Ms.; null when none is known.")]
    pub title: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(50))", comment = "Given name.")]
    pub first_name: String,
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    #[sea_orm(comment = "Middle name or initial; null when there is none.")]
    pub middle_name: Option<String>,
    #[sea_orm(column_type = "String(StringLen::N(50))", comment = "Family name.")]
    pub last_name: String,
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    #[sea_orm(comment = "Suffix of the name, for instance Jr.; null when there is none.")]
    pub suffix: Option<String>,
    #[sea_orm(
        comment = "Promotions by e-mail: 0 none, 1 from the company, 2 from the company and its \
                   partners."
    )]
    pub email_promotion: i16,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Further contacts, XML as delivered; null when there are none.")]
    pub additional_contact_info: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Survey, XML as delivered; null when there is none.")]
    pub demographics: Option<String>,
    #[sea_orm(comment = "The source system's own identifier of the row.")]
    pub rowguid: Uuid,
    #[sea_orm(comment = "When the source system last changed the row.")]
    pub modified_date: DateTime,
    #[sea_orm(comment = "The version of the file the row was read from: load_file.id.")]
    pub source_file_id: i32,
    #[sea_orm(comment = "Line of the file on which the record begins; the header is line 1.")]
    pub source_line: i64,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
