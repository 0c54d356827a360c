//! The kinds of reports: each is a query with columns under fixed names.

use super::request::ReportColumn;

/// What a report has rows of, beside those of any query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Order lines.
    SalesLines,
    /// Orders.
    SalesOrders,
    /// Customers.
    Customers,
    /// Products.
    Products,
    /// Groups of order lines.
    SalesAggregate,
    /// The demand forecast.
    DemandForecast,
}

/// A column that a kind offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindColumn {
    /// Its name in the file.
    pub name: &'static str,
    /// The fields below a row of the query, joined by dots.
    pub path: &'static str,
    /// Whether it has names of persons: without the scope for these it is left out, unless it
    /// is asked for.
    pub is_personal: bool,
}

const fn column(name: &'static str, path: &'static str) -> KindColumn {
    KindColumn { name, path, is_personal: false }
}

const fn personal(name: &'static str, path: &'static str) -> KindColumn {
    KindColumn { name, path, is_personal: true }
}

const SALES_LINES: &[KindColumn] = &[
    column("salesOrderId", "salesOrderId"),
    column("salesOrderDetailId", "salesOrderDetailId"),
    column("salesOrderNumber", "order.salesOrderNumber"),
    column("orderDate", "order.orderDate"),
    column("orderStatus", "order.status"),
    column("onlineOrderFlag", "order.onlineOrderFlag"),
    column("territoryId", "order.territoryId"),
    column("customerId", "order.customerId"),
    personal("customerFirstName", "order.customer.person.firstName"),
    personal("customerLastName", "order.customer.person.lastName"),
    column("storeName", "order.customer.store.name"),
    column("productId", "productId"),
    column("productNumber", "product.productNumber"),
    column("productName", "product.name"),
    column("specialOfferId", "specialOfferId"),
    column("carrierTrackingNumber", "carrierTrackingNumber"),
    column("orderQuantity", "orderQuantity"),
    column("unitPrice", "unitPrice"),
    column("unitPriceDiscount", "unitPriceDiscount"),
    column("lineTotal", "lineTotal"),
    column("modifiedDate", "modifiedDate"),
];

const SALES_ORDERS: &[KindColumn] = &[
    column("salesOrderId", "salesOrderId"),
    column("salesOrderNumber", "salesOrderNumber"),
    column("orderDate", "orderDate"),
    column("dueDate", "dueDate"),
    column("shipDate", "shipDate"),
    column("status", "status"),
    column("onlineOrderFlag", "onlineOrderFlag"),
    column("purchaseOrderNumber", "purchaseOrderNumber"),
    column("accountNumber", "accountNumber"),
    column("customerId", "customerId"),
    personal("customerFirstName", "customer.person.firstName"),
    personal("customerLastName", "customer.person.lastName"),
    column("storeName", "customer.store.name"),
    column("salesPersonId", "salesPersonId"),
    column("territoryId", "territoryId"),
    column("subTotal", "subTotal"),
    column("taxAmt", "taxAmt"),
    column("freight", "freight"),
    column("totalDue", "totalDue"),
    column("modifiedDate", "modifiedDate"),
];

const CUSTOMERS: &[KindColumn] = &[
    column("customerId", "customerId"),
    column("accountNumber", "accountNumber"),
    column("territoryId", "territoryId"),
    column("personId", "personId"),
    personal("firstName", "person.firstName"),
    personal("lastName", "person.lastName"),
    column("storeId", "storeId"),
    column("storeName", "store.name"),
    column("orderCount", "sales.orderCount"),
    column("lineCount", "sales.lineCount"),
    column("orderQuantity", "sales.orderQuantity.sum"),
    column("lineTotal", "sales.lineTotal.sum"),
    column("modifiedDate", "modifiedDate"),
];

const PRODUCTS: &[KindColumn] = &[
    column("productId", "productId"),
    column("productNumber", "productNumber"),
    column("name", "name"),
    column("productLine", "productLine"),
    column("class", "class"),
    column("style", "style"),
    column("color", "color"),
    column("size", "size"),
    column("standardCost", "standardCost"),
    column("listPrice", "listPrice"),
    column("orderCount", "sales.orderCount"),
    column("lineCount", "sales.lineCount"),
    column("orderQuantity", "sales.orderQuantity.sum"),
    column("lineTotal", "sales.lineTotal.sum"),
    column("modifiedDate", "modifiedDate"),
];

/// What each dimension gives; the measures follow.
const DIMENSIONS: &[(&str, &[KindColumn])] = &[
    (
        "PRODUCT",
        &[
            column("productId", "key.product.productId"),
            column("productNumber", "key.product.productNumber"),
            column("productName", "key.product.name"),
        ],
    ),
    ("PRODUCT_LINE", &[column("productLine", "key.productLine")]),
    ("PRODUCT_CLASS", &[column("productClass", "key.productClass")]),
    ("PRODUCT_COLOR", &[column("productColor", "key.productColor")]),
    ("DAYS_TO_MANUFACTURE", &[column("daysToManufacture", "key.daysToManufacture")]),
    (
        "CUSTOMER",
        &[
            column("customerId", "key.customer.customerId"),
            column("customerAccountNumber", "key.customer.accountNumber"),
        ],
    ),
    (
        "PERSON",
        &[
            column("personId", "key.person.businessEntityId"),
            personal("personFirstName", "key.person.firstName"),
            personal("personLastName", "key.person.lastName"),
        ],
    ),
    ("STORE", &[column("storeId", "key.storeId"), column("storeName", "key.store.name")]),
    (
        "TERRITORY",
        &[column("territoryId", "key.territoryId"), column("territoryName", "key.territory.name")],
    ),
    ("SALES_PERSON", &[column("salesPersonId", "key.salesPersonId")]),
    ("SPECIAL_OFFER", &[column("specialOfferId", "key.specialOfferId")]),
    ("ONLINE", &[column("online", "key.online")]),
    ("ORDER_STATUS", &[column("orderStatus", "key.orderStatus")]),
    ("ORDER_DATE", &[column("orderDate", "key.orderDate")]),
    ("ORDER_WEEK", &[column("orderWeek", "key.orderWeek")]),
    ("ORDER_MONTH", &[column("orderMonth", "key.orderMonth")]),
    ("ORDER_QUARTER", &[column("orderQuarter", "key.orderQuarter")]),
    ("ORDER_YEAR", &[column("orderYear", "key.orderYear")]),
    ("ORDER_WEEKDAY", &[column("orderWeekday", "key.orderWeekday")]),
];

const MEASURES: &[KindColumn] = &[
    column("orderCount", "measures.orderCount"),
    column("lineCount", "measures.lineCount"),
    column("customerCount", "measures.customerCount"),
    column("orderTotal", "measures.orderTotal"),
    column("orderQuantity", "measures.orderQuantity.sum"),
    column("orderQuantityMedian", "measures.orderQuantity.median"),
    column("lineTotal", "measures.lineTotal.sum"),
    column("lineTotalMin", "measures.lineTotal.min"),
    column("lineTotalMax", "measures.lineTotal.max"),
    column("lineTotalMedian", "measures.lineTotal.median"),
    column("unitPriceMin", "measures.unitPrice.min"),
    column("unitPriceMax", "measures.unitPrice.max"),
    column("unitPriceMedian", "measures.unitPrice.median"),
];

const DEMAND_FORECAST: &[KindColumn] = &[
    column("date", "date"),
    column("productId", "productId"),
    column("productNumber", "product.productNumber"),
    column("productName", "product.name"),
    column("predictedQuantity", "predictedQuantity"),
    column("availableQuantity", "availableQuantity"),
    column("shortfall", "shortfall"),
    column("basisDays", "basisDays"),
];

impl Kind {
    /// The kind of this code, as the table of reports has it.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "sales_lines" => Self::SalesLines,
            "sales_orders" => Self::SalesOrders,
            "customers" => Self::Customers,
            "products" => Self::Products,
            "sales_aggregate" => Self::SalesAggregate,
            "demand_forecast" => Self::DemandForecast,
            _ => return None,
        })
    }

    /// The columns it offers, in the order of the file; `group_by` has the dimensions of
    /// groups.
    #[must_use]
    pub fn columns(self, group_by: &[String]) -> Vec<KindColumn> {
        match self {
            Self::SalesLines => SALES_LINES.to_vec(),
            Self::SalesOrders => SALES_ORDERS.to_vec(),
            Self::Customers => CUSTOMERS.to_vec(),
            Self::Products => PRODUCTS.to_vec(),
            Self::DemandForecast => DEMAND_FORECAST.to_vec(),
            Self::SalesAggregate => {
                let dimension = |name: &String| {
                    let found = DIMENSIONS.iter().find(|(known, _)| known == name);
                    found.map_or(&[][..], |(_, columns)| columns)
                };
                let dimensions = group_by.iter().flat_map(dimension);
                dimensions.chain(MEASURES).copied().collect()
            }
        }
    }

    /// The document that reads these columns, of the rows that the variable `filter` keeps if
    /// there is one.
    #[must_use]
    pub fn document(self, columns: &[KindColumn], is_filtered: bool) -> String {
        let (variable, argument, lines) = match (self, is_filtered) {
            (_, false) => ("", "", ""),
            (Self::SalesLines | Self::SalesAggregate, true) => {
                ("$filter: SalesFilter", "filter: $filter", "")
            }
            (Self::SalesOrders, true) => {
                ("$filter: SalesFilter!", "filter: {lines: {some: $filter}}", "")
            }
            (Self::Customers, true) => (
                "$filter: SalesFilter!",
                "filter: {orders: {some: {lines: {some: $filter}}}}",
                "(filter: $filter)",
            ),
            (Self::Products, true) => {
                ("$filter: SalesFilter!", "filter: {lines: {some: $filter}}", "(filter: $filter)")
            }
            (Self::DemandForecast, true) => {
                ("$filter: SalesFilter!", "filter: {product: {lines: {some: $filter}}}", "")
            }
        };
        let (field, own_variables, own_arguments) = match self {
            Self::SalesLines => ("salesOrderLines", "", ""),
            Self::SalesOrders => ("salesOrders", "", ""),
            Self::Customers => ("customers", "", ""),
            Self::Products => ("products", "", ""),
            Self::SalesAggregate => {
                ("salesAggregate", "$groupBy: [SalesDimension!]", "groupBy: $groupBy")
            }
            Self::DemandForecast => {
                ("demandForecast", "$from: Date!, $to: Date!", "from: $from, to: $to")
            }
        };
        let variables = in_parentheses(&[own_variables, variable]);
        let arguments = in_parentheses(&[own_arguments, argument]);
        let paths: Vec<Vec<&str>> =
            columns.iter().map(|column| column.path.split('.').collect()).collect();
        let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
        let mut document = format!("query Report{variables} {{ {field}{arguments} {{ nodes {{");
        select(&mut document, &paths, lines);
        document.push_str(" } } }");
        document
    }
}

impl From<&KindColumn> for ReportColumn {
    fn from(column: &KindColumn) -> Self {
        Self { name: column.name.to_owned(), path: column.path.to_owned() }
    }
}

fn in_parentheses(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) }
}

/// The selections of these paths, each field once.
fn select(document: &mut String, paths: &[&[&str]], of_sales: &str) {
    let mut done: Vec<&str> = Vec::new();
    for path in paths {
        let Some((first, rest)) = path.split_first() else { continue };
        if done.contains(first) {
            continue;
        }
        done.push(first);
        document.push(' ');
        document.push_str(first);
        if rest.is_empty() {
            continue;
        }
        if *first == "sales" {
            document.push_str(of_sales);
        }
        let below: Vec<&[&str]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(other, rest)| *other == first && !rest.is_empty())
            .map(|(_, rest)| rest)
            .collect();
        document.push_str(" {");
        select(document, &below, of_sales);
        document.push_str(" }");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_selects_each_field_once() {
        let columns = Kind::SalesOrders.columns(&[]);
        let names = ["salesOrderId", "customerFirstName", "customerLastName", "storeName"];
        let columns: Vec<_> =
            columns.into_iter().filter(|column| names.contains(&column.name)).collect();
        assert_eq!(
            Kind::SalesOrders.document(&columns, true),
            "query Report($filter: SalesFilter!) \
             { salesOrders(filter: {lines: {some: $filter}}) { nodes { salesOrderId customer \
             { person { firstName lastName } store { name } } } } }"
        );
        assert_eq!(
            Kind::SalesOrders.document(&columns[..1], false),
            "query Report { salesOrders { nodes { salesOrderId } } }"
        );
    }

    #[test]
    fn groups_have_their_dimensions_before_their_measures() {
        let columns = Kind::SalesAggregate.columns(&["ORDER_MONTH".into(), "PRODUCT".into()]);
        let names: Vec<_> = columns.iter().map(|column| column.name).take(5).collect();
        let expected = ["orderMonth", "productId", "productNumber", "productName", "orderCount"];
        assert_eq!(names, expected);
    }

    #[test]
    fn names_of_a_kind_differ() {
        let dimensions: Vec<String> = DIMENSIONS.iter().map(|(name, _)| (*name).into()).collect();
        for kind in ["sales_lines", "sales_orders", "customers", "products", "sales_aggregate"] {
            let columns = Kind::of_code(kind).unwrap().columns(&dimensions);
            let mut names: Vec<_> = columns.iter().map(|column| column.name).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{kind}");
        }
    }
}
