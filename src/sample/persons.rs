//! Persons: employees, sellers, contacts of stores and vendors, and individuals, who
//! buy online.

use chrono::{Days, NaiveDate};

use super::Table;
use super::catalogue::day;
use super::draw::{Draw, Stream};
use super::plan::{Group, PersonGroups};
use super::row::{Row, push_day, push_money, push_number};

const FIRST_NAMES: &str = include_str!("first_names.txt");
const LAST_NAMES: &str = include_str!("last_names.txt");
const SURVEY: &str = "<IndividualSurvey xmlns=\"http://schemas.microsoft.com/sqlserver/2004/07/adventure-works/IndividualSurvey\"><TotalPurchaseYTD>";
const CONTACT: &str = "<AdditionalContactInfo xmlns=\"http://schemas.microsoft.com/sqlserver/2004/07/adventure-works/ContactInfo\" xmlns:crm=\"http://schemas.microsoft.com/sqlserver/2004/07/adventure-works/ContactRecord\" xmlns:act=\"http://schemas.microsoft.com/sqlserver/2004/07/adventure-works/ContactTypes\">";
const CONTACT_NOTES: [&str; 3] = [
    "Answers in the morning; leave a message else.<act:mobile><act:number>",
    "Second line of the shop.<act:mobile><act:number>",
    "Says \"no calls on Fridays\".<act:mobile><act:number>",
];
/// One in so many contacts has additional contact info.
const CONTACTS_PER_NOTE: u64 = 75;
const INCOMES: [&str; 5] =
    ["0-25000", "25001-50000", "50001-75000", "75001-100000", "greater than 100000"];
const EDUCATIONS: [&str; 5] =
    ["Partial High School", "High School", "Partial College", "Bachelors ", "Graduate Degree"];
const OCCUPATIONS: [&str; 5] =
    ["Manual", "Skilled Manual", "Clerical", "Professional", "Management"];
const DISTANCES: [&str; 5] = ["0-1 Miles", "1-2 Miles", "2-5 Miles", "5-10 Miles", "10+ Miles"];

/// The file of persons.
#[derive(Debug)]
pub(super) struct Persons {
    seed: u64,
    groups: [(&'static str, Group); 6],
    first_names: Vec<&'static str>,
    last_names: Vec<&'static str>,
}

/// The type code of a person, the index within the group, and the id.
struct Identity {
    code: &'static str,
    index: u64,
    id: u64,
}

impl Persons {
    pub(super) fn new(seed: u64, people: &PersonGroups) -> Self {
        let groups = [
            ("EM", people.employees),
            ("SP", people.sellers),
            ("SC", people.contacts),
            ("VC", people.vendors),
            ("GC", people.general),
            ("IN", people.individuals),
        ];
        let (first_names, last_names) =
            (FIRST_NAMES.lines().collect(), LAST_NAMES.lines().collect());
        Self { seed, groups, first_names, last_names }
    }

    /// Rows beyond the last are additional individuals.
    fn identity(&self, mut index: u64) -> Identity {
        let [.., (last_code, last)] = &self.groups;
        for (code, group) in &self.groups {
            if index < group.rows {
                return Identity { code, index, id: group.id(index) };
            }
            index -= group.rows;
        }
        let index = index + last.rows;
        Identity { code: last_code, index, id: last.id(index) }
    }

    fn write_name(&self, row: &mut Row, draw: &mut Draw, person: &Identity) {
        let titled = match person.code {
            "SC" | "VC" => 9_800,
            "IN" => 55,
            _ => 250,
        };
        let titles = [("Mr.", 577), ("Ms.", 415), ("Sr.", 11), ("Sra.", 4), ("Mrs.", 2)];
        row.text_or_null(if draw.chance(titled) { draw.weighted(&titles) } else { "" });
        row.text(draw.pick(&self.first_names));
        match draw.below(100) {
            0..43 => row.null(),
            43..97 => row.text(draw.pick(&[
                "A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S",
                "T", "V", "W", "J.", "L.", "R.",
            ])),
            _ => row.text(draw.pick(&self.first_names)),
        }
        row.text(draw.pick(&self.last_names));
        let suffixes = [("", 19_919), ("Jr.", 33), ("II", 6), ("Sr.", 6), ("III", 4), ("PhD", 4)];
        row.text_or_null(draw.weighted(&suffixes));
    }
}

impl Table for Persons {
    fn rows(&self) -> u64 {
        self.groups.iter().map(|(_, group)| group.rows).sum()
    }

    fn row(&self, index: u64, row: &mut Row) {
        let person = self.identity(index);
        let mut draw = Draw::new(self.seed, Stream::Person, index);
        let noted = person.code == "SC" && person.index.is_multiple_of(CONTACTS_PER_NOTE);
        row.number(person.id);
        row.text(person.code);
        row.flag(false);
        self.write_name(row, &mut draw, &person);
        row.number(draw.weighted(&[(0, 56), (1, 25), (2, 19)]));
        if noted {
            write_contact_info(row.field(), &mut draw);
        } else {
            row.null();
        }
        let modified = modified(person.code, &mut draw);
        write_survey(row.field(), &mut draw, person.code, modified);
        row.guid(&mut draw);
        if noted {
            row.text("2015-04-15 16:33:33.123");
        } else {
            row.date(modified);
        }
    }
}

fn modified(code: &str, draw: &mut Draw) -> NaiveDate {
    let (from, days) = match code {
        "EM" | "SP" | "GC" => (day(2007, 1, 1), 1_500),
        "VC" => (day(2011, 4, 25), 300),
        "SC" => (day(2011, 5, 31), 1_000),
        _ => (day(2011, 5, 31), 1_127),
    };
    plus_days(from, draw.below(days))
}

pub(super) fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

fn write_contact_info(out: &mut Vec<u8>, draw: &mut Draw) {
    out.extend_from_slice(CONTACT.as_bytes());
    out.extend_from_slice(draw.pick(&CONTACT_NOTES).as_bytes());
    push_number(out, draw.between(200, 999));
    out.extend_from_slice(b"-555-");
    push_number(out, draw.between(1_000, 9_999));
    out.extend_from_slice(b"</act:number></act:mobile></AdditionalContactInfo>");
}

fn write_survey(out: &mut Vec<u8>, draw: &mut Draw, code: &str, first_purchase: NaiveDate) {
    out.extend_from_slice(SURVEY.as_bytes());
    match code {
        "IN" => {
            if draw.chance(4_000) {
                out.push(b'-');
            }
            push_money(out, draw.below(300_000) * 100, b'.');
            out.extend_from_slice(b"</TotalPurchaseYTD>");
            write_answers(out, draw, first_purchase);
        }
        "SC" => {
            push_money(out, draw.below(900_000_000), b'.');
            out.extend_from_slice(b"</TotalPurchaseYTD>");
        }
        _ => out.extend_from_slice(b"0</TotalPurchaseYTD>"),
    }
    out.extend_from_slice(b"</IndividualSurvey>");
}

fn write_answers(out: &mut Vec<u8>, draw: &mut Draw, first_purchase: NaiveDate) {
    let children = draw.below(6);
    element(out, "DateFirstPurchase", |out| {
        push_day(out, first_purchase);
        out.push(b'Z');
    });
    element(out, "BirthDate", |out| {
        push_day(out, plus_days(day(1940, 1, 1), draw.below(18_000)));
        out.push(b'Z');
    });
    text_element(out, "MaritalStatus", draw.pick(&["M", "S"]));
    text_element(out, "YearlyIncome", draw.pick(&INCOMES));
    text_element(out, "Gender", draw.pick(&["F", "M"]));
    element(out, "TotalChildren", |out| push_number(out, children));
    element(out, "NumberChildrenAtHome", |out| push_number(out, draw.below(children + 1)));
    text_element(out, "Education", draw.pick(&EDUCATIONS));
    text_element(out, "Occupation", draw.pick(&OCCUPATIONS));
    text_element(out, "HomeOwnerFlag", draw.pick(&["0", "1"]));
    element(out, "NumberCarsOwned", |out| push_number(out, draw.below(5)));
    text_element(out, "CommuteDistance", draw.pick(&DISTANCES));
}

pub(super) fn text_element(out: &mut Vec<u8>, name: &str, text: &str) {
    element(out, name, |out| out.extend_from_slice(text.as_bytes()));
}

pub(super) fn element(out: &mut Vec<u8>, name: &str, content: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
    content(out);
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}
