//! The row counts and ids of each file at a scale.

use crate::error::{Code, Error, Result};

use super::draw::{Draw, Stream};
use super::options::SampleOptions;

/// Scale and share of defects are converted to millionths: everything else uses whole
/// numbers.
const MILLION: u64 = 1_000_000;
const SCALES: std::ops::RangeInclusive<f64> = 0.0001..=500.0;
/// Currency rates of all days, the maximum at any scale.
const RATES: u64 = 13_532;
const SHARES: std::ops::RangeInclusive<f64> = 0.0..=0.5;

/// Consecutive rows of one kind, whose ids are `step` apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) first_id: u64,
    pub(super) step: u64,
}

impl Group {
    pub(super) const fn id(&self, place: u64) -> u64 {
        self.first_id + place * self.step
    }

    /// The id after the last one.
    const fn end(&self) -> u64 {
        self.id(self.rows)
    }
}

/// The persons, in order of their ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct PersonGroups {
    pub(super) employees: Group,
    pub(super) sellers: Group,
    /// Contacts of stores; the id of a store follows that of its contact.
    pub(super) contacts: Group,
    pub(super) vendors: Group,
    pub(super) general: Group,
    pub(super) individuals: Group,
}

impl PersonGroups {
    /// The id of the store of a contact.
    pub(super) const fn store(&self, place: u64) -> u64 {
        self.contacts.id(place) + 1
    }
}

/// The customers, in order of their ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct CustomerGroups {
    /// Stores without a contact; they do not order.
    pub(super) stores: Group,
    pub(super) individuals: Group,
    /// Stores with a contact; they order through a salesperson.
    pub(super) accounts: Group,
}

/// The orders of one channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Channel {
    pub(super) orders: u64,
    pub(super) lines: u64,
}

/// The row counts and ids of a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Invalid rows per million valid ones.
    pub(super) defects: u64,
    pub(super) people: PersonGroups,
    pub(super) customers: CustomerGroups,
    pub(super) store: Channel,
    pub(super) online: Channel,
    /// Currency rates; their ids start at 1.
    pub(super) rates: u64,
}

impl Plan {
    pub(super) fn new(options: &SampleOptions) -> Result<Self> {
        if !SCALES.contains(&options.scale) {
            return Err(out_of_range("scale", options.scale, &SCALES));
        }
        if !SHARES.contains(&options.defects) {
            return Err(out_of_range("defects", options.defects, &SHARES));
        }
        let scale = millionths(options.scale);
        let rows = |at_scale_one| scaled(at_scale_one, scale);
        let store = Channel { orders: rows(3_806), lines: rows(60_919) };
        let online = Channel { orders: rows(27_659), lines: rows(60_398) };
        Ok(Self {
            seed: options.seed,
            defects: millionths(options.defects),
            people: people(rows),
            customers: customers(rows),
            store,
            online,
            rates: rows(RATES).min(RATES),
        })
    }

    /// The id of the seller of a store, by its customer id.
    pub(super) fn seller(&self, customer_id: u64) -> u64 {
        let mut habits = Draw::new(self.seed, Stream::Buyer, !customer_id);
        self.people.sellers.id(habits.below(self.people.sellers.rows))
    }
}

fn people(rows: impl Fn(u64) -> u64) -> PersonGroups {
    let employees = Group { rows: rows(273), first_id: 1, step: 1 };
    let sellers = Group { rows: rows(17), first_id: employees.end(), step: 1 };
    let contacts = Group { rows: rows(753), first_id: sellers.end(), step: 2 };
    let vendors = Group { rows: rows(156), first_id: contacts.end(), step: 2 };
    let general = Group { rows: rows(289), first_id: vendors.end(), step: 1 };
    let individuals = Group { rows: rows(18_484), first_id: general.end(), step: 1 };
    PersonGroups { employees, sellers, contacts, vendors, general, individuals }
}

fn customers(rows: impl Fn(u64) -> u64) -> CustomerGroups {
    let stores = Group { rows: rows(701), first_id: 1, step: 1 };
    let first_id = stores.end().next_multiple_of(1_000).max(11_000);
    let individuals = Group { rows: rows(18_484), first_id, step: 1 };
    let accounts = Group { rows: rows(635), first_id: individuals.end(), step: 1 };
    CustomerGroups { stores, individuals, accounts }
}

/// At least one row at any scale: every file has rows of every kind.
fn scaled(rows: u64, scale: u64) -> u64 {
    ((rows * scale + MILLION / 2) / MILLION).max(1)
}

/// The invalid rows per so many valid ones: none at share 0, otherwise at least one.
pub(super) fn bad_rows(good: u64, share: u64) -> u64 {
    if share == 0 { 0 } else { scaled(good, share) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has checked that the value is within 0..=500"
)]
fn millionths(value: f64) -> u64 {
    (value * 1_000_000.0).round() as u64
}

fn out_of_range(name: &str, value: f64, range: &std::ops::RangeInclusive<f64>) -> Error {
    let (low, high) = (range.start(), range.end());
    let message = format!("{name} is {value}, but must be between {low} and {high}");
    Error::new(Code::BadUserInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{OrderFiles, Shape};

    fn plan(scale: f64, defects: f64) -> Result<Plan> {
        Plan::new(&SampleOptions {
            out: "x".into(),
            scale,
            seed: 1,
            defects,
            optional: true,
            orders: OrderFiles::Csv,
            shape: Shape::Plain,
        })
    }

    #[test]
    fn scale_one_has_the_real_counts_and_ids() {
        let plan = plan(1.0, 0.0).unwrap();
        let people = plan.people;
        assert_eq!((people.sellers.first_id, people.contacts.first_id), (274, 291));
        assert_eq!(plan.customers.individuals.first_id, 11_000);
        assert_eq!(plan.customers.accounts.first_id, 29_484);
        assert_eq!(plan.store.orders + plan.online.orders, 31_465);
        assert_eq!(plan.store.lines + plan.online.lines, 121_317);
    }

    #[test]
    fn ids_fit_their_columns_at_the_largest_scale() {
        let plan = plan(500.0, 0.0).unwrap();
        let customers = plan.customers;
        assert!(customers.stores.end() <= customers.individuals.first_id);
        assert!(customers.accounts.end() < 10_000_000);
    }

    #[test]
    fn a_value_out_of_range_is_rejected_by_name() {
        for (scale, defects, name) in
            [(0.0, 0.0, "scale"), (f64::NAN, 0.0, "scale"), (1.0, 0.9, "defects")]
        {
            let error = plan(scale, defects).unwrap_err();
            assert_eq!(error.code(), Code::BadUserInput);
            assert!(error.message().starts_with(name), "{error}");
        }
    }
}
