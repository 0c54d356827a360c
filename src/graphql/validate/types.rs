//! The schema as validation needs it: types are parsed once, and all is found by name.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_graphql::parser::types::{BaseType, OperationType, Type};
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, Registry};

use super::introspection::{ENUMS, OBJECTS};
use crate::graphql::schema::root_fields::root_name;

/// All types and directives, introspection included.
#[derive(Debug)]
pub(crate) struct Types {
    types: HashMap<String, TypeDefinition>,
    directives: HashMap<&'static str, DirectiveDefinition>,
    /// `__typename`.
    typename: FieldDefinition,
}

/// A type.
#[derive(Debug)]
pub(crate) enum TypeDefinition {
    Scalar(Scalar),
    Enum(HashSet<String>),
    Input(BTreeMap<String, InputDefinition>),
    Object(HashMap<String, FieldDefinition>),
    /// An interface or a union, with its possible types.
    Abstract(HashMap<String, FieldDefinition>, HashSet<String>),
}

/// How values of a scalar are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    /// Checked where it is used.
    Custom,
}

/// A field of an object type or an interface.
#[derive(Debug)]
pub(crate) struct FieldDefinition {
    pub(crate) ty: Type,
    pub(crate) arguments: BTreeMap<String, InputDefinition>,
}

/// An argument, or a field of an input type.
#[derive(Debug)]
pub(crate) struct InputDefinition {
    pub(crate) ty: Type,
    pub(crate) has_default: bool,
}

/// A directive.
#[derive(Debug)]
pub(crate) struct DirectiveDefinition {
    /// Whether it stands at selections; nothing else in a document takes one.
    pub(crate) at_selections: bool,
    pub(crate) arguments: BTreeMap<String, InputDefinition>,
}

impl InputDefinition {
    /// Whether it must be given.
    pub(crate) const fn is_required(&self) -> bool {
        !self.ty.nullable && !self.has_default
    }
}

impl Types {
    /// Those of a schema, whose types are well-formed.
    pub(crate) fn new(registry: &Registry) -> Self {
        let mut types: HashMap<_, _> = [
            ("Int", Scalar::Int),
            ("Float", Scalar::Float),
            ("String", Scalar::String),
            ("Boolean", Scalar::Boolean),
            ("ID", Scalar::Id),
        ]
        .map(|(name, scalar)| (name.to_owned(), TypeDefinition::Scalar(scalar)))
        .into();
        for (name, meta) in &registry.types {
            types.entry(name.clone()).or_insert_with(|| definition(meta));
        }
        for object in OBJECTS {
            let fields = object.fields.iter().map(|(name, ty)| {
                let deprecated = ("includeDeprecated", "Boolean!", true);
                let arguments = object.deprecating.contains(name).then_some(deprecated);
                ((*name).to_owned(), plain(ty, arguments))
            });
            types.insert(object.name.to_owned(), TypeDefinition::Object(fields.collect()));
        }
        for (name, values) in ENUMS {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            types.insert((*name).to_owned(), TypeDefinition::Enum(values));
        }
        let query = types.get_mut(root_name(OperationType::Query));
        if let Some(TypeDefinition::Object(fields)) = query {
            fields.insert("__schema".to_owned(), plain("__Schema!", []));
            fields.insert("__type".to_owned(), plain("__Type", [("name", "String!", false)]));
        }
        let directive = |at_selections, arguments: &[(&'static str, &str, bool)]| {
            let arguments = plain("Boolean", arguments.iter().copied()).arguments;
            DirectiveDefinition { at_selections, arguments }
        };
        let directives = HashMap::from([
            ("skip", directive(true, &[("if", "Boolean!", false)])),
            ("include", directive(true, &[("if", "Boolean!", false)])),
            ("deprecated", directive(false, &[("reason", "String!", true)])),
            ("specifiedBy", directive(false, &[("url", "String!", false)])),
            ("oneOf", directive(false, &[])),
        ]);
        Self { types, directives, typename: plain("String!", []) }
    }

    /// The type of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&TypeDefinition> {
        self.types.get(name)
    }

    /// A field of a type.
    pub(crate) fn field(&self, parent: &str, name: &str) -> Option<&FieldDefinition> {
        match self.get(parent)? {
            TypeDefinition::Object(_) | TypeDefinition::Abstract(..) if name == "__typename" => {
                Some(&self.typename)
            }
            TypeDefinition::Object(fields) | TypeDefinition::Abstract(fields, _) => {
                fields.get(name)
            }
            _ => None,
        }
    }

    /// The directive of this name.
    pub(crate) fn directive(&self, name: &str) -> Option<&DirectiveDefinition> {
        self.directives.get(name)
    }

    /// Whether it is a type with fields.
    pub(crate) fn is_composite(&self, name: &str) -> bool {
        matches!(self.get(name), Some(TypeDefinition::Object(_) | TypeDefinition::Abstract(..)))
    }

    /// Whether it is an object type.
    pub(crate) fn is_object(&self, name: &str) -> bool {
        matches!(self.get(name), Some(TypeDefinition::Object(_)))
    }

    /// Whether an object can be of both types.
    pub(crate) fn overlap(&self, one: &str, other: &str) -> bool {
        one == other
            || match (self.get(one), self.get(other)) {
                (
                    Some(TypeDefinition::Abstract(_, one)),
                    Some(TypeDefinition::Abstract(_, other)),
                ) => !one.is_disjoint(other),
                (Some(TypeDefinition::Abstract(_, possible)), _) => possible.contains(other),
                (_, Some(TypeDefinition::Abstract(_, possible))) => possible.contains(one),
                _ => false,
            }
    }
}

/// The name in a type: `Int` of `[Int!]!`.
pub(crate) fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

fn definition(meta: &MetaType) -> TypeDefinition {
    match meta {
        MetaType::Scalar { .. } => TypeDefinition::Scalar(Scalar::Custom),
        MetaType::Enum { enum_values, .. } => {
            TypeDefinition::Enum(enum_values.keys().cloned().collect())
        }
        MetaType::InputObject { input_fields, .. } => {
            TypeDefinition::Input(inputs(input_fields.values()))
        }
        MetaType::Object { fields, .. } => TypeDefinition::Object(output(fields.values())),
        MetaType::Interface { fields, possible_types, .. } => TypeDefinition::Abstract(
            output(fields.values()),
            possible_types.iter().cloned().collect(),
        ),
        MetaType::Union { possible_types, .. } => {
            TypeDefinition::Abstract(HashMap::new(), possible_types.iter().cloned().collect())
        }
    }
}

fn output<'a>(fields: impl Iterator<Item = &'a MetaField>) -> HashMap<String, FieldDefinition> {
    let field = |field: &MetaField| {
        let arguments = inputs(field.args.values());
        (field.name.clone(), FieldDefinition { ty: parsed(&field.ty), arguments })
    };
    fields.map(field).collect()
}

fn inputs<'a>(
    inputs: impl Iterator<Item = &'a MetaInputValue>,
) -> BTreeMap<String, InputDefinition> {
    let input = |input: &MetaInputValue| {
        let has_default = input.default_value.is_some();
        (input.name.clone(), InputDefinition { ty: parsed(&input.ty), has_default })
    };
    inputs.map(input).collect()
}

/// A field whose arguments have a name, a type, and whether there is a default.
fn plain<'a>(
    ty: &str,
    arguments: impl IntoIterator<Item = (&'a str, &'a str, bool)>,
) -> FieldDefinition {
    let argument = |(name, ty, has_default): (&str, &str, bool)| {
        (name.to_owned(), InputDefinition { ty: parsed(ty), has_default })
    };
    FieldDefinition { ty: parsed(ty), arguments: arguments.into_iter().map(argument).collect() }
}

/// The types of a schema are well-formed; of another one nothing is known.
fn parsed(ty: &str) -> Type {
    let unknown = || Type { base: BaseType::Named(async_graphql::Name::new(ty)), nullable: true };
    Type::new(ty).unwrap_or_else(unknown)
}
