//! The schema as a subgraph of Apollo Federation 2.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, OperationType};
use async_graphql::registry::{MetaDirectiveInvocation, MetaType, Registry};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use super::meta::{object, plain};
use super::model::Type;
use super::registry::root_field;
use super::{root_fields, scalars};
use crate::graphql::types;

/// The union of all entities.
const ENTITY: (&str, &str) = ("_Entity", "Any entity.");
/// The type of `_service`.
const SERVICE: &str = "_Service";
/// The roots: types that are neither entities nor values.
const ROOTS: [OperationType; 3] =
    [OperationType::Query, OperationType::Mutation, OperationType::Subscription];

/// Makes a registered schema that of a subgraph: entities have keys, all other objects are values
/// that several subgraphs may share, and queries have the fields that a router asks for.
pub(crate) fn extend(registry: &mut Registry) {
    let roots = ROOTS.map(root_fields::root_name);
    for (name, meta) in &mut registry.types {
        let MetaType::Object { directive_invocations, .. } = meta else { continue };
        if let Some(entity) = types::ALL.iter().find(|entity| entity.shape.name == name) {
            directive_invocations.extend(keys(entity).into_iter().map(key));
        } else if !roots.contains(&name.as_str()) && !name.starts_with("__") {
            directive_invocations.push(directive("shareable", IndexMap::new()));
        }
    }
    scalars::register(registry, "_Any");
    let sdl = plain("sdl", "The schema in the language of schemas.", "String!".to_owned());
    let service = object(SERVICE, "This API as a subgraph.", [sdl]);
    registry.types.insert(SERVICE.to_owned(), service);
    registry.types.insert(ENTITY.0.to_owned(), union());
    let fields: Vec<_> = root_fields::of_subgraph()
        .iter()
        .map(|field| (field.name.to_owned(), root_field(registry, field)))
        .collect();
    let query = registry.types.get_mut(root_fields::root_name(OperationType::Query));
    if let Some(MetaType::Object { fields: known, .. }) = query {
        known.extend(fields);
    }
}

/// The keys of an entity: the fields that show that of its table, and the global id.
fn keys(entity: &Type) -> Vec<String> {
    let shown = entity.key_fields().map(|fields| {
        let names: Vec<&str> = fields.into_iter().map(|(name, _)| name).collect();
        names.join(" ")
    });
    shown.into_iter().chain(["id".to_owned()]).collect()
}

fn key(fields: String) -> MetaDirectiveInvocation {
    directive("key", IndexMap::from([("fields".to_owned(), Value::from(fields))]))
}

fn directive(name: &str, args: IndexMap<String, Value>) -> MetaDirectiveInvocation {
    MetaDirectiveInvocation { name: name.to_owned(), args }
}

fn union() -> MetaType {
    MetaType::Union {
        name: ENTITY.0.to_owned(),
        description: Some(ENTITY.1.to_owned()),
        possible_types: types::ALL.iter().map(|entity| entity.shape.name.to_owned()).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
    }
}

/// Extends a schema of async-graphql when it is registered as a type.
pub(crate) struct SubgraphTypes;

impl OutputType for SubgraphTypes {
    fn type_name() -> Cow<'static, str> {
        ENTITY.0.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        extend(registry);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        _context: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        // Only introspection is executed by async-graphql.
        Ok(Value::Null)
    }
}
