//! The schema for programs that look things up in it: search by words, and the types of inputs
//! as JSON Schema.

mod entries;
mod json_schema;
mod paths;
mod search;
mod snippet;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use async_graphql::registry::{MetaInputValue, MetaType, MetaTypeName, Registry};
use serde_json::{Map, Value as Json};

pub use self::entries::{Found, Part};
use self::search::Index;
use super::schema::form::Form;
use super::schema::registry;

/// The schema, to look things up in it.
pub struct Guide {
    registry: &'static Registry,
    /// Made for the first search: it is the larger part.
    index: LazyLock<Index>,
}

/// A value of an enumeration, with its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnumValue<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it stands for.
    pub description: &'a str,
}

impl Guide {
    /// That of the schema, which is made once.
    #[must_use]
    pub fn get() -> &'static Self {
        static GUIDE: LazyLock<Guide> = LazyLock::new(|| Guide {
            registry: registry(Form::Api),
            index: LazyLock::new(|| Index::of(registry(Form::Api))),
        });
        &GUIDE
    }

    /// What words are found in, the best first, at most `limit`.
    #[must_use]
    pub fn search(&self, words: &str, limit: usize) -> Vec<Found> {
        self.index.search(self.registry, words, limit)
    }

    /// The values of an enumeration; none where there is no such one.
    #[must_use]
    pub fn values(&self, enumeration: &str) -> Vec<EnumValue<'_>> {
        let Some(MetaType::Enum { enum_values, .. }) = self.registry.types.get(enumeration) else {
            return Vec::new();
        };
        let values = enum_values.values().map(|value| EnumValue {
            name: &value.name,
            description: value.description.as_deref().unwrap_or_default(),
        });
        values.collect()
    }

    /// The paths to the values of an object that take no argument, down to this depth: as
    /// `["lineTotal", "sum"]`.
    #[must_use]
    pub fn leaves(&self, object: &str, depth: usize) -> Vec<Vec<&str>> {
        let Some(fields) = self.registry.types.get(object).and_then(MetaType::fields) else {
            return Vec::new();
        };
        let mut leaves = Vec::new();
        for field in fields.values().filter(|field| !has_required(field.args.values())) {
            let of = MetaTypeName::concrete_typename(&field.ty);
            match self.registry.types.get(of) {
                Some(MetaType::Object { .. }) if depth > 1 => {
                    let below = self.leaves(of, depth - 1).into_iter();
                    leaves.extend(below.map(|path| {
                        std::iter::once(field.name.as_str()).chain(path).collect::<Vec<_>>()
                    }));
                }
                // Scalars of GraphQL itself are not in every registry.
                None | Some(MetaType::Scalar { .. } | MetaType::Enum { .. }) => {
                    leaves.push(vec![field.name.as_str()]);
                }
                _ => {}
            }
        }
        leaves
    }

    /// The type of an argument of a field of this object.
    #[must_use]
    pub fn argument_type(&self, of: &str, field: &str, argument: &str) -> Option<&str> {
        Some(&self.argument(of, field, argument)?.ty)
    }

    /// The type of a field of an input object.
    #[must_use]
    pub fn input_type(&self, input: &str, field: &str) -> Option<&str> {
        match self.registry.types.get(input)? {
            MetaType::InputObject { input_fields, .. } => Some(&input_fields.get(field)?.ty),
            _ => None,
        }
    }

    /// An argument of a field of this object as JSON Schema.
    #[must_use]
    pub fn argument_schema(&self, of: &str, field: &str, argument: &str) -> Json {
        self.argument(of, field, argument).map_or(Json::Bool(true), |value| self.described(value))
    }

    /// The fields of an input object as JSON Schema.
    #[must_use]
    pub fn input_schemas(&self, input: &str) -> Map<String, Json> {
        let Some(MetaType::InputObject { input_fields, .. }) = self.registry.types.get(input)
        else {
            return Map::new();
        };
        let fields = input_fields.values();
        fields.map(|field| (field.name.clone(), self.described(field))).collect()
    }

    /// A type as JSON Schema.
    #[must_use]
    pub fn schema_of(&self, ty: &str) -> Json {
        json_schema::of(self.registry, ty)
    }

    fn argument(&self, of: &str, field: &str, argument: &str) -> Option<&MetaInputValue> {
        self.registry.types.get(of)?.field_by_name(field)?.args.get(argument)
    }

    fn described(&self, value: &MetaInputValue) -> Json {
        let mut schema = json_schema::of(self.registry, &value.ty);
        if let (Some(schema), Some(description)) = (schema.as_object_mut(), &value.description) {
            let more = schema.get("description").and_then(Json::as_str);
            let text =
                more.map_or_else(|| description.clone(), |more| format!("{description} {more}"));
            schema.insert("description".to_owned(), text.into());
        }
        schema
    }
}

impl std::fmt::Debug for Guide {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guide").finish_non_exhaustive()
    }
}

fn has_required<'a>(mut arguments: impl Iterator<Item = &'a MetaInputValue>) -> bool {
    arguments.any(|argument| argument.ty.ends_with('!') && argument.default_value.is_none())
}
