//! Questions about sales by chance, and conditions for them.

use super::super::draw::Draw;
use super::{DIMENSIONS, FILTERS, MEASURES, key, names, selected, some};

/// Conditions beside those of other tests: of every kind of column, with values that no column
/// can hold, and such that Postgres decides for the lake.
pub(crate) const CONDITIONS: [&str; 29] = [
    r#"{ unitPrice: { eq: "10.00001" } }"#,
    r#"{ unitPrice: { ne: "10.00001" } }"#,
    r#"{ unitPrice: { gt: "100.00005" } }"#,
    r#"{ unitPrice: { lte: "100.00005" } }"#,
    r#"{ unitPrice: { lt: "99999999999999999999999999999999999999.5" } }"#,
    r#"{ unitPrice: { in: ["10", "20.0000", "3.14159"] } }"#,
    r#"{ lineTotal: { gte: "-0.0000001" } }"#,
    r#"{ unitPriceDiscount: { gt: 0 } }"#,
    r#"{ carrierTrackingNumber: { isNull: true } }"#,
    r#"{ carrierTrackingNumber: { contains: "%" } }"#,
    r#"{ order: { status: { in: [SHIPPED, IN_PROCESS] } } }"#,
    r#"{ order: { status: { ne: SHIPPED } } }"#,
    r#"{ order: { salesPersonId: { isNull: true } } }"#,
    r#"{ order: { salesOrderNumber: { startsWith: "SO" } } }"#,
    r#"{ order: { customerId: { notIn: [1, 2, 3] } } }"#,
    r#"{ order: { lines: { some: { orderQuantity: { gt: 10 } } } } }"#,
    r#"{ order: { lines: { none: { orderQuantity: { gt: 10 } } } } }"#,
    r#"{ order: { lines: { every: { product: { color: { eq: "Red" } } } } } }"#,
    r#"{ order: { lines: { count: { lt: 3 } } } }"#,
    r#"{ product: { name: { icontains: "a" } } }"#,
    r#"{ product: { name: { gt: "M" } } }"#,
    r#"{ product: { lines: { some: { orderQuantity: { gt: 10 } } } } }"#,
    r#"{ not: { product: { color: { gt: "Blue" } } } }"#,
    r#"{ product: { productLine: { in: [ROAD, MOUNTAIN] } } }"#,
    r#"{ order: { territory: { group: { ieq: "europe" } } } }"#,
    r#"{ customer: { accountNumber: { endsWith: "1" } } }"#,
    r#"{ person: { lastName: { isNull: false } } }"#,
    r#"{ source: { loadedAt: { gt: "2000-01-01T00:00:00Z" } } }"#,
    r#"{ source: { loadedAt: { lt: "2000-01-01T00:00:00Z" } } }"#,
];

/// The arguments of an aggregate, and what is selected of it.
pub(crate) fn question(draw: &mut Draw) -> (String, String) {
    let named: Vec<_> = MEASURES.iter().filter(|measure| !measure.name.is_empty()).collect();
    let dimensions = if draw.once_in(8) { Vec::new() } else { some(draw, &DIMENSIONS, 3) };
    let measures = some(draw, &MEASURES, 6);
    let mut arguments = format!("groupBy: {} ", names(&dimensions));
    if draw.flip() {
        let filter = draw.one(&FILTERS).0;
        arguments.push_str(&format!("filter: {filter} "));
    }
    if draw.flip() {
        let (measure, direction) = (draw.one(&named), draw.one(&["ASC", "DESC"]));
        let nulls = draw.one(&["FIRST", "LAST"]);
        arguments.push_str(&format!(
            "orderBy: [{{ measure: {}, direction: {direction}, nulls: {nulls} }}] ",
            measure.name
        ));
    }
    if draw.once_in(3) && !dimensions.is_empty() {
        let by = draw.one(&dimensions).name;
        arguments.push_str(&format!("topPerGroup: {{ by: [{by}], first: 2 }} "));
    }
    if draw.once_in(3) {
        arguments.push_str("having: { lineCount: { gte: 2 }, unitPrice: { avg: { gt: 1 } } } ");
    }
    let of_dates = dimensions
        .iter()
        .filter(|one| one.name.starts_with("ORDER_") && one.name != "ORDER_STATUS");
    if of_dates.count() == 1 && draw.flip() {
        arguments.push_str("fillGaps: true ");
    }
    let parts = if draw.flip() {
        format!(
            "part: measures(filter: {}) {{ {} }}",
            r#"{ order: { onlineOrderFlag: { eq: true } }, orderQuantity: { lt: 8 } }"#,
            selected(&some(draw, &MEASURES, 4))
        )
    } else {
        String::new()
    };
    let selection = format!(
        "totalCount pageInfo {{ hasNextPage endCursor }} \
         nodes {{ {} measures {{ __typename {} }} {parts} }}",
        key(&dimensions),
        selected(&measures)
    );
    (arguments, selection)
}
