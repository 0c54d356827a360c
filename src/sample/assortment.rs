//! The products on sale on each day, and how often they are ordered, online and by
//! stores.

use chrono::NaiveDate;

use super::catalogue::{Catalogue, Product, day};
use super::draw::Draw;

/// The days on which the assortment changes.
const ERAS: [NaiveDate; 3] = [day(2011, 5, 31), day(2012, 5, 30), day(2013, 5, 30)];
/// Draws before an order takes the next product not in the basket.
const TRIES: usize = 12;

/// A product of an order line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) id: u64,
    pub(super) price: u64,
}

/// Products with cumulative weights.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    items: Vec<(u64, Item)>,
    total: u64,
}

impl Shelf {
    fn new(catalogue: &Catalogue, date: NaiveDate, weight: impl Fn(&Product) -> u64) -> Self {
        let mut total = 0;
        let mut items = Vec::new();
        for product in catalogue.products.iter().filter(|product| product.is_on_sale(date)) {
            let weight = weight(product);
            if weight > 0 {
                total += weight;
                items.push((total, Item { id: product.id, price: product.price }));
            }
        }
        Self { items, total }
    }

    /// A product that is not in the basket, if any is left.
    pub(super) fn pick(&self, draw: &mut Draw, basket: &mut Vec<u64>) -> Option<Item> {
        let mut place = 0;
        for _ in 0..TRIES {
            let at = draw.below(self.total);
            place = self.items.partition_point(|(sum, _)| *sum <= at);
            let (_, item) = self.items.get(place)?;
            if !basket.contains(&item.id) {
                basket.push(item.id);
                return Some(*item);
            }
        }
        let (before, after) = self.items.split_at_checked(place)?;
        let (_, item) = after.iter().chain(before).find(|(_, item)| !basket.contains(&item.id))?;
        basket.push(item.id);
        Some(*item)
    }
}

/// The shelves of each era, online and for stores.
#[derive(Debug)]
pub(super) struct Assortment {
    eras: Vec<(NaiveDate, Shelf, Shelf)>,
}

impl Assortment {
    pub(super) fn new(catalogue: &Catalogue) -> Self {
        let shelves = |from: NaiveDate| {
            let online = Shelf::new(catalogue, from, |product| product.online);
            (from, online, Shelf::new(catalogue, from, |product| product.store))
        };
        Self { eras: ERAS.into_iter().map(shelves).collect() }
    }

    pub(super) fn shelf(&self, date: NaiveDate, is_store: bool) -> Option<&Shelf> {
        let (_, online, store) = self.eras.iter().rev().find(|(from, ..)| *from <= date)?;
        Some(if is_store { store } else { online })
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Stream;
    use super::*;

    #[test]
    fn the_longest_order_has_no_product_twice() {
        let assortment = Assortment::new(&Catalogue::new(1).unwrap());
        for (from, ..) in &assortment.eras {
            let shelf = assortment.shelf(*from, true).unwrap();
            let mut draw = Draw::new(3, Stream::Lines, 1);
            let mut basket = Vec::new();
            assert!((0..73).all(|_| shelf.pick(&mut draw, &mut basket).is_some()), "{from}");
        }
    }
}
