//! Special offers: their products and terms. They are the same at every scale.

use chrono::NaiveDate;

use super::Table;
use super::catalogue::{Catalogue, Product, day};
use super::draw::{Draw, Stream};
use super::row::Row;

const ALWAYS: (NaiveDate, NaiveDate) = (day(2011, 5, 1), day(2014, 6, 30));
/// The offers of additional rows.
const FIRST_SPARE_OFFER: u64 = 100;

/// The products of an offer.
#[derive(Debug, Clone, Copy)]
enum Members {
    /// All finished goods.
    All,
    /// A number of the products for sale, at even distances.
    Spread(usize),
    /// The first so many whose names contain the text.
    Named(&'static str, usize),
}

/// An offer's terms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) id: u64,
    /// Percent off the price.
    pub(super) discount: u64,
    /// The price for stores, in percent of the list price.
    pub(super) rate: u64,
    quantity: (u64, u64),
    days: (NaiveDate, NaiveDate),
    modified: NaiveDate,
    members: Members,
}

const BASE: Terms = Terms {
    id: 1,
    discount: 0,
    rate: 60,
    quantity: (1, u64::MAX),
    days: ALWAYS,
    modified: day(2011, 4, 1),
    members: Members::All,
};

const fn volume(id: u64, discount: u64, quantity: (u64, u64), members: usize) -> Terms {
    let modified = day(2011, 5, 1);
    let rate = 60 - discount;
    Terms { id, discount, rate, quantity, modified, members: Members::Spread(members), ..BASE }
}

const fn seasonal(id: u64, discount: u64, from: NaiveDate, members: Members) -> Terms {
    Terms { id, discount, modified: from, days: (from, day(2014, 6, 30)), members, ..BASE }
}

/// In order of their ids.
const TERMS: [Terms; 15] = [
    BASE,
    volume(2, 2, (11, 14), 111),
    volume(3, 5, (15, 24), 55),
    volume(4, 10, (25, 40), 17),
    volume(5, 15, (41, 60), 2),
    seasonal(7, 35, day(2012, 3, 14), Members::Named("Ridge-100", 8)),
    Terms {
        days: (day(2012, 4, 30), day(2012, 6, 29)),
        ..seasonal(8, 10, day(2012, 4, 30), Members::Named("Helmet", 3))
    },
    seasonal(9, 30, day(2012, 4, 30), Members::Named("Aero-650", 1)),
    seasonal(10, 50, day(2013, 4, 14), Members::Named("Ridge Tire", 3)),
    Terms {
        days: (day(2013, 4, 30), day(2013, 6, 29)),
        ..seasonal(11, 15, day(2013, 4, 30), Members::Named("Helmet", 3))
    },
    seasonal(12, 35, day(2013, 4, 30), Members::Named("LX Aero Frame", 12)),
    Terms {
        days: (day(2013, 5, 30), day(2013, 8, 29)),
        ..seasonal(13, 15, day(2013, 4, 30), Members::Named("Voyage-3000", 10))
    },
    Terms {
        days: (day(2013, 5, 30), day(2013, 8, 29)),
        ..seasonal(14, 20, day(2013, 4, 30), Members::Named("Voyage-2000", 4))
    },
    seasonal(15, 50, day(2013, 6, 14), Members::Named("Pedal", 7)),
    Terms {
        rate: 20,
        days: (day(2014, 3, 1), day(2014, 5, 30)),
        ..seasonal(16, 40, day(2014, 3, 1), Members::Named("Ridge-500", 7))
    },
];

/// The offers with the ids of their products.
#[derive(Debug)]
pub(super) struct Offers {
    seed: u64,
    /// Each offer with the ids of its products in ascending order.
    members: Vec<(Terms, Vec<u64>)>,
    pairs: Vec<(Terms, u64)>,
}

impl Offers {
    pub(super) fn new(seed: u64, catalogue: &Catalogue) -> Self {
        let members: Vec<_> =
            TERMS.iter().map(|terms| (*terms, ids(terms.members, &catalogue.products))).collect();
        let pairs =
            members.iter().flat_map(|(terms, ids)| ids.iter().map(|id| (*terms, *id))).collect();
        Self { seed, members, pairs }
    }

    /// The offer for a store by product, quantity and day.
    pub(super) fn for_store(&self, product: u64, quantity: u64, date: NaiveDate) -> Terms {
        let fits = |terms: &Terms| {
            (terms.quantity.0..=terms.quantity.1).contains(&quantity)
                && (terms.days.0..=terms.days.1).contains(&date)
        };
        self.members
            .iter()
            .rev()
            .find(|(terms, ids)| fits(terms) && ids.binary_search(&product).is_ok())
            .map_or(BASE, |(terms, _)| *terms)
    }

    /// The offer of an online line: some have a volume offer, but no discount.
    pub(super) fn for_online(&self, product: u64, draw: &mut Draw) -> u64 {
        let booked = draw.chance(800);
        let volume = self.members.get(1).filter(|(_, ids)| ids.binary_search(&product).is_ok());
        volume.filter(|_| booked).map_or(BASE.id, |(terms, _)| terms.id)
    }
}

fn ids(members: Members, products: &[Product]) -> Vec<u64> {
    let sold: Vec<u64> = products
        .iter()
        .filter(|product| product.online + product.store > 0)
        .map(|product| product.id)
        .collect();
    match members {
        Members::All => {
            let finished = products.iter().filter(|product| product.is_finished());
            finished.map(|product| product.id).collect()
        }
        Members::Spread(count) => {
            (0..count).filter_map(|place| sold.get(place * sold.len() / count)).copied().collect()
        }
        Members::Named(text, count) => {
            let named = products.iter().filter(|product| product.name.contains(text));
            named.map(|product| product.id).take(count).collect()
        }
    }
}

impl Table for Offers {
    fn rows(&self) -> u64 {
        u64::try_from(self.pairs.len()).unwrap_or_default()
    }

    fn row(&self, index: u64, row: &mut Row) {
        let at = usize::try_from(index % self.rows().max(1)).unwrap_or_default();
        let Some((terms, product)) = self.pairs.get(at) else { return };
        let beyond = index.checked_sub(self.rows());
        row.number(beyond.map_or(terms.id, |beyond| FIRST_SPARE_OFFER + beyond));
        row.number(*product);
        row.guid(&mut Draw::new(self.seed, Stream::Offer, index));
        row.date(terms.modified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_pairs_is_that_of_the_real_file() {
        let offers = Offers::new(1, &Catalogue::new(1).unwrap());
        assert_eq!(offers.rows(), 538);
        let sizes: Vec<_> = offers.members.iter().map(|(_, ids)| ids.len()).collect();
        assert_eq!(sizes, [295, 111, 55, 17, 2, 8, 3, 1, 3, 3, 12, 10, 4, 7, 7]);
    }

    #[test]
    fn stores_get_volume_offers_by_quantity_and_seasonal_ones_by_day() {
        let catalogue = Catalogue::new(1).unwrap();
        let offers = Offers::new(1, &catalogue);
        let helmet = catalogue.products.iter().find(|item| item.name.contains("Helmet")).unwrap();
        assert_eq!(offers.for_store(helmet.id, 1, day(2011, 7, 1)).id, 1);
        assert_eq!(offers.for_store(helmet.id, 1, day(2012, 5, 30)).id, 8);
        let (_, bulk) = &offers.members[1];
        assert_eq!(offers.for_store(bulk[0], 12, day(2011, 7, 1)).discount, 2);
    }
}
