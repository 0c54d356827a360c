//! The dimensions by which sales can be grouped.

use std::sync::LazyLock;

use entity::{customer, product, sales_order, sales_order_line};
use sea_orm::ColumnTrait;

use crate::catalog::{Column, Kind, Table, ToOne, column, to_one};

/// Something that sales are grouped by.
#[derive(Debug)]
pub struct Dimension {
    /// Its name in the API.
    pub name: &'static str,
    /// What it groups by.
    pub description: &'static str,
    /// Its value in a group; null where the groups are not made by it, or the sales of
    /// a group have none.
    pub column: Column,
    /// The references from an order line to the row that has the value.
    pub(super) path: Vec<ToOne>,
    /// The value there.
    pub(super) value: Column,
    /// The period that a date is truncated to.
    pub(super) bucket: Option<Bucket>,
}

/// A period that dates are truncated to.
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

/// The groups as a table. It has no key: what identifies them differs from list to list.
pub static SALES_GROUP: Table = Table::derived("sales_group", &[]);

/// From a line to its order.
pub(super) static TO_ORDER: LazyLock<ToOne> =
    LazyLock::new(|| to_one(sales_order_line::Relation::SalesOrder));

/// All dimensions.
pub static DIMENSIONS: LazyLock<[Dimension; 19]> = LazyLock::new(|| {
    use customer::Column as Customer;
    use product::Column as Product;
    use sales_order::Column as Order;
    use sales_order_line::Column as Line;

    let product = || vec![to_one(sales_order_line::Relation::Product)];
    let order = || vec![*TO_ORDER];
    let customer = || vec![*TO_ORDER, to_one(sales_order::Relation::Customer)];
    [
        of("PRODUCT", "By product.", vec![], Line::ProductId),
        of("PRODUCT_LINE", "By the product's line.", product(), Product::ProductLine),
        of("PRODUCT_CLASS", "By the product's class.", product(), Product::Class)
            .named("product_class"),
        of("PRODUCT_COLOR", "By the product's colour.", product(), Product::Color)
            .named("product_color"),
        of(
            "DAYS_TO_MANUFACTURE",
            "By the days it takes to make the product.",
            product(),
            Product::DaysToManufacture,
        ),
        of(
            "CUSTOMER",
            "By customer; customers of the same name are two groups.",
            order(),
            Order::CustomerId,
        ),
        of(
            "PERSON",
            "By the customer's person, identified by its key.",
            customer(),
            Customer::PersonId,
        ),
        of("STORE", "By the customer's store.", customer(), Customer::StoreId),
        of("TERRITORY", "By the territory of the order.", order(), Order::TerritoryId),
        of("SALES_PERSON", "By sales person.", order(), Order::SalesPersonId),
        of("SPECIAL_OFFER", "By the special offer of the line.", vec![], Line::SpecialOfferId),
        of("ONLINE", "By whether the customer ordered online.", order(), Order::OnlineOrderFlag)
            .named("online"),
        of("ORDER_STATUS", "By the state of the order.", order(), Order::Status)
            .named("order_status"),
        date("ORDER_DATE", "By the day of the order.", Bucket::Day),
        date("ORDER_WEEK", "By its week, from Monday.", Bucket::Week),
        date("ORDER_MONTH", "By its month.", Bucket::Month),
        date("ORDER_QUARTER", "By its quarter.", Bucket::Quarter),
        date("ORDER_YEAR", "By its year.", Bucket::Year),
        date("ORDER_WEEKDAY", "By its weekday, Monday to Sunday.", Bucket::Weekday),
    ]
});

/// A column of a row at the end of a path.
fn of(
    name: &'static str,
    description: &'static str,
    path: Vec<ToOne>,
    value: impl ColumnTrait,
) -> Dimension {
    let value = *column(value);
    Dimension { name, description, column: value.nullable(), path, value, bucket: None }
}

/// A bucket of the order's date.
fn date(name: &'static str, description: &'static str, bucket: Bucket) -> Dimension {
    let (column, kind, sql) = match bucket {
        Bucket::Day => ("order_date", Kind::Date, "@.order_date::date"),
        Bucket::Week => ("order_week", Kind::Date, "date_trunc('week', @.order_date)::date"),
        Bucket::Month => ("order_month", Kind::Date, "date_trunc('month', @.order_date)::date"),
        Bucket::Quarter => {
            ("order_quarter", Kind::Date, "date_trunc('quarter', @.order_date)::date")
        }
        Bucket::Year => ("order_year", Kind::Int, "extract(year FROM @.order_date)::integer"),
        Bucket::Weekday => {
            ("order_weekday", Kind::Int, "extract(isodow FROM @.order_date)::integer")
        }
    };
    Dimension {
        name,
        description,
        column: Column::derived(column, kind).nullable(),
        path: vec![*TO_ORDER],
        value: Column::computed(column, kind, sql),
        bucket: Some(bucket),
    }
}

impl Dimension {
    fn named(self, column: &'static str) -> Self {
        Self { column: self.column.renamed(column), ..self }
    }

    /// Whether it is a bucket of the order's date.
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
