//! `Sales.SpecialOfferProduct` -> `special_offer_product`.

use entity::special_offer_product::Entity;

use super::Dataset;
use super::build::Builder;

pub(super) fn dataset() -> Dataset {
    Builder::<Entity>::new("Sales.SpecialOfferProduct").build()
}
