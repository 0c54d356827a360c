//! Whether two sides answered with the same data. Each writes timestamps in its
//! own way, and groups come in the shape and order of each side.

use std::cmp::Reverse;

use serde_json::{Value, json};

use crate::Result;

/// How many groups of an aggregate count.
const GROUPS: usize = 10;

/// Fails unless both are the same, naming the first place where they differ.
pub(crate) fn check(what: &str, found: Value, expected: Value) -> Result<()> {
    let (found, expected) = (plain(found), plain(expected));
    match difference("data", &found, &expected) {
        None => Ok(()),
        Some(place) => Err(format!("{what} differs: {place}").into()),
    }
}

/// The answer in the one form that all sides' answers are brought to.
fn plain(data: Value) -> Value {
    let posted = groups(&data, "/lines/groups", "/keys/0", "/sum/orderQuantity");
    let ours = || {
        let id = "/key/product/productId";
        groups(&data, "/salesAggregate/nodes", id, "/measures/orderQuantity/sum")
    };
    posted.or_else(ours).unwrap_or_else(|| with_plain_times(data))
}

/// The greatest groups with their keys.
fn groups(data: &Value, list: &str, key: &str, sum: &str) -> Option<Value> {
    let number = |group: &Value, place: &str| match group.pointer(place)? {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let groups = data.pointer(list)?.as_array()?.iter();
    let groups: Option<Vec<(Reverse<i64>, i64)>> =
        groups.map(|group| Some((Reverse(number(group, sum)?), number(group, key)?))).collect();
    let mut groups = groups?;
    groups.sort_unstable();
    groups.truncate(GROUPS);
    Some(groups.into_iter().map(|(Reverse(sum), key)| json!([key, sum])).collect())
}

/// `2011-05-31T00:00:00.000000` as `2011-05-31T00:00:00`.
fn with_plain_times(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(match text.split_once('.') {
            Some((time, zeros)) if is_time(time) && zeros.trim_matches('0').is_empty() => {
                time.to_owned()
            }
            _ => text,
        }),
        Value::Array(items) => items.into_iter().map(with_plain_times).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, with_plain_times(value))).collect()
        }
        other => other,
    }
}

fn is_time(text: &str) -> bool {
    text.len() == "2011-05-31T00:00:00".len() && text.as_bytes().get(10) == Some(&b'T')
}

fn difference(place: &str, found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let pairs = found.iter().zip(expected).enumerate();
            pairs.into_iter().find_map(|(at, (f, e))| difference(&format!("{place}.{at}"), f, e))
        }
        (Value::Object(found), Value::Object(expected)) if found.keys().eq(expected.keys()) => {
            let mut pairs = found.iter().zip(expected.values());
            pairs.find_map(|((name, f), e)| difference(&format!("{place}.{name}"), f, e))
        }
        (Value::Array(found), Value::Array(expected)) => {
            let (found, expected) = (found.len(), expected.len());
            Some(format!("{place} has {found} items, expected were {expected}"))
        }
        _ if found == expected => None,
        _ => Some(format!("{place} is {}, expected was {}", short(found), short(expected))),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
