//! By what sales can be grouped.

use crate::query::column::{Column, Kind, Table};
use crate::query::relation::ToOne;
use crate::query::tables;

/// Something that sales are grouped by.
#[derive(Debug)]
pub struct Dimension {
    /// Its value in a group; null where the groups are not made by it, or the sales of
    /// a group have none.
    pub column: Column,
    /// The way from an order line to the row that has the value.
    pub(super) way: &'static [ToOne],
    /// The value there.
    pub(super) value: Column,
    /// How the value is made of a day.
    pub(super) bucket: Option<Bucket>,
}

/// What days are put together to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bucket {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
    /// Monday is 1.
    Weekday,
}

/// The groups as a table. It has no key: what makes them differs from list to list.
pub static SALES_GROUP: Table = Table::new("sales_group", &[]);

const TO_ORDER: ToOne =
    ToOne { table: &tables::SALES_ORDER, from: &[Column::new("sales_order_id", Kind::Int)] };
const TO_PRODUCT: ToOne =
    ToOne { table: &tables::PRODUCT, from: &[Column::new("product_id", Kind::Int)] };
const TO_CUSTOMER: ToOne =
    ToOne { table: &tables::CUSTOMER, from: &[Column::new("customer_id", Kind::Int)] };

const ORDER: &[ToOne] = &[TO_ORDER];
const CUSTOMER_OF_ORDER: &[ToOne] = &[TO_ORDER, TO_CUSTOMER];

/// A shorthand for what is a column of a row.
const fn column(way: &'static [ToOne], name: &'static str, kind: Kind) -> Dimension {
    let (column, value) = (Column::new(name, kind).nullable(), Column::new(name, kind));
    Dimension { column, way, value, bucket: None }
}

/// A shorthand for what is made of the order's date.
const fn date(name: &'static str, kind: Kind, sql: &'static str, bucket: Bucket) -> Dimension {
    Dimension {
        column: Column::new(name, kind).nullable(),
        way: ORDER,
        value: Column::computed(name, kind, sql),
        bucket: Some(bucket),
    }
}

/// The product.
pub static PRODUCT: Dimension = column(&[], "product_id", Kind::Int);
/// Its line.
pub static PRODUCT_LINE: Dimension = column(&[TO_PRODUCT], "product_line", Kind::Text);
/// Its class.
pub static PRODUCT_CLASS: Dimension = Dimension {
    column: Column::new("product_class", Kind::Text).nullable(),
    ..column(&[TO_PRODUCT], "class", Kind::Text)
};
/// Its colour.
pub static PRODUCT_COLOR: Dimension = Dimension {
    column: Column::new("product_color", Kind::Text).nullable(),
    ..column(&[TO_PRODUCT], "color", Kind::Text)
};
/// How long it takes to make it.
pub static DAYS_TO_MANUFACTURE: Dimension = column(&[TO_PRODUCT], "days_to_manufacture", Kind::Int);
/// The customer.
pub static CUSTOMER: Dimension = column(ORDER, "customer_id", Kind::Int);
/// The customer's person, by the customer's `person_id`.
pub static PERSON: Dimension = column(CUSTOMER_OF_ORDER, "person_id", Kind::Int);
/// The customer's store.
pub static STORE: Dimension = column(CUSTOMER_OF_ORDER, "store_id", Kind::Int);
/// The territory the order was made in.
pub static TERRITORY: Dimension = column(ORDER, "territory_id", Kind::Int);
/// Who sold.
pub static SALES_PERSON: Dimension = column(ORDER, "sales_person_id", Kind::Int);
/// The special offer of the line.
pub static SPECIAL_OFFER: Dimension = column(&[], "special_offer_id", Kind::Int);
/// Whether the order was placed online.
pub static ONLINE: Dimension = Dimension {
    column: Column::new("online", Kind::Boolean).nullable(),
    ..column(ORDER, "online_order_flag", Kind::Boolean)
};
/// The order's status.
pub static ORDER_STATUS: Dimension = Dimension {
    column: Column::new("order_status", Kind::Small).nullable(),
    ..column(ORDER, "status", Kind::Small)
};
/// The day of the order.
pub static ORDER_DATE: Dimension =
    date("order_date", Kind::Date, "@.order_date::date", Bucket::Day);
/// Its week, as its Monday.
pub static ORDER_WEEK: Dimension =
    date("order_week", Kind::Date, "date_trunc('week', @.order_date)::date", Bucket::Week);
/// Its month, as its first day.
pub static ORDER_MONTH: Dimension =
    date("order_month", Kind::Date, "date_trunc('month', @.order_date)::date", Bucket::Month);
/// Its quarter, as its first day.
pub static ORDER_QUARTER: Dimension =
    date("order_quarter", Kind::Date, "date_trunc('quarter', @.order_date)::date", Bucket::Quarter);
/// Its year.
pub static ORDER_YEAR: Dimension =
    date("order_year", Kind::Int, "extract(year FROM @.order_date)::integer", Bucket::Year);
/// Its weekday.
pub static ORDER_WEEKDAY: Dimension =
    date("order_weekday", Kind::Int, "extract(isodow FROM @.order_date)::integer", Bucket::Weekday);

/// All of them.
pub(super) static ALL: [&Dimension; 19] = [
    &PRODUCT,
    &PRODUCT_LINE,
    &PRODUCT_CLASS,
    &PRODUCT_COLOR,
    &DAYS_TO_MANUFACTURE,
    &CUSTOMER,
    &PERSON,
    &STORE,
    &TERRITORY,
    &SALES_PERSON,
    &SPECIAL_OFFER,
    &ONLINE,
    &ORDER_STATUS,
    &ORDER_DATE,
    &ORDER_WEEK,
    &ORDER_MONTH,
    &ORDER_QUARTER,
    &ORDER_YEAR,
    &ORDER_WEEKDAY,
];

impl Dimension {
    /// Whether it puts days together.
    #[must_use]
    pub const fn is_of_dates(&self) -> bool {
        self.bucket.is_some()
    }
}

impl PartialEq for Dimension {
    fn eq(&self, other: &Self) -> bool {
        self.column.name == other.column.name
    }
}

/// The type of a value in SQL.
pub(super) const fn sql_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "boolean",
        Kind::Small => "smallint",
        Kind::Int => "integer",
        Kind::Long => "bigint",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
        Kind::Decimal => "numeric",
        Kind::Uuid => "uuid",
        Kind::Date => "date",
        Kind::LocalDateTime => "timestamp",
        Kind::DateTime => "timestamptz",
        Kind::IntList => "integer[]",
    }
}
