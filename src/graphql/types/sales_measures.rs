//! `SalesMeasures`: what is measured of order lines.

use super::common::TO_CUSTOMER;
use crate::graphql::schema::model::{Field, FieldValue, Owner, Shape, Shown};
use crate::query::aggregate::{LineValue, Measure, Statistic};
use crate::query::{Column, Kind, ToOne, tables};

/// What is measured of order lines.
pub(crate) static SALES_MEASURES: Shape = Shape {
    name: "SalesMeasures",
    description: "What is measured of order lines. Only what is selected is computed.",
    fields: &[
        measure(
            "orderCount",
            Measure::OrderCount,
            Shown::Int,
            "Orders with at least one of the lines.",
        ),
        measure("lineCount", Measure::LineCount, Shown::Int, "The lines."),
        measure(
            "customerCount",
            Measure::CustomerCount,
            Shown::Int,
            "Customers of these orders, each counted once.",
        ),
        measure(
            "orderTotal",
            Measure::OrderTotal,
            Shown::Decimal,
            "Sum of totalDue of these orders, in USD: each counted once and as a whole, however \
             many of its lines are among those measured.",
        ),
        Field::group("orderQuantity", &ORDER_QUANTITY, "Quantities of the lines, in pieces."),
        Field::group(
            "unitPrice",
            &UNIT_PRICE,
            "Prices of one piece before discount, in USD; each line counts once, whatever its \
             quantity.",
        ),
        Field::group("lineTotal", &LINE_TOTAL, "What the lines come to, in USD."),
    ],
};

static ORDER_QUANTITY: Shape = Shape {
    name: "SalesQuantityStatistics",
    description: "Statistics of quantities, in pieces. All but the sum are null of no line.",
    fields: &statistics(LineValue::OrderQuantity, Shown::Long, Shown::Int),
};

static UNIT_PRICE: Shape = Shape {
    name: "SalesPriceStatistics",
    description: "Statistics of prices, in USD. All but the sum are null of no line.",
    fields: &statistics(LineValue::UnitPrice, Shown::Decimal, Shown::Decimal),
};

static LINE_TOTAL: Shape = Shape {
    name: "SalesTotalStatistics",
    description: "Statistics of what lines come to, in USD. All but the sum are null of no line.",
    fields: &statistics(LineValue::LineTotal, Shown::Decimal, Shown::Decimal),
};

const fn measure(
    name: &'static str,
    measure: Measure,
    shown: Shown,
    description: &'static str,
) -> Field {
    Field { name, description, value: FieldValue::Measure(measure, shown) }
}

/// The statistics of a value: its sum and its single values are shown so.
const fn statistics(value: LineValue, sum: Shown, single: Shown) -> [Field; 7] {
    [
        measure("sum", Measure::Of(value, Statistic::Sum), sum, "Their sum, exact; 0 of no line."),
        measure(
            "avg",
            Measure::Of(value, Statistic::Avg),
            Shown::Decimal,
            "Their mean, to at least 16 significant digits.",
        ),
        measure("min", Measure::Of(value, Statistic::Min), single, "The least."),
        measure("max", Measure::Of(value, Statistic::Max), single, "The greatest."),
        measure(
            "median",
            Measure::Of(value, Statistic::Median),
            Shown::Decimal,
            "The one in the middle, or exactly between the two in the middle.",
        ),
        Field {
            name: "percentile",
            description: "The least of them that a share p of all is not greater than, so always \
                          one that there is.",
            value: FieldValue::Percentile(value, single),
        },
        measure(
            "stddev",
            Measure::Of(value, Statistic::Stddev),
            Shown::Decimal,
            "Their sample standard deviation; null of a single line.",
        ),
    ]
}

/// What groups can be ordered by and kept to: name, description, and what it is.
pub(crate) static MEASURES: [(&str, &str, Measure); 22] = [
    ("ORDER_COUNT", "By orderCount.", Measure::OrderCount),
    ("LINE_COUNT", "By lineCount.", Measure::LineCount),
    ("CUSTOMER_COUNT", "By customerCount.", Measure::CustomerCount),
    ("ORDER_TOTAL", "By orderTotal.", Measure::OrderTotal),
    ("ORDER_QUANTITY_SUM", "By orderQuantity.sum.", quantity(Statistic::Sum)),
    ("ORDER_QUANTITY_AVG", "By orderQuantity.avg.", quantity(Statistic::Avg)),
    ("ORDER_QUANTITY_MIN", "By orderQuantity.min.", quantity(Statistic::Min)),
    ("ORDER_QUANTITY_MAX", "By orderQuantity.max.", quantity(Statistic::Max)),
    ("ORDER_QUANTITY_MEDIAN", "By orderQuantity.median.", quantity(Statistic::Median)),
    ("ORDER_QUANTITY_STDDEV", "By orderQuantity.stddev.", quantity(Statistic::Stddev)),
    ("UNIT_PRICE_SUM", "By unitPrice.sum.", price(Statistic::Sum)),
    ("UNIT_PRICE_AVG", "By unitPrice.avg.", price(Statistic::Avg)),
    ("UNIT_PRICE_MIN", "By unitPrice.min.", price(Statistic::Min)),
    ("UNIT_PRICE_MAX", "By unitPrice.max.", price(Statistic::Max)),
    ("UNIT_PRICE_MEDIAN", "By unitPrice.median.", price(Statistic::Median)),
    ("UNIT_PRICE_STDDEV", "By unitPrice.stddev.", price(Statistic::Stddev)),
    ("LINE_TOTAL_SUM", "By lineTotal.sum.", total(Statistic::Sum)),
    ("LINE_TOTAL_AVG", "By lineTotal.avg.", total(Statistic::Avg)),
    ("LINE_TOTAL_MIN", "By lineTotal.min.", total(Statistic::Min)),
    ("LINE_TOTAL_MAX", "By lineTotal.max.", total(Statistic::Max)),
    ("LINE_TOTAL_MEDIAN", "By lineTotal.median.", total(Statistic::Median)),
    ("LINE_TOTAL_STDDEV", "By lineTotal.stddev.", total(Statistic::Stddev)),
];

const fn quantity(statistic: Statistic) -> Measure {
    Measure::Of(LineValue::OrderQuantity, statistic)
}

const fn price(statistic: Statistic) -> Measure {
    Measure::Of(LineValue::UnitPrice, statistic)
}

const fn total(statistic: Statistic) -> Measure {
    Measure::Of(LineValue::LineTotal, statistic)
}

/// The lines of a product.
pub(super) static OF_PRODUCT: Owner = Owner { way: &[], columns: &[int("product_id")] };
/// Those of an order.
pub(super) static OF_ORDER: Owner = Owner { way: &[], columns: &[int("sales_order_id")] };
/// Those that sell a product under an offer.
pub(super) static OF_OFFER: Owner =
    Owner { way: &[], columns: &[int("special_offer_id"), int("product_id")] };
/// Those of a customer.
pub(super) static OF_CUSTOMER: Owner = Owner { way: &[TO_ORDER], columns: &[int("customer_id")] };
/// Those of a person's customers.
pub(super) static OF_PERSON: Owner =
    Owner { way: &[TO_ORDER, TO_CUSTOMER], columns: &[int("person_id")] };

/// Those of a store's customers.
pub(super) static OF_STORE: Owner =
    Owner { way: &[TO_ORDER, TO_CUSTOMER], columns: &[int("store_id")] };
/// Those of a territory's orders.
pub(super) static OF_TERRITORY: Owner = Owner { way: &[TO_ORDER], columns: &[int("territory_id")] };

const TO_ORDER: ToOne = ToOne { table: &tables::SALES_ORDER, from: &[int("sales_order_id")] };

const fn int(name: &'static str) -> Column {
    Column::new(name, Kind::Int)
}
