//! Values in the text of a document, each of the type of its place.

use std::collections::{BTreeMap, HashSet};

use async_graphql::parser::types::{BaseType, Type};

use super::types::{InputDefinition, Scalar, TypeDefinition, named};
use super::uses::Usage;
use super::walk::Walk;
use crate::graphql::language::ast::{Argument, Value, ValueKind};

impl<'a> Walk<'a> {
    /// Goes through a value; the place has a type unless it is unknown, or within a scalar of
    /// our own.
    pub(super) fn value(&mut self, value: &'a Value<'a>, ty: Option<&'a Type>, has_default: bool) {
        match &value.kind {
            ValueKind::Variable(name) => {
                self.uses.variable(Usage { name, pos: value.pos, ty, has_default });
            }
            ValueKind::List(list) => {
                let inner = match ty.map(|ty| &ty.base) {
                    Some(BaseType::List(inner)) => Some(&**inner),
                    Some(BaseType::Named(_)) => {
                        self.leaf(value, ty);
                        None
                    }
                    None => None,
                };
                for item in list {
                    self.value(item, inner, false);
                }
            }
            // A single value is a list of one.
            ValueKind::Object(fields) => match ty.and_then(|ty| self.types.get(named(ty))) {
                Some(TypeDefinition::Input(known)) => self.object(value, fields, ty, Some(known)),
                _ => {
                    self.leaf(value, ty);
                    self.object(value, fields, ty, None);
                }
            },
            ValueKind::Null => {
                if let Some(ty) = ty.filter(|ty| !ty.nullable) {
                    self.errors.add(value.pos, format!("a value of {ty} is never null"));
                }
            }
            _ => self.leaf(value, ty),
        }
    }

    fn object(
        &mut self,
        value: &'a Value<'a>,
        fields: &'a [Argument<'a>],
        ty: Option<&'a Type>,
        known: Option<&'a BTreeMap<String, InputDefinition>>,
    ) {
        let owner = ty.map_or("the object", named);
        let mut names = HashSet::new();
        for field in fields {
            let name = field.name.text;
            if !names.insert(name) {
                self.errors.add(field.name.pos, format!("{name} is given twice"));
            }
            let definition = known.and_then(|known| known.get(name));
            if known.is_some() && definition.is_none() {
                self.errors.add(field.name.pos, format!("{owner} has no field {name}"));
            }
            let has_default = definition.is_some_and(|definition| definition.has_default);
            self.value(&field.value, definition.map(|definition| &definition.ty), has_default);
        }
        for (name, definition) in known.into_iter().flatten() {
            if definition.is_required() && !names.contains(name.as_str()) {
                self.errors.add(value.pos, format!("{owner} needs the field {name}"));
            }
        }
    }

    fn leaf(&mut self, value: &'a Value<'a>, ty: Option<&'a Type>) {
        let Some((ty, definition)) = ty.and_then(|ty| Some((ty, self.types.get(named(ty))?)))
        else {
            return;
        };
        if !accepts(definition, &value.kind) {
            let name = named(ty);
            self.errors
                .add(value.pos, format!("expected a value of {name}, found {}", told(value)));
        }
    }
}

/// Whether a value that is no variable, and not null, is one of a type.
fn accepts(definition: &TypeDefinition, value: &ValueKind<'_>) -> bool {
    match definition {
        TypeDefinition::Scalar(scalar) => match (scalar, value) {
            (Scalar::Int, ValueKind::Int(number)) => number.parse::<i32>().is_ok(),
            (Scalar::Float, ValueKind::Int(_) | ValueKind::Float(_))
            | (Scalar::String, ValueKind::String { .. })
            | (Scalar::Boolean, ValueKind::Boolean(_))
            | (Scalar::Id, ValueKind::String { .. } | ValueKind::Int(_))
            | (Scalar::Custom, _) => true,
            _ => false,
        },
        TypeDefinition::Enum(values) => {
            matches!(value, ValueKind::Enum(name) if values.contains(*name))
        }
        TypeDefinition::Input(_) => matches!(value, ValueKind::Object(_)),
        TypeDefinition::Object(_) | TypeDefinition::Abstract(..) => false,
    }
}

/// A value, as far as it is needed to find it.
fn told(value: &Value<'_>) -> String {
    match &value.kind {
        ValueKind::Variable(name) => format!("${name}"),
        ValueKind::Int(text) | ValueKind::Float(text) => shortened(text),
        ValueKind::Enum(name) => (*name).to_owned(),
        ValueKind::String { text, .. } => format!("the string {:?}", shortened(text)),
        ValueKind::Boolean(is) => is.to_string(),
        ValueKind::Null => "null".to_owned(),
        ValueKind::List(_) => "a list".to_owned(),
        ValueKind::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
