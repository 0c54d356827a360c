//! People: customers, their contacts, employees, vendors (Person.Person).

use sea_orm::entity::prelude::*;

/// What a person is to the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::N(2))")]
pub enum PersonType {
    /// Contact of a store.
    #[sea_orm(string_value = "SC")]
    StoreContact,
    /// Individual customer.
    #[sea_orm(string_value = "IN")]
    IndividualCustomer,
    /// Sales person.
    #[sea_orm(string_value = "SP")]
    SalesPerson,
    /// Employee who sells nothing.
    #[sea_orm(string_value = "EM")]
    Employee,
    /// Contact of a vendor.
    #[sea_orm(string_value = "VC")]
    VendorContact,
    /// Any other contact.
    #[sea_orm(string_value = "GC")]
    GeneralContact,
}

/// A row of `person`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Key of the source system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub business_entity_id: i32,
    /// SC store contact, IN individual customer, SP sales person, EM employee, VC vendor contact, GC general contact.
    pub person_type: PersonType,
    /// False: western order (first, last); true: eastern order.
    pub name_style: bool,
    /// Courtesy title, for instance Ms.
    #[sea_orm(column_type = "String(StringLen::N(8))")]
    pub title: Option<String>,
    /// Given name.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub first_name: String,
    /// Middle name or initial.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub middle_name: Option<String>,
    /// Family name.
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    pub last_name: String,
    /// Name suffix, for instance Jr.
    #[sea_orm(column_type = "String(StringLen::N(10))")]
    pub suffix: Option<String>,
    /// 0 no e-mail promotions, 1 from the company, 2 from the company and its partners.
    pub email_promotion: i16,
    /// XML as delivered.
    #[sea_orm(column_type = "Text", nullable)]
    pub additional_contact_info: Option<String>,
    /// XML survey as delivered.
    #[sea_orm(column_type = "Text", nullable)]
    pub demographics: Option<String>,
    /// The source system's own identifier of the row.
    pub rowguid: Uuid,
    /// When the source system last changed the row; a row older than the stored one never replaces it.
    pub modified_date: DateTime,
    /// load_file.id of the file version the row came from.
    pub source_file_id: i32,
    /// Line on which its record begins in that file; the header is line 1.
    pub source_line: i64,
    /// When the row was last written here.
    pub loaded_at: DateTimeUtc,
}

/// What the table refers to, and what refers to it.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    /// Rows of `customer` that refer to it.
    #[sea_orm(has_many = "super::customer::Entity")]
    Customer,
}

impl Related<super::customer::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Customer.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
