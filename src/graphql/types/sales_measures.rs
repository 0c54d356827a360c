//! `SalesMeasures`: what is measured of order lines.

use crate::graphql::schema::model::{Field, FieldValue, ObjectType, OutputType};
use crate::query::aggregate::{LineValue, Measure, Statistic};

/// What is measured of order lines.
pub(crate) static SALES_MEASURES: ObjectType = ObjectType {
    name: "SalesMeasures",
    description: "What is measured of order lines. Only what is selected is computed.",
    fields: &[
        measure(
            "orderCount",
            Measure::OrderCount,
            OutputType::Int,
            "Orders with at least one of the lines.",
        ),
        measure(
            "withoutRateCount",
            Measure::WithoutRate,
            OutputType::Int,
            "Lines of orders on or before whose date no rate is known of the currency in `in`: \
             where there are any, amounts are null.",
        ),
        measure("lineCount", Measure::LineCount, OutputType::Int, "Number of lines."),
        measure(
            "customerCount",
            Measure::CustomerCount,
            OutputType::Int,
            "Customers of these orders, each counted once.",
        ),
        measure(
            "orderTotal",
            Measure::OrderTotal,
            OutputType::Decimal,
            "Sum of totalDue of these orders, in USD: each counted once and as a whole, however \
             many of its lines are among those measured. Null only where no rate is known.",
        ),
        Field::group("orderQuantity", &ORDER_QUANTITY, "Quantities of the lines, in pieces."),
        Field::group(
            "unitPrice",
            &UNIT_PRICE,
            "Prices of one piece before discount, in USD; each line counts once, whatever its \
             quantity.",
        ),
        Field::group("lineTotal", &LINE_TOTAL, "Totals of the lines, in USD."),
    ],
};

static ORDER_QUANTITY: ObjectType = ObjectType {
    name: "SalesQuantityStatistics",
    description: "Statistics of quantities, in pieces. All but sum are null when there are no lines.",
    fields: &statistics(LineValue::OrderQuantity, OutputType::Long, OutputType::Int),
};

static UNIT_PRICE: ObjectType = ObjectType {
    name: "SalesPriceStatistics",
    description: "Statistics of prices, in USD. All but sum are null when there are no lines.",
    fields: &statistics(LineValue::UnitPrice, OutputType::Decimal, OutputType::Decimal),
};

static LINE_TOTAL: ObjectType = ObjectType {
    name: "SalesTotalStatistics",
    description: "Statistics of line totals, in USD. All but sum are null when there are no lines.",
    fields: &statistics(LineValue::LineTotal, OutputType::Decimal, OutputType::Decimal),
};

const fn measure(
    name: &'static str,
    measure: Measure,
    shown: OutputType,
    description: &'static str,
) -> Field {
    Field { name, description, value: FieldValue::Measure(measure, shown) }
}

/// The statistics of a value: its sum and its single values are shown so.
const fn statistics(value: LineValue, sum: OutputType, single: OutputType) -> [Field; 7] {
    [
        measure(
            "sum",
            Measure::Of(value, Statistic::Sum),
            sum,
            "Their sum, exact; 0 without lines. Of amounts null where no rate is known.",
        ),
        measure(
            "avg",
            Measure::Of(value, Statistic::Avg),
            OutputType::Decimal,
            "Their mean, to at least 16 significant digits.",
        ),
        measure("min", Measure::Of(value, Statistic::Min), single, "The least."),
        measure("max", Measure::Of(value, Statistic::Max), single, "The greatest."),
        measure(
            "median",
            Measure::Of(value, Statistic::Median),
            OutputType::Decimal,
            "The one in the middle, or exactly between the two in the middle.",
        ),
        Field {
            name: "percentile",
            description: "Discrete percentile (percentile_disc): the smallest value at or above \
                          fraction p.",
            value: FieldValue::Percentile(value, single),
        },
        measure(
            "stddev",
            Measure::Of(value, Statistic::Stddev),
            OutputType::Decimal,
            "Their sample standard deviation, to at least 15 significant digits; null of a single line.",
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
