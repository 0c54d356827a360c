//! The members of a JSON object and the elements of an array, each as the text it is.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::load::rejects::reason::{Fault, Reason};

/// Characters of a message, which may quote a value of any length.
const MESSAGE: usize = 300;

/// Calls `each` with the name and the text of every member of the object.
///
/// # Errors
/// Why the text is no JSON object, as serde_json says it.
pub(super) fn members<'a>(
    text: &'a [u8],
    each: impl FnMut(&str, &'a RawValue),
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    Members(each).deserialize(&mut json)?;
    json.end()
}

/// Calls `each` with the text of every element of the array.
pub(super) fn elements<'a>(
    text: &'a RawValue,
    each: impl FnMut(&'a RawValue),
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text.get());
    Elements(each).deserialize(&mut json)
}

/// The number of elements of the array.
pub(super) fn length(text: &RawValue) -> usize {
    let mut length = 0;
    // What comes before an error counts as well.
    let _ = elements(text, |_| length += 1);
    length
}

/// The fault of a text that is no JSON object.
pub(super) fn not_json(text: &[u8], error: &serde_json::Error) -> Fault {
    let message = match (text.first(), error.classify()) {
        (None, _) => "expected a JSON object, found nothing".to_owned(),
        (Some(0 | 0xfe | 0xff), _) => "expected JSON in UTF-8, as it must be".to_owned(),
        (Some(b'{'), serde_json::error::Category::Syntax)
            if error.to_string().starts_with("trailing characters") =>
        {
            format!(
                "{error}: text follows the object; *.ndjson has one object a line, *.json one or an array"
            )
        }
        (Some(b'{'), _) => error.to_string(),
        _ => format!("expected a JSON object: {error}"),
    };
    let message = message.chars().take(MESSAGE).collect();
    Fault { column: None, reason: Reason::InvalidJson, message }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<F>(F);

impl<'de, F: FnMut(&str, &'de RawValue)> DeserializeSeed<'de> for Members<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Name(name), value)) = map.next_entry::<Name<'_>, &RawValue>()? {
            (self.0)(&name, value);
        }
        Ok(())
    }
}

struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Elements<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element::<&RawValue>()? {
            (self.0)(value);
        }
        Ok(())
    }
}
