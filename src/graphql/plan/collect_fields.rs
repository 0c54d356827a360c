//! The specification's CollectFields: fragments are spread, skipped selections left out,
//! and selections of one response key merged.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, Field as AstField, FragmentDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::graphql::types;

/// The parts of a document that selections refer to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selections<'a> {
    pub(crate) fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    /// For the conditions of `@skip` and `@include`.
    pub(crate) variables: &'a Variables,
}

/// A field of the response: all selections of one response key.
pub(crate) struct Selected<'a> {
    pub(crate) key: &'a Name,
    pub(crate) field: &'a Positioned<AstField>,
    pub(crate) sets: Vec<&'a SelectionSet>,
}

/// The selections of an object while they are collected.
struct Collection<'a, 'b> {
    /// The object's type.
    on: &'b str,
    found: IndexMap<&'a Name, Selected<'a>>,
    /// Each fragment is spread once.
    spread: HashSet<&'a Name>,
}

impl<'a> Selections<'a> {
    /// The fields selected on an object type, in the order of the document;
    /// selections of the same response key are one field.
    pub(crate) fn collect(self, on: &str, sets: &[&'a SelectionSet]) -> Vec<Selected<'a>> {
        let mut collection = Collection { on, found: IndexMap::new(), spread: HashSet::new() };
        for set in sets {
            self.collect_into(&mut collection, set);
        }
        collection.found.into_values().collect()
    }

    fn collect_into(self, collection: &mut Collection<'a, '_>, set: &'a SelectionSet) {
        for item in &set.items {
            if self.skips(item.node.directives()) {
                continue;
            }
            let (condition, inner) = match &item.node {
                Selection::Field(field) => {
                    collection.add(field);
                    continue;
                }
                Selection::InlineFragment(fragment) => (
                    fragment.node.type_condition.as_ref().map(|condition| &condition.node),
                    &fragment.node.selection_set.node,
                ),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    // Validation has found it.
                    let Some(fragment) = self.fragments.get(name) else { continue };
                    if !collection.spread.insert(name) {
                        continue;
                    }
                    (Some(&fragment.node.type_condition.node), &fragment.node.selection_set.node)
                }
            };
            let on = collection.on;
            if condition.is_none_or(|condition| types::is_a(on, condition.on.node.as_str())) {
                self.collect_into(collection, inner);
            }
        }
    }

    /// Whether `@skip` or `@include` leave a selection out.
    fn skips(self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|directive| {
            let includes = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                _ => return false,
            };
            let value = directive.node.get_argument("if").and_then(|value| {
                let known = |name| self.variables.get(&name).cloned().ok_or(());
                value.node.clone().into_const_with(known).ok()
            });
            includes != matches!(value, Some(Value::Boolean(true)))
        })
    }
}

impl<'a> Collection<'a, '_> {
    /// Validation has found selections of one response key to mean the same.
    fn add(&mut self, field: &'a Positioned<AstField>) {
        let key = &field.node.response_key().node;
        let new = || Selected { key, field, sets: Vec::new() };
        let set = &field.node.selection_set.node;
        self.found.entry(key).or_insert_with(new).sets.push(set);
    }
}
