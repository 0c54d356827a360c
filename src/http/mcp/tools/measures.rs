//! The measures of groups of sales: each value of `SalesMeasure`, and where it is selected.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use crate::graphql::Guide;
use crate::http::mcp::outcome::BadArgument;

/// The enumeration of their names.
pub(super) const MEASURE: &str = "SalesMeasure";
/// The object that has them.
const OBJECT: &str = "SalesMeasures";
/// The input that groups are kept by.
const FILTER: &str = "SalesMeasureFilter";
/// How deep the object is.
const DEPTH: usize = 2;
/// A filter with all comparisons of a measure.
const COMPARED: &str = "DecimalFilter";
/// Most conditions of groups.
const CONDITIONS: usize = 100;

/// Where each measure is: `LINE_TOTAL_SUM` at `lineTotal`, `sum`.
static PATHS: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let guide = Guide::get();
    let leaves = guide.leaves(OBJECT, DEPTH);
    let values = guide.values(MEASURE).into_iter();
    let found = values.filter_map(|value| {
        let path = leaves.iter().find(|path| upper(path) == value.name)?;
        Some((value.name, path.clone()))
    });
    found.collect()
});

/// `["lineTotal", "sum"]` as `LINE_TOTAL_SUM`.
pub(super) fn upper(path: &[&str]) -> String {
    let mut text = String::new();
    for character in path.join("_").chars() {
        if character.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(character.to_ascii_uppercase());
    }
    text
}

/// Where a measure is.
pub(super) fn path(argument: &str, measure: &str) -> Result<&'static [&'static str], BadArgument> {
    PATHS.get(measure).map(Vec::as_slice).ok_or_else(|| {
        let known: Vec<&str> = PATHS.keys().copied().collect();
        let measure: String = measure.chars().take(100).collect();
        let known = known.join(", ");
        BadArgument::new(argument, format!("there is no measure {measure}, but {known}"))
    })
}

/// What is selected of them: `lineTotal { sum avg }`.
pub(super) fn selection(argument: &str, measures: &[String]) -> Result<String, BadArgument> {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for measure in measures {
        let (first, rest) = match path(argument, measure)? {
            [first, rest @ ..] => (*first, rest),
            [] => continue,
        };
        groups.entry(first).or_default().extend(rest);
    }
    let groups = groups.into_iter().map(|(name, below)| match below.as_slice() {
        [] => name.to_owned(),
        below => format!("{name} {{ {} }}", below.join(" ")),
    });
    Ok(groups.collect::<Vec<_>>().join(" "))
}

/// The comparisons of a measure with a value, and what they mean.
static COMPARISONS: LazyLock<BTreeMap<String, Json>> = LazyLock::new(|| {
    let guide = Guide::get();
    let fields = guide.input_schemas(COMPARED).into_iter();
    let of_values = fields.filter(|(name, _)| guide.input_type(COMPARED, name) == Some("Decimal"));
    of_values
        .map(|(name, schema)| (name, schema.get("description").cloned().unwrap_or_default()))
        .collect()
});

fn known_comparisons() -> String {
    COMPARISONS.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The schema of what groups are kept by.
pub(super) fn having_schema() -> Json {
    let guide = Guide::get();
    let mut properties = serde_json::Map::new();
    properties.insert("measure".to_owned(), guide.schema_of(MEASURE));
    for (name, meaning) in &*COMPARISONS {
        // Not also a number: some assistants know one type for each value, and as a number an
        // amount may be rounded before it is sent.
        let schema = json!({ "type": "string", "description": meaning });
        properties.insert(name.clone(), schema);
    }
    json!({
        "type": "array",
        "description": "Keeps the groups whose measures fulfil all of these, as [{\"measure\": \
            \"LINE_TOTAL_SUM\", \"gte\": \"1000\"}]. Write values as text.",
        "items": {
            "type": "object",
            "properties": properties,
            "required": ["measure"],
            "additionalProperties": false,
        },
    })
}

/// The argument as a `SalesMeasureFilter`.
pub(super) fn having(argument: &str, list: Vec<Json>) -> Result<Json, BadArgument> {
    if list.len() > CONDITIONS {
        let message = format!("expected at most {CONDITIONS} conditions");
        return Err(BadArgument::new(argument, message));
    }
    let mut all = Vec::new();
    for condition in list {
        let Json::Object(mut condition) = condition else {
            return Err(BadArgument::new(argument, "expected objects with a measure"));
        };
        let Some(Json::String(measure)) = condition.remove("measure") else {
            return Err(BadArgument::new(argument, "each needs a measure"));
        };
        let path = path(argument, &measure)?;
        if condition.is_empty() {
            let message = format!("{measure} needs one of {}", known_comparisons());
            return Err(BadArgument::new(argument, message));
        }
        for (name, value) in condition {
            if !COMPARISONS.contains_key(&name) {
                let name: String = name.chars().take(100).collect();
                let message = format!("there is no comparison {name}, but {}", known_comparisons());
                return Err(BadArgument::new(argument, message));
            }
            let value = compared(argument, path, value)?;
            let innermost = json!({ name: value });
            all.push(path.iter().rev().fold(innermost, |below, name| json!({ *name: below })));
        }
    }
    Ok(json!({ "and": all }))
}

/// The value as the measure is compared: whole numbers as numbers, all else as text.
fn compared(argument: &str, path: &[&str], value: Json) -> Result<Json, BadArgument> {
    let guide = Guide::get();
    let compared = path.iter().try_fold(FILTER, |of, name| guide.input_type(of, name));
    let is_decimal = compared == Some(COMPARED);
    match value {
        Json::Number(number) if !is_exact(&number) => {
            Err(BadArgument::new(argument, "write a number of so many digits as a text"))
        }
        Json::Number(number) if is_decimal => Ok(number.to_string().into()),
        Json::Number(number) => Ok(number.into()),
        Json::String(text) if is_decimal => Ok(text.into()),
        Json::String(text) => {
            text.trim().parse::<i64>().map(Json::from).map_err(|_| {
                BadArgument::new(argument, "this measure is compared with whole numbers")
            })
        }
        _ => Err(BadArgument::new(argument, "a measure is compared with a number or a text")),
    }
}

/// Whether a number of JSON is what was written: with more digits it has been rounded.
fn is_exact(number: &serde_json::Number) -> bool {
    let digits = || number.to_string().bytes().filter(u8::is_ascii_digit).count();
    !number.is_f64() || digits() <= 15
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_of_the_schema_has_its_place() {
        let values = Guide::get().values(MEASURE);
        assert_eq!(values.len(), PATHS.len());
        for value in values {
            // As the schema itself says: "By lineTotal.sum."
            let said = value.description.trim_start_matches("By ").trim_end_matches('.');
            assert_eq!(path("measures", value.name).unwrap().join("."), said);
        }
        assert_eq!(known_comparisons(), "eq, gt, gte, lt, lte, ne");
        assert_eq!(COMPARISONS["eq"], "Equal to this.");
    }

    #[test]
    fn measures_are_selected_once_for_each_part() {
        let names = ["LINE_TOTAL_SUM", "ORDER_COUNT", "LINE_TOTAL_AVG"].map(str::to_owned);
        assert_eq!(selection("measures", &names).unwrap(), "lineTotal { sum avg } orderCount");
        assert!(selection("measures", &["} x {".to_owned()]).is_err());
    }

    #[test]
    fn conditions_become_a_filter() {
        let list = json!([
            { "measure": "LINE_TOTAL_SUM", "gte": 10.5, "lt": "20" },
            { "measure": "ORDER_COUNT", "eq": "3" },
        ]);
        let filter = having("having", list.as_array().cloned().unwrap()).unwrap();
        let expected = json!({ "and": [
            { "lineTotal": { "sum": { "gte": "10.5" } } },
            { "lineTotal": { "sum": { "lt": "20" } } },
            { "orderCount": { "eq": 3 } },
        ] });
        assert_eq!(filter, expected);
        for wrong in [
            json!([1]),
            json!([{ "gt": 1 }]),
            json!([{ "measure": "X", "gt": 1 }]),
            json!([{ "measure": "ORDER_COUNT" }]),
            json!([{ "measure": "ORDER_COUNT", "or": 1 }]),
            json!([{ "measure": "ORDER_COUNT", "gt": "1.5" }]),
            json!([{ "measure": "ORDER_COUNT", "gt": [] }]),
            json!([{ "measure": "LINE_TOTAL_SUM", "gt": 1_000_000_000_000_000.01 }]),
            json!(vec![json!({ "measure": "ORDER_COUNT", "gt": 1 }); CONDITIONS + 1]),
        ] {
            assert!(having("having", wrong.as_array().cloned().unwrap()).is_err(), "{wrong}");
        }
    }
}
