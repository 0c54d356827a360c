//! The products: 209 parts that are not for sale and 295 finished goods, expanded from
//! families (colours times sizes) in `catalogue.csv`. They are the same at every scale;
//! the seed only determines their GUIDs.

use chrono::NaiveDate;

use crate::error::{Error, Result};

use super::Table;
use super::draw::{Draw, Stream};
use super::row::Row;

const FAMILIES: &str = include_str!("catalogue.csv");
const QUALIFIERS: [&str; 19] = [
    "Flat", "Thin", "Wide", "Inner", "Outer", "Upper", "Lower", "Left", "Right", "Front", "Rear",
    "Short", "Long", "Steel", "Alloy", "Hollow", "Threaded", "Sealed", "Spare",
];
/// Name, prefix of the number, and whether it is made in house.
const PARTS: [(&str, &str, bool); 11] = [
    ("Washer", "WA", false),
    ("Lock Nut", "LN", false),
    ("Hex Bolt", "HB", false),
    ("Ball Bearing", "BE", true),
    ("Spacer", "SR", false),
    ("Tube", "TU", true),
    ("Bracket", "BR", true),
    ("Clamp", "CL", false),
    ("Spindle", "SD", true),
    ("Bushing", "BU", false),
    ("Seal", "SL", false),
];
const FIRST_FINISHED_ID: u64 = 705;

/// The kind of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProductKind {
    Part,
    Bike,
    Frame,
    Component,
    /// Clothes and accessories: bought, not made.
    Goods,
}

/// A product, with its weights in orders.
#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) name: String,
    number: String,
    kind: ProductKind,
    made: bool,
    color: &'static str,
    size: &'static str,
    line: &'static str,
    class: &'static str,
    style: &'static str,
    subcategory: Option<u64>,
    model: Option<u64>,
    /// In ten-thousandths, as all money.
    pub(super) price: u64,
    /// Hundredths of pounds for bikes and frames, otherwise grams.
    weight: Option<u64>,
    start: NaiveDate,
    end: Option<NaiveDate>,
    /// Relative frequency of online orders and of orders by stores.
    pub(super) online: u64,
    pub(super) store: u64,
}

impl Product {
    pub(super) const fn is_finished(&self) -> bool {
        !matches!(self.kind, ProductKind::Part)
    }

    pub(super) fn is_on_sale(&self, date: NaiveDate) -> bool {
        self.start <= date && self.end.is_none_or(|end| date <= end)
    }
}

/// All products, sorted by id.
#[derive(Debug)]
pub(super) struct Catalogue {
    seed: u64,
    pub(super) products: Vec<Product>,
}

impl Catalogue {
    pub(super) fn new(seed: u64) -> Result<Self> {
        let mut products = parts();
        for (model, line) in (1..).zip(FAMILIES.lines().skip(1)) {
            let id = FIRST_FINISHED_ID.max(products.last().map_or(0, |last| last.id + 1));
            let family = expand(line, model, id)
                .ok_or_else(|| Error::internal(format!("the built-in product family {line:?}")))?;
            products.extend(family);
        }
        Ok(Self { seed, products })
    }
}

fn parts() -> Vec<Product> {
    let names = PARTS.iter().flat_map(|part| QUALIFIERS.iter().map(move |word| (word, part)));
    let ids = (1..=4).chain(316..);
    ids.zip(names)
        .map(|(id, (word, (noun, letters, made)))| Product {
            id,
            name: format!("{word} {noun}"),
            number: format!("{letters}-{:04}", 1_000 + id * 13),
            kind: ProductKind::Part,
            made: *made,
            color: "",
            size: "",
            line: "",
            class: "",
            style: "",
            subcategory: None,
            model: None,
            price: 0,
            weight: None,
            start: day(2008, 4, 30),
            end: None,
            online: 0,
            store: 0,
        })
        .collect()
}

/// The variants of one family; none if its line is malformed.
fn expand(line: &'static str, model: u64, first_id: u64) -> Option<Vec<Product>> {
    let fields: Vec<&'static str> = line.split(';').collect();
    let [kind, name, code, colors, sizes, line, class, style, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let [subcategory, cents, weight, start, end, online, store] = rest else { return None };
    let kind = match *kind {
        "bike" => ProductKind::Bike,
        "frame" => ProductKind::Frame,
        "component" => ProductKind::Component,
        "wear" | "gear" => ProductKind::Goods,
        _ => return None,
    };
    let variants = colors
        .split(',')
        .flat_map(|color| (0..).zip(sizes.split(',')).map(move |size| (color, size)));
    (first_id..)
        .zip(variants)
        .map(|(id, (color, (step, size)))| {
            Some(Product {
                id,
                name: variant_name(kind, name, color, size, colors.contains(',')),
                number: variant_number(code, id, color, size),
                kind,
                made: kind != ProductKind::Goods,
                color,
                size,
                line,
                class,
                style,
                subcategory: Some(subcategory.parse().ok()?),
                model: Some(model),
                price: cents.parse::<u64>().ok()? * 100,
                weight: weight.parse::<u64>().ok().map(|weight| weight + step * 27),
                start: start_of_sale(start.parse().ok()?),
                end: end.parse().ok().and_then(|year| start_of_sale(year).pred_opt()),
                online: online.parse().ok()?,
                store: store.parse().ok()?,
            })
        })
        .collect()
}

fn variant_name(
    kind: ProductKind,
    name: &str,
    color: &str,
    size: &str,
    many_colors: bool,
) -> String {
    match kind {
        ProductKind::Bike => format!("{name} {color}, {size}"),
        ProductKind::Frame => format!("{name} - {color}, {size}"),
        _ if many_colors => format!("{name}, {color}"),
        _ if size.is_empty() || size == "70" => name.to_owned(),
        _ => format!("{name}, {size}"),
    }
}

fn variant_number(code: &str, id: u64, color: &str, size: &str) -> String {
    let color = color.get(..1).unwrap_or_default();
    match size {
        "" => format!("{code}{}", id % 10),
        "XL" => format!("{code}{color}-X"),
        _ => format!("{code}{color}-{size}"),
    }
}

/// Collections change once a year, at the end of May.
fn start_of_sale(year: i32) -> NaiveDate {
    if year == 2011 { day(2011, 5, 31) } else { day(year, 5, 30) }
}

/// A valid date.
pub(super) const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

impl Table for Catalogue {
    fn rows(&self) -> u64 {
        u64::try_from(self.products.len()).unwrap_or_default()
    }

    fn row(&self, index: u64, row: &mut Row) {
        let at = usize::try_from(index % self.rows().max(1)).unwrap_or_default();
        let Some(product) = self.products.get(at) else { return };
        let mut draw = Draw::new(self.seed, Stream::Product, index);
        let last_id = self.products.last().map_or(0, |last| last.id);
        match index.checked_sub(self.rows()) {
            None => {
                row.number(product.id);
                row.text(&product.name);
                row.text(&product.number);
            }
            Some(beyond) => {
                let id = last_id + 1 + beyond;
                row.number(id);
                row.code("Prototype ", id, 1);
                row.code("PT-", id, 4);
            }
        }
        write_traits(row, product);
        row.null();
        row.guid(&mut draw);
        let corrected = product.id == FIRST_FINISHED_ID;
        let modified =
            if corrected { "2014-02-08 10:03:55.510" } else { "2014-02-08 10:01:36.827" };
        row.text(modified);
    }
}

/// Everything from `MakeFlag` to `SellEndDate`.
fn write_traits(row: &mut Row, product: &Product) {
    let framed = matches!(product.kind, ProductKind::Bike | ProductKind::Frame);
    let (stock, days) = match product.kind {
        ProductKind::Part if product.made => (800, 1),
        ProductKind::Part => (1_000, 0),
        ProductKind::Bike => (100, 4),
        ProductKind::Frame | ProductKind::Component => (500, 1),
        ProductKind::Goods => (4, 0),
    };
    row.flag(product.made);
    row.flag(product.is_finished());
    row.text_or_null(product.color);
    row.number(stock);
    row.number(stock * 3 / 4);
    row.money(product.price * 5_617 / 10_000);
    row.money(product.price);
    row.text_or_null(product.size);
    row.text(if framed { "CM " } else { "NULL" });
    match product.weight {
        Some(weight) if framed => {
            row.text("LB ");
            row.numeric(weight, 2);
        }
        Some(weight) => {
            row.text("G  ");
            row.numeric(weight * 100, 2);
        }
        None => {
            row.null();
            row.null();
        }
    }
    row.number(days);
    for code in [product.line, product.class, product.style] {
        if code.is_empty() {
            row.null();
        } else {
            row.text(code);
            row.pad();
        }
    }
    row.number_or_null(product.subcategory);
    row.number_or_null(product.model);
    row.date(product.start);
    row.date_or_null(product.end);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_numbers_and_ids_are_unique_and_counts_are_the_real_ones() {
        let products = Catalogue::new(1).unwrap().products;
        assert_eq!(products.len(), 504);
        assert_eq!(products.iter().filter(|product| product.is_finished()).count(), 295);
        let sold = products.iter().filter(|product| product.online + product.store > 0);
        assert_eq!(sold.count(), 266);
        assert_eq!(products.last().unwrap().id, 999);
        let distinct =
            |text: fn(&Product) -> String| products.iter().map(text).collect::<BTreeSet<_>>().len();
        assert_eq!(distinct(|product| product.name.clone()), 504);
        assert_eq!(distinct(|product| product.number.clone()), 504);
        assert!(products.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(products.iter().all(|product| product.name.len() <= 50));
    }
}
