//! `Person.Person` -> `person`.

use super::Dataset;
use super::column::{ID, Kind, LONG_TEXT, nullable, required};

pub(super) const DATASET: Dataset = Dataset {
    table: "person",
    file_stem: "Person.Person",
    columns: &[
        required("BusinessEntityID", "business_entity_id", ID),
        required("PersonType", "person_type", Kind::Code(&["SC", "IN", "SP", "EM", "VC", "GC"])),
        required("NameStyle", "name_style", Kind::Boolean),
        nullable("Title", "title", Kind::Text { max: 8 }),
        required("FirstName", "first_name", Kind::Text { max: 50 }),
        nullable("MiddleName", "middle_name", Kind::Text { max: 50 }),
        required("LastName", "last_name", Kind::Text { max: 50 }),
        nullable("Suffix", "suffix", Kind::Text { max: 10 }),
        required("EmailPromotion", "email_promotion", Kind::SmallInt { min: 0, max: 2 }),
        nullable("AdditionalContactInfo", "additional_contact_info", LONG_TEXT),
        nullable("Demographics", "demographics", LONG_TEXT),
        required("rowguid", "rowguid", Kind::Uuid),
        required("ModifiedDate", "modified_date", Kind::Timestamp),
    ],
    key: &["business_entity_id"],
    parents: &[],
    checks: &[],
};
