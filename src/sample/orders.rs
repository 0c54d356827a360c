//! Orders and their lines, generated in one pass so that the totals of an order are
//! those of its lines.

use chrono::NaiveDate;

use crate::error::{Error, Result};

use super::assortment::{Assortment, Item};
use super::customers::territory;
use super::documents::Documents;
use super::draw::{Draw, Shuffle, Stream};
use super::offers::Offers;
use super::output::{Output, Run};
use super::persons::plus_days;
use super::plan::{Group, Plan};
use super::row::{Row, hex, push_number};
use super::schedule::{self, LAST_DAY, ONLINE_LINES, Quota, STORE_LINES};

const FIRST_ORDER_ID: u64 = 43_659;
/// Territories from this one on are outside of the United States and pay in another
/// currency.
const FIRST_FOREIGN_TERRITORY: u64 = 6;
/// The highest currency rate id of an order.
const LAST_RATE: u64 = 12_431;
const QUANTITIES: [(u64, u64); 10] =
    [(1, 240), (2, 233), (3, 165), (4, 123), (5, 72), (6, 54), (7, 28), (8, 25), (9, 14), (10, 46)];

/// The inputs of all orders.
pub(super) struct Orders<'a> {
    plan: Plan,
    offers: &'a Offers,
    assortment: Assortment,
    store: Buyers,
    online: Buyers,
}

/// The customers and quotas of a channel.
struct Buyers {
    quota: Quota,
    customers: Group,
    order: Shuffle,
    /// New customers, per so many orders.
    newcomers: (u64, u64),
    /// Repeat orders of frequent customers, per 10,000.
    regulars: u64,
}

impl Buyers {
    /// Stores: each orders once, then at random.
    fn stores(plan: &Plan) -> Self {
        let quota = Quota::new(plan.seed, plan.store, STORE_LINES);
        let customers = plan.customers.accounts;
        let order = Shuffle::new(Draw::new(plan.seed, Stream::Store, 0), customers.rows);
        Self { quota, customers, order, newcomers: (1, 1), regulars: 0 }
    }

    /// Individuals: new customers until the last day.
    fn individuals(plan: &Plan) -> Self {
        let quota = Quota::new(plan.seed, plan.online, ONLINE_LINES);
        let customers = plan.customers.individuals;
        let order = Shuffle::new(Draw::new(plan.seed, Stream::Individual, 0), customers.rows);
        let newcomers = (customers.rows, plan.online.orders);
        Self { quota, customers, order, newcomers, regulars: 600 }
    }

    /// The customer's index. New customers arrive at an even pace; all other orders are
    /// repeat orders.
    fn customer(&self, rank: u64, draw: &mut Draw) -> u64 {
        let (share, of) = self.newcomers;
        let known = (rank * share / of).min(self.customers.rows);
        let known_after = ((rank + 1) * share / of).min(self.customers.rows);
        let is_new = known == 0 || known_after > known;
        let is_regular = draw.chance(self.regulars);
        let place = match (is_new, is_regular) {
            (true, _) => known,
            (false, true) => draw.below(known.div_ceil(180)),
            (false, false) => draw.below(known),
        };
        self.order.at(place)
    }
}

/// An order, without its lines.
struct Order {
    index: u64,
    date: NaiveDate,
    is_store: bool,
    customer: u64,
    customer_id: u64,
    territory: u64,
}

impl Order {
    const fn id(&self) -> u64 {
        FIRST_ORDER_ID + self.index
    }
}

/// An order line; money in ten-thousandths.
struct Line {
    id: u64,
    quantity: u64,
    product: u64,
    offer: u64,
    price: u64,
    discount: u64,
}

impl Line {
    /// In millionths: four decimals of the price and two of the discount.
    const fn total(&self) -> u64 {
        self.quantity * self.price * (100 - self.discount)
    }
}

/// The two files while they are written.
struct Files<'a, 'run> {
    headers: &'a mut Output,
    lines: &'a mut Output,
    run: &'a mut Run<'run>,
    scratch: Row,
}

/// What passes from line to line.
struct NextLine {
    id: u64,
    /// Products of the order by now.
    basket: Vec<u64>,
}

impl<'a> Orders<'a> {
    pub(super) fn new(plan: Plan, offers: &'a Offers, assortment: Assortment) -> Self {
        let (store, online) = (Buyers::stores(&plan), Buyers::individuals(&plan));
        Self { plan, offers, assortment, store, online }
    }

    pub(super) const fn order_count(&self) -> u64 {
        self.plan.store.orders + self.plan.online.orders
    }

    pub(super) const fn line_count(&self) -> u64 {
        self.store.quota.lines + self.online.quota.lines
    }

    /// Writes both files, day by day, stores before individuals.
    pub(super) fn write(
        &self,
        headers: &mut Output,
        lines: &mut Output,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let mut files = Files { headers, lines, run, scratch: Row::default() };
        let mut next = NextLine { id: 1, basket: Vec::new() };
        self.each(|order, rank| self.write_order(order, rank, &mut next, &mut files))
    }

    /// Writes a document of each order, in the same order and with the same values.
    pub(super) fn write_documents(
        &self,
        documents: &mut Documents<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let mut row = Row::default();
        let mut next = NextLine { id: 1, basket: Vec::new() };
        self.each(|order, rank| {
            let total = self.each_line(order, rank, &mut next, |_, line, carrier| {
                row.clear();
                self.write_line(order, line, carrier, &mut row);
                run.row_done();
                documents.line(&row)
            })?;
            row.clear();
            self.write_header(order, total, &mut row);
            run.row_done();
            documents.order(order.id(), &row)
        })
    }

    /// Every order, day by day, stores before individuals, with its rank in its channel.
    fn each(&self, mut write: impl FnMut(&Order, u64) -> Result<()>) -> Result<()> {
        let (mut index, mut store, mut online) = (0, 0, 0);
        for day in schedule::days(&self.plan) {
            for is_store in [true, false] {
                let (rank, count) =
                    if is_store { (&mut store, day.store) } else { (&mut online, day.online) };
                for _ in 0..count {
                    let order = self.order(index, day.date, is_store, *rank);
                    write(&order, *rank)?;
                    index += 1;
                    *rank += 1;
                }
            }
        }
        Ok(())
    }

    const fn buyers(&self, is_store: bool) -> &Buyers {
        if is_store { &self.store } else { &self.online }
    }

    fn order(&self, index: u64, date: NaiveDate, is_store: bool, rank: u64) -> Order {
        let buyers = self.buyers(is_store);
        let customer = buyers.customer(rank, &mut Draw::new(self.plan.seed, Stream::Buyer, index));
        let customer_id = buyers.customers.id(customer);
        let territory = territory(self.plan.seed, customer_id, is_store);
        Order { index, date, is_store, customer, customer_id, territory }
    }

    fn write_order(
        &self,
        order: &Order,
        rank: u64,
        next: &mut NextLine,
        files: &mut Files<'_, '_>,
    ) -> Result<()> {
        while let Some(beyond) = files.headers.due() {
            let index = self.order_count() + beyond;
            let spare = self.order(index, LAST_DAY, false, rank);
            files.scratch.clear();
            self.write_header(&spare, 349_900, &mut files.scratch);
            files.headers.plant(&files.scratch, files.run)?;
        }
        let total = self.each_line(order, rank, next, |item, line, carrier| {
            self.plant_lines(order, item, files)?;
            self.write_line(order, line, carrier, files.lines.next_row());
            files.lines.end_row(files.run)
        })?;
        self.write_header(order, total, files.headers.next_row());
        files.headers.end_row(files.run)
    }

    /// Every line of an order; returns what they come to, in ten-thousandths.
    fn each_line(
        &self,
        order: &Order,
        rank: u64,
        next: &mut NextLine,
        mut write: impl FnMut(Item, &Line, u64) -> Result<()>,
    ) -> Result<u64> {
        let mut draw = Draw::new(self.plan.seed, Stream::Lines, order.index);
        let carrier = draw.next();
        let shelf = self
            .assortment
            .shelf(order.date, order.is_store)
            .ok_or_else(|| Error::internal("an order on a day without an assortment"))?;
        let mut total = 0;
        next.basket.clear();
        for _ in 0..self.buyers(order.is_store).quota.lines_of(rank) {
            let item = shelf
                .pick(&mut draw, &mut next.basket)
                .ok_or_else(|| Error::internal("an order with more lines than products"))?;
            let line = self.line(next.id, order, item, &mut draw);
            write(item, &line, carrier)?;
            next.id += 1;
            total += line.total();
        }
        Ok((total + 50) / 100)
    }

    /// Invalid lines belong to the current order, so that they have a parent.
    fn plant_lines(&self, order: &Order, item: Item, files: &mut Files<'_, '_>) -> Result<()> {
        while let Some(beyond) = files.lines.due() {
            let id = self.line_count() + 1 + beyond;
            let Item { id: product, price } = item;
            let spare = Line { id, quantity: 1, product, offer: 1, price, discount: 0 };
            files.scratch.clear();
            self.write_line(order, &spare, id, &mut files.scratch);
            files.lines.plant(&files.scratch, files.run)?;
        }
        Ok(())
    }

    fn line(&self, id: u64, order: &Order, item: Item, draw: &mut Draw) -> Line {
        let Item { id: product, price } = item;
        if !order.is_store {
            let offer = self.offers.for_online(product, draw);
            return Line { id, quantity: 1, product, offer, price, discount: 0 };
        }
        let quantity = match draw.weighted(&QUANTITIES) {
            10 => (0..5).map(|_| 10 + draw.below(35)).min().unwrap_or(10),
            few => few,
        };
        let terms = self.offers.for_store(product, quantity, order.date);
        let price = price * terms.rate / 100;
        Line { id, quantity, product, offer: terms.id, price, discount: terms.discount }
    }

    fn write_line(&self, order: &Order, line: &Line, carrier: u64, row: &mut Row) {
        row.number(order.id());
        row.number(line.id);
        if order.is_store {
            push_carrier(row.field(), carrier);
        } else {
            row.null();
        }
        row.number(line.quantity);
        row.number(line.product);
        row.number(line.offer);
        row.money(line.price);
        row.money(line.discount * 100);
        row.numeric(line.total(), 6);
        row.guid(&mut Draw::new(!self.plan.seed, Stream::Lines, line.id));
        row.date(order.date);
    }

    fn write_header(&self, order: &Order, sub_total: u64, row: &mut Row) {
        let mut draw = Draw::new(self.plan.seed, Stream::Order, order.index);
        let late = u64::from(draw.chance(3));
        let shipped = plus_days(order.date, 7 + late);
        row.number(order.id());
        row.number(if draw.chance(10) { 9 } else { 8 });
        row.date(order.date);
        row.date(plus_days(order.date, 12 + late));
        row.date(shipped);
        row.number(5);
        row.flag(!order.is_store);
        row.code("SO", order.id(), 5);
        if order.is_store {
            row.code("PO", draw.between(10_000_000, 99_999_999_999), 8);
            row.code("10-4020-", order.customer + 1, 6);
        } else {
            row.null();
            row.code("10-4030-", order.customer_id, 6);
        }
        self.write_parties(row, order, &mut draw);
        let (tax, freight) = if order.is_store { (96, 30) } else { (80, 25) };
        let tax = (sub_total * tax + 500) / 1_000;
        let freight = (sub_total * freight + 500) / 1_000;
        row.money(sub_total);
        row.money(tax);
        row.money(freight);
        row.money(sub_total + tax + freight);
        row.null();
        row.guid(&mut draw);
        row.date(shipped);
    }

    /// Everything from `CustomerID` to `CurrencyRateID`.
    fn write_parties(&self, row: &mut Row, order: &Order, draw: &mut Draw) {
        let seller = self.plan.seller(order.customer_id);
        let address = order.customer + if order.is_store { 405 } else { 11_383 };
        row.number(order.customer_id);
        row.number_or_null(order.is_store.then_some(seller));
        row.number(order.territory);
        row.number(address);
        row.number(address);
        row.number(if order.is_store { 5 } else { 1 });
        if draw.chance(360) {
            row.null();
            row.null();
        } else {
            row.number(order.customer + 1);
            let out = row.field();
            push_number(out, draw.between(10_000, 1_299_999));
            out.extend_from_slice(b"Vi");
            push_number(out, draw.between(1_000, 99_999));
        }
        let last = LAST_RATE.min(self.plan.rates);
        let rate = draw.between(last.min(2), last);
        row.number_or_null((order.territory >= FIRST_FOREIGN_TERRITORY).then_some(rate));
    }
}

/// A tracking number as `4911-403C-98`.
fn push_carrier(out: &mut Vec<u8>, carrier: u64) {
    let digits = hex(carrier);
    let (left, right) = digits.split_at(4);
    out.extend_from_slice(left);
    out.push(b'-');
    out.extend_from_slice(right);
    out.push(b'-');
    let digits = hex(carrier >> 32);
    out.extend_from_slice(digits.split_at(2).0);
}
