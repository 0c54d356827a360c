//! `sales_aggregate`: groups of sales with their measures, by typed arguments.

use serde_json::{Map, Value as Json, json};

use super::schema::{Described, arguments_schema};
use super::{dimensions, measures, sales_filter};
use crate::graphql::Guide;
use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::desk::{Desk, operation};
use crate::http::mcp::outcome::{BadArgument, Outcome};

/// The root field that it asks for.
const FIELD: &str = "salesAggregate";
const GROUP_BY: &str = "groupBy";
const MEASURES: &str = "measures";
const HAVING: &str = "having";
const CURRENCY: &str = "currency";
const TOTAL_COUNT: &str = "totalCount";
/// Arguments of the field that are taken as they are.
const SAME: [&str; 6] = ["orderBy", "topPerGroup", "first", "after", "fillGaps", "engine"];
/// What is measured unless something else is asked for.
const DEFAULT: [&str; 2] = ["ORDER_COUNT", "LINE_TOTAL_SUM"];
/// Where the currency of amounts is said.
const IN: (&str, &str, &str) = ("SalesGroup", "measures", "in");

pub(super) fn describe() -> Described {
    let guide = Guide::get();
    let description = "Computes figures of sales exactly: order lines are put into groups by \
        dimensions, and each group is measured. Revenue by month: {\"groupBy\": \
        [\"ORDER_MONTH\"], \"measures\": [\"LINE_TOTAL_SUM\"]}. The ten best products of a year: \
        {\"groupBy\": [\"PRODUCT\"], \"measures\": [\"LINE_TOTAL_SUM\"], \"from\": \
        \"2013-01-01\", \"to\": \"2013-12-31\", \"orderBy\": [{\"measure\": \"LINE_TOTAL_SUM\", \
        \"direction\": \"DESC\"}], \"first\": 10}. The best three of each month: add ORDER_MONTH \
        to groupBy, and \"topPerGroup\": {\"by\": [\"ORDER_MONTH\"], \"first\": 3}. Without \
        groupBy everything is one group. Each row has key (the values of groupBy) and measures, \
        with amounts as exact decimals in text. LINE_TOTAL_* are of lines, before tax and \
        freight; ORDER_TOTAL is of whole orders, with both. hasMore says that rows follow: ask \
        again with after. dataVersion says which version of the data the figures are of.";
    let mut properties = sales_filter::schemas();
    let mut put = |name: &str, schema: Json| properties.insert(name.to_owned(), schema);
    put(GROUP_BY, guide.argument_schema("Query", FIELD, GROUP_BY));
    let text = format!(
        "What is measured of each group; by default {}. ORDER_COUNT, LINE_COUNT and \
         CUSTOMER_COUNT count, the others are statistics of quantities, prices and totals.",
        DEFAULT.join(" and ")
    );
    let items = guide.schema_of(measures::MEASURE);
    put(MEASURES, json!({ "type": "array", "items": items, "description": text }));
    put(HAVING, measures::having_schema());
    for name in SAME {
        put(name, guide.argument_schema("Query", FIELD, name));
    }
    let (of, field, argument) = IN;
    put(CURRENCY, guide.argument_schema(of, field, argument));
    let text = "Whether to count all groups, over all pages.";
    put(TOTAL_COUNT, json!({ "type": "boolean", "description": text }));
    let row = json!({
        "type": "object",
        "properties": { "key": { "type": "object" }, "measures": { "type": "object" } },
        "required": ["key", "measures"],
    });
    let output = json!({
        "type": "object",
        "properties": {
            "rows": { "type": "array", "items": row },
            "hasMore": { "type": "boolean" },
            "after": { "type": ["string", "null"], "description": "For the next page." },
            "totalCount": { "type": "integer" },
            "dataVersion": { "type": "integer" },
            "dataAsOf": { "type": "string" },
        },
        "required": ["rows", "hasMore"],
    });
    let input = arguments_schema(&properties.into(), &[]);
    ("Figures of sales", description, input, output)
}

pub(super) async fn call(given: Map<String, Json>, desk: Desk<'_>) -> Result<Outcome, Outcome> {
    let names = sales_filter::schemas();
    let own = [GROUP_BY, MEASURES, HAVING, CURRENCY, TOTAL_COUNT];
    let names = names.keys().map(String::as_str).chain(own).chain(SAME);
    let mut arguments = Arguments::of(given, names)?;
    let (document, variables) = document(&mut arguments, desk)?;
    let (mut data, version) = desk.read(operation(document, variables)).await?.data()?;
    let mut list = data.get_mut(FIELD).map(Json::take).unwrap_or_default();
    let mut take = |path: &str| list.pointer_mut(path).map(Json::take).unwrap_or_default();
    let mut answer = Map::new();
    answer.insert("rows".to_owned(), take("/nodes"));
    answer.insert("hasMore".to_owned(), take("/pageInfo/hasNextPage"));
    answer.insert("after".to_owned(), take("/pageInfo/endCursor"));
    let count = take("/totalCount");
    if !count.is_null() {
        answer.insert(TOTAL_COUNT.to_owned(), count);
    }
    answer.extend(version);
    Ok(Outcome::done(answer.into()))
}

/// The document, which has nothing of a caller's texts but names that the schema has, and the
/// values of its variables.
fn document(
    arguments: &mut Arguments,
    desk: Desk<'_>,
) -> Result<(String, Map<String, Json>), BadArgument> {
    let guide = Guide::get();
    let group_by = arguments.names(GROUP_BY)?.unwrap_or_default();
    let key = dimensions::selection(GROUP_BY, &group_by, &desk.principal.scope)?;
    let measured = arguments.names(MEASURES)?.filter(|names| !names.is_empty());
    let measured = measured.unwrap_or_else(|| DEFAULT.map(str::to_owned).into());
    let measured = measures::selection(MEASURES, &measured)?;
    let mut values = Map::new();
    if let Some(filter) = sales_filter::read(arguments)? {
        values.insert(sales_filter::FILTER.to_owned(), filter);
    }
    if let Some(list) = arguments.list(HAVING)? {
        values.insert(HAVING.to_owned(), measures::having(HAVING, list)?);
    }
    values.insert(GROUP_BY.to_owned(), group_by.into());
    for name in SAME {
        if let Some(value) = arguments.take(name) {
            values.insert(name.to_owned(), value);
        }
    }
    let ty = |of, field, name| guide.argument_type(of, field, name).unwrap_or_default();
    let names = values.keys();
    let mut declared: Vec<String> =
        names.map(|name| format!("${name}: {}", ty("Query", FIELD, name))).collect();
    let passed: Vec<String> = values.keys().map(|name| format!("{name}: ${name}")).collect();
    let (of, field, argument) = IN;
    let currency = match arguments.take(CURRENCY) {
        Some(currency) => {
            declared.push(format!("${argument}: {}", ty(of, field, argument)));
            values.insert(argument.to_owned(), currency);
            format!("({argument}: ${argument})")
        }
        None => String::new(),
    };
    let count = if arguments.boolean(TOTAL_COUNT)? { "totalCount" } else { "" };
    let key = if key.is_empty() { "__typename".to_owned() } else { key };
    let (declared, passed) = (declared.join(", "), passed.join(", "));
    let document = format!(
        "query {FIELD}({declared}) {{ {FIELD}({passed}) {{ {count} pageInfo {{ hasNextPage \
         endCursor }} nodes {{ key {{ {key} }} measures{currency} {{ {measured} }} }} }} }}"
    );
    Ok((document, values))
}
