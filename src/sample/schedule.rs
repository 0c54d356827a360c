//! The days of orders and their numbers of lines: quotas fixed in advance, so that
//! totals are exact and no order depends on another.

use chrono::{Datelike, NaiveDate};

use super::catalogue::day;
use super::draw::{Draw, Shuffle, Stream};
use super::persons::plus_days;
use super::plan::{Channel, Plan};

/// The first and the last day with orders.
const FIRST_DAY: NaiveDate = day(2011, 5, 31);
pub(super) const LAST_DAY: NaiveDate = day(2014, 6, 30);

/// Weights of the months from May 2011 on: orders by stores, all on the last day of a
/// month.
const STORE_MONTHS: [u64; 38] = [
    40, 0, 75, 100, 0, 150, 0, 40, 145, 35, 85, 70, 70, 140, 110, 75, 130, 115, 65, 130, 105, 75,
    135, 100, 95, 185, 175, 100, 180, 175, 95, 175, 175, 5, 270, 5, 180, 0,
];
/// The same of online orders, spread over the month.
const ONLINE_MONTHS: [u64; 38] = [
    5, 140, 155, 150, 160, 175, 230, 190, 195, 180, 220, 200, 220, 250, 275, 210, 220, 205, 320,
    245, 295, 250, 305, 325, 335, 530, 1_560, 1_690, 1_610, 1_790, 2_005, 1_875, 1_965, 1_755,
    2_130, 2_110, 2_230, 940,
];

/// The orders of one day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    pub(super) store: u64,
    pub(super) online: u64,
}

/// All days in order with their shares, which add up exactly.
pub(super) fn days(plan: &Plan) -> Vec<Day> {
    let weights: Vec<(NaiveDate, u64, u64)> = FIRST_DAY
        .iter_days()
        .take_while(|date| *date <= LAST_DAY)
        .map(|date| (date, store_weight(date), online_weight(date)))
        .collect();
    let store_total = weights.iter().map(|(_, store, _)| store).sum();
    let online_total = weights.iter().map(|(_, _, online)| online).sum();
    let (mut store, mut online) =
        (Share::new(plan.store.orders, store_total), Share::new(plan.online.orders, online_total));
    weights
        .into_iter()
        .map(|(date, by_stores, by_individuals)| Day {
            date,
            store: store.take(by_stores),
            online: online.take(by_individuals),
        })
        .collect()
}

fn weight(months: &[u64], date: NaiveDate) -> u64 {
    let month = (date.year() - 2011) * 12 + i32::try_from(date.month0()).unwrap_or_default() - 4;
    usize::try_from(month).ok().and_then(|month| months.get(month)).copied().unwrap_or_default()
}

fn store_weight(date: NaiveDate) -> u64 {
    let is_last = plus_days(date, 1).month() != date.month();
    if is_last { weight(&STORE_MONTHS, date) } else { 0 }
}

fn online_weight(date: NaiveDate) -> u64 {
    let is_only_day = date == FIRST_DAY;
    weight(&ONLINE_MONTHS, date) * if is_only_day { 30 } else { 1 }
}

/// Distributes a number by weights, without remainder.
struct Share {
    whole: u64,
    total: u64,
    weight: u64,
    given: u64,
}

impl Share {
    fn new(whole: u64, total: u64) -> Self {
        Self { whole, total: total.max(1), weight: 0, given: 0 }
    }

    fn take(&mut self, weight: u64) -> u64 {
        self.weight += weight;
        let due = self.whole * self.weight / self.total;
        let share = due - self.given;
        self.given = due;
        share
    }
}

/// Points of a distribution, with linear interpolation: so many orders in a million
/// have at most so many lines.
type Curve = &'static [(u64, u64)];

pub(super) const STORE_LINES: Curve = &[
    (0, 1),
    (155_000, 1),
    (155_001, 2),
    (230_000, 2),
    (230_001, 3),
    (296_000, 3),
    (296_001, 4),
    (352_000, 4),
    (352_001, 5),
    (400_000, 6),
    (450_000, 8),
    (500_000, 9),
    (550_000, 13),
    (600_000, 17),
    (650_000, 20),
    (700_000, 23),
    (750_000, 26),
    (800_000, 31),
    (850_000, 36),
    (900_000, 41),
    (950_000, 48),
    (990_000, 58),
    (1_000_000, 72),
];
pub(super) const ONLINE_LINES: Curve = &[
    (0, 1),
    (351_000, 1),
    (351_001, 2),
    (647_000, 2),
    (647_001, 3),
    (857_500, 3),
    (857_501, 4),
    (970_500, 4),
    (970_501, 5),
    (995_800, 5),
    (995_801, 6),
    (999_600, 6),
    (1_000_000, 8),
];

fn value(curve: Curve, at: u64) -> u64 {
    let next = curve.partition_point(|(place, _)| *place < at);
    let (before, after) = (curve.get(next.saturating_sub(1)), curve.get(next));
    match (before, after) {
        (Some((from, low)), Some((to, high))) if to > from => {
            low + (high - low) * (at - from) / (to - from)
        }
        (_, Some((_, only))) | (Some((_, only)), _) => *only,
        (None, None) => 1,
    }
}

/// The number of lines of each order of a channel.
#[derive(Debug)]
pub(super) struct Quota {
    orders: u64,
    curve: Curve,
    shuffle: Shuffle,
    /// The remaining lines of the channel: one for each of the first orders in shuffled
    /// order.
    rest: u64,
    pub(super) lines: u64,
}

impl Quota {
    pub(super) fn new(seed: u64, channel: Channel, curve: Curve) -> Self {
        let orders = channel.orders;
        let draw = Draw::new(seed, Stream::Lines, u64::MAX - orders);
        let mut quota =
            Self { orders, curve, shuffle: Shuffle::new(draw, orders), rest: 0, lines: 0 };
        let by_curve: u64 = (0..orders).map(|place| quota.at(place)).sum();
        quota.rest = channel.lines.saturating_sub(by_curve).min(orders);
        quota.lines = by_curve + quota.rest;
        quota
    }

    pub(super) fn lines_of(&self, order: u64) -> u64 {
        self.at(self.shuffle.at(order))
    }

    fn at(&self, place: u64) -> u64 {
        let position = place * 1_000_000 / self.orders.saturating_sub(1).max(1);
        value(self.curve, position) + u64::from(place < self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::options::{OrderFiles, SampleOptions, Shape};

    fn plan(scale: f64) -> Plan {
        Plan::new(&SampleOptions {
            out: "x".into(),
            scale,
            seed: 42,
            defects: 0.0,
            optional: true,
            orders: OrderFiles::Csv,
            shape: Shape::Plain,
        })
        .unwrap()
    }

    #[test]
    fn lines_add_up_exactly_from_scale_one_on() {
        for scale in [1.0, 2.0, 10.0] {
            let plan = plan(scale);
            for (channel, curve) in [(plan.store, STORE_LINES), (plan.online, ONLINE_LINES)] {
                let quota = Quota::new(42, channel, curve);
                let sum: u64 = (0..channel.orders).map(|order| quota.lines_of(order)).sum();
                assert_eq!(sum, channel.lines, "scale {scale}");
                assert!(quota.rest * 20 < channel.orders, "{} of {}", quota.rest, channel.orders);
            }
        }
    }

    #[test]
    fn orders_have_one_to_seventy_two_lines() {
        let plan = plan(0.01);
        let quota = Quota::new(42, plan.store, STORE_LINES);
        let lines: Vec<u64> = (0..plan.store.orders).map(|order| quota.lines_of(order)).collect();
        assert_eq!(lines.iter().max(), Some(&72));
        assert!(lines.iter().all(|lines| *lines >= 1));
    }

    #[test]
    fn all_orders_have_a_day_and_grow_over_the_years() {
        let plan = plan(1.0);
        let days = days(&plan);
        assert_eq!(days.len(), 1_127);
        let sum: u64 = days.iter().map(|day| day.store + day.online).sum();
        assert_eq!(sum, 31_465);
        let of_year = |year| -> u64 {
            let days = days.iter().filter(|day| day.date.year() == year);
            days.map(|day| day.store + day.online).sum()
        };
        assert!(of_year(2011) < of_year(2012));
        assert!(of_year(2012) < of_year(2013));
    }
}
