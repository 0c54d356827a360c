//! The sales territories: the same at every scale, except for their amounts.

use super::Table;
use super::catalogue::day;
use super::defects::{FileSpec, set, too_few, too_many, unquoted};
use super::draw::{Draw, Stream};
use super::row::Row;

pub(super) static TERRITORY: FileSpec = FileSpec {
    path: "sales/Sales.SalesTerritory.csv",
    header: "TerritoryID;Name;CountryRegionCode;Group;SalesYTD;SalesLastYear;CostYTD;\
             CostLastYear;rowguid;ModifiedDate",
    defects: &[
        set("too_long", &[("CountryRegionCode", b"USA1")]),
        set("out_of_range", &[("SalesYTD", b"-1,00")]),
        set("missing_value", &[("Group", b"NULL")]),
        set("invalid_decimal", &[("SalesLastYear", b"3298694,49,38")]),
        too_few(),
        unquoted("Name"),
        set("too_many_decimals", &[("CostYTD", b"0,00001")]),
        set("invalid_uuid", &[("rowguid", b"43689A10")]),
        too_many(),
    ],
};

/// Name, country and group, in the order of their ids.
const TERRITORIES: [(&str, &str, &str); 10] = [
    ("Northwest", "US", "North America"),
    ("Northeast", "US", "North America"),
    ("Central", "US", "North America"),
    ("Southwest", "US", "North America"),
    ("Southeast", "US", "North America"),
    ("Canada", "CA", "North America"),
    ("France", "FR", "Europe"),
    ("Germany", "DE", "Europe"),
    ("Australia", "AU", "Pacific"),
    ("United Kingdom", "GB", "Europe"),
];

/// The file of territories.
#[derive(Debug)]
pub(super) struct Territories {
    pub(super) seed: u64,
}

impl Table for Territories {
    fn rows(&self) -> u64 {
        u64::try_from(TERRITORIES.len()).unwrap_or_default()
    }

    fn row(&self, index: u64, row: &mut Row) {
        let at = usize::try_from(index % self.rows()).unwrap_or_default();
        let Some((name, country, group)) = TERRITORIES.get(at) else { return };
        let mut draw = Draw::new(self.seed, Stream::Region, index);
        row.number(index + 1);
        row.text(name);
        row.text(country);
        row.text(group);
        row.short_money(draw.between(20_000_000_000, 110_000_000_000));
        row.short_money(draw.between(13_000_000_000, 55_000_000_000));
        row.short_money(0);
        row.short_money(0);
        row.guid(&mut draw);
        row.date(day(2008, 4, 30));
    }
}
