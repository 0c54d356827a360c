//! The stores of customers.

use super::Table;
use super::defects::{FileSpec, set, too_few, too_many, unquoted};
use super::draw::{Draw, Stream};
use super::persons::{element, text_element};
use super::plan::Plan;
use super::row::{Row, push_number};

pub(super) static STORE: FileSpec = FileSpec {
    path: "sales/Sales.Store.csv",
    header: "BusinessEntityID;Name;SalesPersonID;Demographics;rowguid;ModifiedDate",
    defects: &[
        unquoted("Demographics"),
        set("missing_value", &[("Name", b"NULL")]),
        set("invalid_integer", &[("SalesPersonID", b"Linda")]),
        set("too_long", &[("Name", &[b'x'; 60])]),
        too_few(),
        set("invalid_encoding", &[("Name", b"V\xE9lo Shop")]),
        set("invalid_timestamp", &[("ModifiedDate", b"2014-09-12 11:15:07.4970000000")]),
        set("invalid_uuid", &[("rowguid", b"A22517E3")]),
        too_many(),
    ],
};

const SURVEY: &str = "<StoreSurvey xmlns=\"http://schemas.microsoft.com/sqlserver/2004/07/adventure-works/StoreSurvey\">";
const FIRST_WORDS: [&str; 20] = [
    "Next-Door", "Riverside", "Uptown", "Valley", "Metro", "Corner", "Family", "Northern",
    "Coastal", "Downhill", "Leading", "Trusted", "Central", "Garden", "Summit", "Lakeside",
    "Rural", "Harbour", "Sunny", "Old Town",
];
const LAST_WORDS: [&str; 10] = [
    "Bike Store", "Cycle Shop", "Bicycles", "Sports", "Cycling", "Wheels", "Bike Company",
    "Sporting Goods", "Outfitters", "Cycles & More",
];
const BANKS: [&str; 4] =
    ["United Security", "International Bank", "Guardian Bank", "Primary Bank &amp; Reserve"];

/// The file of stores.
#[derive(Debug)]
pub(super) struct Stores {
    pub(super) plan: Plan,
}

impl Table for Stores {
    fn rows(&self) -> u64 {
        self.plan.customers.stores.rows
    }

    fn row(&self, index: u64, row: &mut Row) {
        let mut draw = Draw::new(self.plan.seed, Stream::Shop, index);
        row.number(self.plan.people.store(index));
        let name = row.field();
        name.extend_from_slice(draw.pick(&FIRST_WORDS).as_bytes());
        name.push(b' ');
        name.extend_from_slice(draw.pick(&LAST_WORDS).as_bytes());
        row.number(self.plan.seller(self.plan.customers.accounts.id(index)));
        write_survey(row.field(), &mut draw);
        row.guid(&mut draw);
        row.text("2014-09-12 11:15:07.497000000");
    }
}

fn write_survey(out: &mut Vec<u8>, draw: &mut Draw) {
    let sales = draw.pick(&[300_000, 800_000, 1_000_000, 1_500_000, 3_000_000]);
    out.extend_from_slice(SURVEY.as_bytes());
    element(out, "AnnualSales", |out| push_number(out, sales));
    element(out, "AnnualRevenue", |out| push_number(out, sales / 10));
    text_element(out, "BankName", draw.pick(&BANKS));
    text_element(out, "BusinessType", draw.pick(&["BM", "OS", "BS"]));
    element(out, "YearOpened", |out| push_number(out, draw.between(1970, 2005)));
    text_element(out, "Specialty", draw.pick(&["Road", "Mountain", "Touring"]));
    element(out, "SquareFeet", |out| push_number(out, draw.between(6, 80) * 1_000));
    text_element(out, "Brands", draw.pick(&["AW", "2", "3", "4+"]));
    text_element(out, "Internet", draw.pick(&["DSL", "ISDN", "T1", "T2", "T3"]));
    element(out, "NumberEmployees", |out| push_number(out, draw.between(2, 100)));
    out.extend_from_slice(b"</StoreSurvey>");
}
