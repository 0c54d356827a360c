//! What can be found: types, fields, arguments and values of enumerations.

use std::collections::HashMap;

use async_graphql::registry::{MetaType, Registry};

use super::paths;
use super::snippet::TypeOrPart;

/// What a part of the schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A type of any kind.
    Type,
    /// A field of an object.
    Field,
    /// An argument of a field.
    Argument,
    /// A field of an input object.
    InputField,
    /// A value of an enumeration.
    EnumValue,
}

impl Part {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "TYPE",
            Self::Field => "FIELD",
            Self::Argument => "ARGUMENT",
            Self::InputField => "INPUT_FIELD",
            Self::EnumValue => "ENUM_VALUE",
        }
    }
}

/// A part of the schema that words are found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub part: Part,
    /// Its name: `Product.listPrice`, `Query.products(filter:)`, `SalesDimension.PRODUCT`.
    pub name: String,
    /// The shortest way to it from a root, as `Query.products.nodes.listPrice`.
    pub path: String,
    /// It as SDL, within its type.
    pub sdl: String,
}

/// A part of the schema, as it is found.
pub(super) struct Entry {
    pub(super) part: Part,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) at: TypeOrPart,
    /// How many words its own name has.
    pub(super) own_words: usize,
    /// How much it matters: what every list has matters little.
    pub(super) weight: f64,
}

/// What is searched of a part.
pub(super) struct Words {
    /// Those of its own name.
    pub(super) own: Vec<String>,
    /// Those of the name of its type.
    pub(super) around: Vec<String>,
    /// Those of its description.
    pub(super) said: Vec<String>,
}

/// All parts of a schema.
pub(super) fn of(registry: &Registry) -> Vec<(Entry, Words)> {
    let paths = paths::of(registry);
    let mut entries = Vec::new();
    for (name, ty) in &registry.types {
        // Of introspection, and what nothing leads to.
        if let (false, Some(path)) = (name.starts_with("__"), paths.get(name)) {
            of_type(name, ty, path, &paths, &mut entries);
        }
    }
    entries
}

fn of_type(
    name: &str,
    ty: &MetaType,
    path: &str,
    paths: &HashMap<String, String>,
    entries: &mut Vec<(Entry, Words)>,
) {
    let weight = weight_of_type(name, ty);
    let (description, parts) = match ty {
        MetaType::Object { description, fields, .. }
        | MetaType::Interface { description, fields, .. } => {
            let mut parts = Vec::new();
            // A root is met at its fields.
            let is_root = paths.get(name).is_some_and(|path| path == name);
            for field in fields.values() {
                let weight = if is_root { 1.5 * weight } else { weight };
                let of = (Part::Field, field.name.as_str(), field.description.as_deref());
                parts.push((of, None, weight));
                for argument in field.args.values() {
                    let share = if is_of_every_list(&argument.name) { 0.2 } else { 0.9 };
                    let said = argument.description.as_deref();
                    let of = (Part::Argument, field.name.as_str(), said);
                    parts.push((of, Some(argument.name.as_str()), share * weight));
                }
            }
            (description, parts)
        }
        MetaType::InputObject { description, input_fields, .. } => {
            let fields = input_fields.values().map(|field| {
                let said = field.description.as_deref();
                ((Part::InputField, field.name.as_str(), said), None, weight)
            });
            (description, fields.collect())
        }
        MetaType::Enum { description, enum_values, .. } => {
            let values = enum_values.values().map(|value| {
                let said = value.description.as_deref();
                ((Part::EnumValue, value.name.as_str(), said), None, weight)
            });
            (description, values.collect())
        }
        MetaType::Scalar { description, .. } | MetaType::Union { description, .. } => {
            (description, Vec::new())
        }
    };
    let own = words(name);
    let entry = Entry {
        part: Part::Type,
        name: name.to_owned(),
        path: path.to_owned(),
        at: TypeOrPart { ty: name.to_owned(), part: None },
        own_words: own.len(),
        weight: 1.2 * weight,
    };
    let said = words(description.as_deref().unwrap_or_default());
    entries.push((entry, Words { own, around: Vec::new(), said }));
    for ((part, of, said), argument, weight) in parts {
        let (shown, below) = match (part, argument) {
            (_, Some(argument)) => {
                (format!("{name}.{of}({argument}:)"), format!("{path}.{of}({argument}:)"))
            }
            (Part::EnumValue, None) => (format!("{name}.{of}"), format!("{path} = {of}")),
            (_, None) => (format!("{name}.{of}"), format!("{path}.{of}")),
        };
        let own = words(argument.unwrap_or(of));
        let entry = Entry {
            part,
            name: shown,
            path: below,
            at: TypeOrPart { ty: name.to_owned(), part: Some(of.to_owned()) },
            own_words: own.len(),
            weight,
        };
        let around = words(&argument.map_or(name.to_owned(), |_| format!("{name} {of}")));
        entries.push((entry, Words { own, around, said: words(said.unwrap_or_default()) }));
    }
}

/// The types around a list, and those of filters and orders, repeat what others say.
fn weight_of_type(name: &str, ty: &MetaType) -> f64 {
    let ends_with = |ending: &str| name.ends_with(ending);
    match ty {
        _ if ends_with("Connection") || ends_with("Edge") || ends_with("OrderField") => 0.3,
        MetaType::InputObject { .. } if ends_with("Filter") || ends_with("Order") => 0.6,
        MetaType::InputObject { .. } => 0.8,
        _ => 1.0,
    }
}

fn is_of_every_list(argument: &str) -> bool {
    ["after", "before", "filter", "first", "last", "orderBy"].contains(&argument)
}

/// The words of a text in lower case: those of `salesOrderId`, `ORDER_DATE` and of sentences.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut was_lower) = (String::new(), false);
    for character in text.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && was_lower) {
            words.push(std::mem::take(&mut word));
        }
        was_lower = character.is_lowercase() || character.is_numeric();
        if character.is_alphanumeric() {
            word.extend(character.to_lowercase());
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_words_that_they_are_made_of() {
        for (text, expected) in [
            ("salesOrderId", "sales order id"),
            ("ORDER_DATE", "order date"),
            ("SalesOrderLine", "sales order line"),
            ("The customer's own number; 0 for none.", "the customer s own number 0 for none"),
            ("sha256", "sha256"),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }
}
