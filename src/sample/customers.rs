//! Customers: stores, individuals, and stores with a contact. Individuals order online,
//! stores with a contact through a salesperson.

use super::Table;
use super::draw::{Draw, Shuffle, Stream};
use super::plan::{CustomerGroups, PersonGroups, Plan};
use super::row::Row;

const TERRITORIES: [(u64, u64); 10] = [
    (4, 4_450),
    (9, 3_590),
    (1, 3_340),
    (10, 1_910),
    (7, 1_810),
    (8, 1_780),
    (6, 1_570),
    (5, 12),
    (3, 10),
    (2, 10),
];
const STORE_TERRITORIES: [(u64, u64); 10] =
    [(4, 20), (6, 17), (1, 14), (5, 13), (3, 10), (2, 8), (7, 6), (8, 6), (9, 6), (10, 6)];

/// The file of customers.
#[derive(Debug)]
pub(super) struct Customers {
    seed: u64,
    groups: CustomerGroups,
    people: PersonGroups,
    individuals: Shuffle,
}

impl Customers {
    pub(super) fn new(plan: &Plan) -> Self {
        let draw = Draw::new(plan.seed, Stream::Customer, u64::MAX);
        let (groups, people) = (plan.customers, plan.people);
        let individuals = Shuffle::new(draw, people.individuals.rows);
        Self { seed: plan.seed, groups, people, individuals }
    }

    /// The id of the store of a contact.
    const fn store(&self, place: u64) -> u64 {
        self.people.store(place % self.people.contacts.rows)
    }
}

/// The territory of a customer and of all its orders.
pub(super) fn territory(seed: u64, id: u64, is_store: bool) -> u64 {
    let territories = if is_store { &STORE_TERRITORIES } else { &TERRITORIES };
    Draw::new(seed, Stream::Territory, id).weighted(territories)
}

impl Table for Customers {
    fn rows(&self) -> u64 {
        self.groups.stores.rows + self.groups.individuals.rows + self.groups.accounts.rows
    }

    fn row(&self, index: u64, row: &mut Row) {
        let CustomerGroups { stores, individuals, accounts } = self.groups;
        let (id, person, store) = if index < stores.rows {
            (stores.id(index), None, Some(self.store(index)))
        } else if index < stores.rows + individuals.rows {
            let place = index - stores.rows;
            let person = self.individuals.at(place % self.people.individuals.rows);
            (individuals.id(place), Some(self.people.individuals.id(person)), None)
        } else {
            let place = index - stores.rows - individuals.rows;
            let contact = place % self.people.contacts.rows;
            (accounts.id(place), Some(self.people.contacts.id(contact)), Some(self.store(contact)))
        };
        row.number(id);
        row.number_or_null(person);
        row.number_or_null(store);
        row.number(territory(self.seed, id, store.is_some()));
        row.code("AW", id, 8);
        row.guid(&mut Draw::new(self.seed, Stream::Customer, index));
        row.text("2014-09-12 11:15:07.263");
    }
}
