//! The inventory: parts in the workshops, finished goods in the warehouses. The same
//! at every scale, except for its quantities.

use super::Table;
use super::catalogue::{Catalogue, day};
use super::defects::{FileSpec, orphan, set, too_few, too_many, unquoted};
use super::draw::{Draw, Stream};
use super::persons::plus_days;
use super::row::Row;

pub(super) static INVENTORY: FileSpec = FileSpec {
    path: "production/Production.ProductInventory.csv",
    header: "ProductID;LocationID;Shelf;Bin;Quantity;rowguid;ModifiedDate",
    defects: &[
        set("out_of_range", &[("Quantity", b"-1")]),
        orphan("ProductID", 900_000),
        set("out_of_range", &[("Bin", b"101")]),
        set("too_long", &[("Shelf", b"Upper Left 1")]),
        set("missing_value", &[("Quantity", b"NULL")]),
        too_few(),
        set("invalid_integer", &[("LocationID", b"6A")]),
        unquoted("Shelf"),
        set("invalid_uuid", &[("rowguid", b"47A24246-6C43")]),
        set("invalid_timestamp", &[("ModifiedDate", b"2014-08-32 00:00:00.000")]),
        set("invalid_encoding", &[("Shelf", b"\xC4")]),
        too_many(),
    ],
};

const ROWS: u64 = 1_069;
/// The first, second and third location of a product.
const OF_PARTS: [u64; 3] = [1, 6, 50];
const OF_GOODS: [u64; 3] = [7, 60, 10];
/// The locations of additional rows.
const FIRST_SPARE_LOCATION: u64 = 100;
const SHELVES: [&str; 8] = ["A", "B", "C", "D", "E", "G", "L", "R"];

/// The file of the inventory.
#[derive(Debug)]
pub(super) struct Inventory<'a> {
    pub(super) seed: u64,
    pub(super) catalogue: &'a Catalogue,
}

impl Table for Inventory<'_> {
    fn rows(&self) -> u64 {
        ROWS
    }

    fn row(&self, index: u64, row: &mut Row) {
        let products = self.catalogue.rows().max(1);
        let at = usize::try_from(index % products).unwrap_or_default();
        let Some(product) = self.catalogue.products.get(at) else { return };
        let locations = if product.is_finished() { OF_GOODS } else { OF_PARTS };
        let rank = usize::try_from(index / products).unwrap_or(usize::MAX);
        let spare = FIRST_SPARE_LOCATION + index.saturating_sub(ROWS);
        let location = locations.get(rank).filter(|_| index < ROWS).unwrap_or(&spare);
        let mut draw = Draw::new(self.seed, Stream::Inventory, index);
        row.number(product.id);
        row.number(*location);
        if product.is_finished() {
            row.text("N/A");
            row.number(0);
        } else {
            row.text(draw.pick(&SHELVES));
            row.number(draw.between(1, 61));
        }
        row.number(draw.below(900));
        row.guid(&mut draw);
        row.date(plus_days(day(2014, 7, 1), draw.below(45)));
    }
}
