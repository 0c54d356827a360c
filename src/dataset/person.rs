//! `Person.Person` -> `person`.

use entity::person::{Column::EmailPromotion, Entity};

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Person.Person").range(EmailPromotion, 0, 2).build()
}
