//! Which order lines `sales_aggregate` looks at: arguments for the frequent conditions, and a
//! `SalesFilter` for all others.

use chrono::Days;
use serde_json::{Map, Value as Json, json};

use crate::http::mcp::arguments::Arguments;
use crate::http::mcp::outcome::BadArgument;

pub(super) const FROM: &str = "from";
pub(super) const TO: &str = "to";
pub(super) const KEYWORD: &str = "keyword";
pub(super) const FILTER: &str = "filter";
/// Arguments with keys, and where these are in the filter.
pub(super) const KEYS: [(&str, &[&str]); 5] = [
    ("territoryIds", &["order", "territoryId"]),
    ("productIds", &["productId"]),
    ("customerIds", &["order", "customerId"]),
    ("storeIds", &["customer", "storeId"]),
    ("salesPersonIds", &["order", "salesPersonId"]),
];
/// Where the date of an order is.
const DATE: [&str; 2] = ["order", "orderDate"];

/// The schemas of the arguments.
pub(super) fn schemas() -> Map<String, Json> {
    let date = |text: &str| json!({ "type": "string", "description": text });
    let mut schemas = Map::new();
    schemas.insert(FROM.to_owned(), date("First day of the orders, as 2013-07-01."));
    schemas.insert(
        TO.to_owned(),
        date("Last day of the orders, which is one of them, as 2013-07-31."),
    );
    for (name, path) in KEYS {
        let of = path.last().copied().unwrap_or_default();
        let text = format!("Only those with one of these as {of}.");
        let items = json!({ "type": "integer" });
        schemas.insert(
            name.to_owned(),
            json!({ "type": "array", "items": items, "description": text }),
        );
    }
    let text = "Only those that have each of these words in the name or number of the product, \
                the number of the order or account, or the name of the person.";
    schemas.insert(KEYWORD.to_owned(), json!({ "type": "string", "description": text }));
    let text = "Any other conditions: a SalesFilter of the GraphQL schema, as {\"product\": \
                {\"color\": {\"eq\": \"Red\"}}}. search_schema with SalesFilter finds its fields. \
                All conditions must hold.";
    schemas.insert(FILTER.to_owned(), json!({ "type": "object", "description": text }));
    schemas
}

/// The filter that the arguments make; none without any.
pub(super) fn read(arguments: &mut Arguments) -> Result<Option<Json>, BadArgument> {
    let mut filter = Map::new();
    let mut dates = Map::new();
    if let Some(from) = arguments.date(FROM)? {
        dates.insert("gte".to_owned(), format!("{from}T00:00:00").into());
    }
    if let Some(to) = arguments.date(TO)? {
        let end = to.checked_add_days(Days::new(1));
        let end = end.ok_or_else(|| BadArgument::new(TO, "expected an earlier date"))?;
        dates.insert("lt".to_owned(), format!("{end}T00:00:00").into());
    }
    if !dates.is_empty() {
        put(&mut filter, &DATE, dates.into());
    }
    for (name, path) in KEYS {
        if let Some(list) = arguments.list(name)? {
            put(&mut filter, path, json!({ "in": list }));
        }
    }
    if let Some(keyword) = arguments.text(KEYWORD)? {
        filter.insert(KEYWORD.to_owned(), keyword.into());
    }
    let own = (!filter.is_empty()).then_some(Json::Object(filter));
    let given = arguments.object(FILTER)?.map(Json::Object);
    Ok(match (given, own) {
        (Some(given), Some(own)) => Some(json!({ "and": [own, given] })),
        (given, own) => given.or(own),
    })
}

fn put(filter: &mut Map<String, Json>, path: &[&str], condition: Json) {
    match path {
        [] => {}
        [name] => {
            filter.insert((*name).to_owned(), condition);
        }
        [name, below @ ..] => {
            let entry = filter.entry(*name).or_insert_with(|| Map::new().into());
            if let Json::Object(object) = entry {
                put(object, below, condition);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::graphql::Guide;

    use super::*;

    fn filter(given: &Json) -> Result<Option<Json>, BadArgument> {
        let names = KEYS.map(|(name, _)| name).into_iter().chain([FROM, TO, KEYWORD, FILTER]);
        read(&mut Arguments::of(given.as_object().cloned().unwrap(), names)?)
    }

    #[test]
    fn arguments_are_one_filter() {
        let given = json!({ "from": "2013-07-01", "to": "2013-07-31", "territoryIds": [1, 4] });
        let expected = json!({ "order": {
            "orderDate": { "gte": "2013-07-01T00:00:00", "lt": "2013-08-01T00:00:00" },
            "territoryId": { "in": [1, 4] },
        } });
        assert_eq!(filter(&given).unwrap(), Some(expected));
        assert_eq!(filter(&json!({})).unwrap(), None);
        let both = filter(&json!({ "keyword": "x", "filter": { "productId": { "eq": 1 } } }));
        let expected = json!({ "and": [{ "keyword": "x" }, { "productId": { "eq": 1 } }] });
        assert_eq!(both.unwrap(), Some(expected));
        assert!(filter(&json!({ "to": "+262142-12-31" })).is_err());
    }

    #[test]
    fn all_that_is_filtered_by_is_in_the_schema() {
        let guide = Guide::get();
        let paths = KEYS.map(|(_, path)| path).into_iter().chain([&DATE[..], &[KEYWORD]]);
        for path in paths {
            let found = path.iter().try_fold("SalesFilter", |of, name| guide.input_type(of, name));
            assert!(found.is_some(), "{path:?}");
        }
    }
}
