//! Where a type is met: the shortest way to it from a root.

use std::collections::{HashMap, VecDeque};

use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaType, MetaTypeName, Registry};

use crate::graphql::schema::root_fields::root_name;

/// The shortest way to each type: as `Query.products.nodes`, and
/// `Query.products(filter:).name` below an argument. What queries lead to has a way from them.
pub(super) fn of(registry: &Registry) -> HashMap<String, String> {
    let mut paths = HashMap::new();
    for kind in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
        let root = root_name(kind);
        paths.insert(root.to_owned(), root.to_owned());
        let mut queue = VecDeque::from([root.to_owned()]);
        while let Some(name) = queue.pop_front() {
            let Some(path) = paths.get(&name).cloned() else { continue };
            for (to, step) in steps(registry.types.get(&name)) {
                if !paths.contains_key(to) {
                    paths.insert(to.to_owned(), format!("{path}{step}"));
                    queue.push_back(to.to_owned());
                }
            }
        }
    }
    paths
}

/// The types that a type leads to, each with what is added to the way.
fn steps(of: Option<&MetaType>) -> Vec<(&str, String)> {
    let mut steps = Vec::new();
    match of {
        Some(MetaType::Object { fields, .. } | MetaType::Interface { fields, .. }) => {
            for field in fields.values() {
                let of = MetaTypeName::concrete_typename(&field.ty);
                steps.push((of, format!(".{}", field.name)));
            }
            for field in fields.values() {
                for argument in field.args.values() {
                    let of = MetaTypeName::concrete_typename(&argument.ty);
                    steps.push((of, format!(".{}({}:)", field.name, argument.name)));
                }
            }
        }
        Some(MetaType::InputObject { input_fields, .. }) => {
            for field in input_fields.values() {
                let of = MetaTypeName::concrete_typename(&field.ty);
                steps.push((of, format!(".{}", field.name)));
            }
        }
        _ => {}
    }
    steps
}
