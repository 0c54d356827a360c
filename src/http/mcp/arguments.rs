//! The arguments of a call: JSON that an assistant has written.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use serde_json::{Map, Value as Json};

use super::outcome::BadArgument;

type Result<T> = std::result::Result<T, BadArgument>;

/// Most names in a list: no enumeration has more values.
const NAMES: usize = 100;

/// The arguments of a call; null is as if it was not given.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Json>);

impl Arguments {
    /// Those of a tool that knows these names.
    pub(super) fn of<'a>(
        mut given: Map<String, Json>,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        given.retain(|_, value| !value.is_null());
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(name) = given.keys().find(|name| !known.contains(&name.as_str())) {
            let known = known.join(", ");
            return Err(BadArgument::new(name, format!("there is no such argument, but {known}")));
        }
        Ok(Self(given))
    }

    /// What is left of them.
    pub(super) fn rest(self) -> Map<String, Json> {
        self.0
    }

    pub(super) fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As it was given.
    pub(super) fn take(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(BadArgument::new(name, "expected a text")),
        }
    }

    pub(super) fn boolean(&mut self, name: &str) -> Result<bool> {
        match self.take(name) {
            None => Ok(false),
            Some(Json::Bool(is)) => Ok(is),
            Some(_) => Err(BadArgument::new(name, "expected true or false")),
        }
    }

    pub(super) fn whole(
        &mut self,
        name: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32> {
        let Some(value) = self.take(name) else { return Ok(default) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            BadArgument::new(name, format!("expected a whole number from {least} to {most}"))
        })
    }

    pub(super) fn date(&mut self, name: &str) -> Result<Option<NaiveDate>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| BadArgument::new(name, "expected a date, such as 2013-07-31"))
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Option<Map<String, Json>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(_) => Err(BadArgument::new(name, "expected an object")),
        }
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Option<Vec<Json>>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::Array(list)) => Ok(Some(list)),
            Some(_) => Err(BadArgument::new(name, "expected an array")),
        }
    }

    /// Names, of which none is there twice.
    pub(super) fn names(&mut self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        if list.len() > NAMES {
            return Err(BadArgument::new(name, format!("expected at most {NAMES} names")));
        }
        let mut names = Vec::new();
        for value in list {
            match value {
                Json::String(text) if !names.contains(&text) => names.push(text),
                Json::String(text) => {
                    let text: String = text.chars().take(100).collect();
                    return Err(BadArgument::new(name, format!("{text} is given twice")));
                }
                _ => return Err(BadArgument::new(name, "expected an array of names")),
            }
        }
        Ok(Some(names))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::outcome::Outcome;
    use super::*;

    fn arguments(json: &Json) -> Result<Arguments> {
        Arguments::of(json.as_object().cloned().unwrap(), ["a", "b"])
    }

    fn message(bad: BadArgument) -> String {
        format!("{:?}", Outcome::from(bad))
    }

    #[test]
    fn a_wrong_argument_is_named_with_what_is_expected() {
        let unknown = message(arguments(&json!({ "c": 1 })).unwrap_err());
        assert!(unknown.contains("c: there is no such argument, but a, b"), "{unknown}");
        let mut given = arguments(&json!({ "a": 7, "b": null })).unwrap();
        assert!(!given.is_given("b"));
        let range = message(given.whole("a", 1..=5, 3).unwrap_err());
        assert!(range.contains("from 1 to 5"), "{range}");
        for value in [json!(-1), json!(1.5), json!("1"), json!(u64::MAX), json!([])] {
            let mut given = arguments(&json!({ "a": value })).unwrap();
            assert!(given.whole("a", 0..=u32::MAX, 3).is_err(), "{value}");
        }
        for date in ["2013-02-30", "x", "", "+999999-01-01"] {
            assert!(arguments(&json!({ "a": date })).unwrap().date("a").is_err(), "{date}");
        }
        let twice = arguments(&json!({ "a": ["x", "x"] })).unwrap().names("a");
        assert!(message(twice.unwrap_err()).contains("x is given twice"));
        let many: Vec<String> = (0..=NAMES).map(|number| number.to_string()).collect();
        let many = arguments(&json!({ "a": many })).unwrap().names("a");
        assert!(message(many.unwrap_err()).contains("a: expected at most 100 names"));
    }
}
