//! What definitions use of each other: variables and fragments, of which none is missing
//! and none is left over.

use std::collections::{HashMap, HashSet};

use async_graphql::Pos;
use async_graphql::parser::types::{BaseType, Type};

use super::errors::Errors;
use super::types::{Types, named};
use crate::graphql::language::ast::{Document, Operation, ValueKind, VariableDefinition};

/// A variable where it is used.
#[derive(Debug)]
pub(super) struct Usage<'a> {
    pub(super) name: &'a str,
    pub(super) pos: Pos,
    /// The type of the place, where it has one.
    pub(super) ty: Option<&'a Type>,
    /// Whether the place has a value without it.
    pub(super) has_default: bool,
}

/// What an operation or a fragment uses itself.
#[derive(Debug, Default)]
pub(super) struct Uses<'a> {
    variables: Vec<Usage<'a>>,
    spreads: Vec<&'a str>,
    known: HashSet<(&'a str, Option<*const Type>, bool)>,
}

impl<'a> Uses<'a> {
    /// Adds a variable, once for each kind of place.
    pub(super) fn variable(&mut self, usage: Usage<'a>) {
        if self.known.insert((usage.name, usage.ty.map(std::ptr::from_ref), usage.has_default)) {
            self.variables.push(usage);
        }
    }

    /// Adds a fragment.
    pub(super) fn spread(&mut self, name: &'a str) {
        self.spreads.push(name);
    }
}

/// Checks what each operation reaches, by the uses of operations and of fragments, in
/// their order.
pub(super) fn check<'a>(
    types: &Types,
    document: &'a Document<'a>,
    operations: &[Uses<'a>],
    fragments: &[Uses<'a>],
    errors: &mut Errors,
) {
    let names = document.fragments.iter().map(|fragment| fragment.name.text);
    let fragments: HashMap<&str, &Uses<'a>> = names.zip(fragments).collect();
    let mut used = HashSet::new();
    for (operation, uses) in document.operations.iter().zip(operations) {
        if errors.is_full() {
            return;
        }
        let reached = reached(uses, &fragments);
        variables(types, operation, reached.values().copied().chain([uses]), errors);
        used.extend(reached.into_keys());
    }
    for fragment in &document.fragments {
        let name = fragment.name.text;
        if !used.contains(name) {
            errors.add(fragment.pos, format!("the fragment {name} is not used"));
        }
    }
}

/// The fragments that are spread, also in each other.
fn reached<'a, 'u>(
    uses: &'u Uses<'a>,
    fragments: &HashMap<&'a str, &'u Uses<'a>>,
) -> HashMap<&'a str, &'u Uses<'a>> {
    let (mut reached, mut open) = (HashMap::new(), vec![uses]);
    while let Some(uses) = open.pop() {
        for name in &uses.spreads {
            if let Some(fragment) = fragments.get(name)
                && reached.insert(*name, *fragment).is_none()
            {
                open.push(fragment);
            }
        }
    }
    reached
}

fn variables<'a, 'u>(
    types: &Types,
    operation: &'a Operation<'a>,
    reached: impl Iterator<Item = &'u Uses<'a>>,
    errors: &mut Errors,
) where
    'a: 'u,
{
    let defined = operation.variables.iter().map(|variable| (variable.name.text, variable));
    let defined: HashMap<&str, &VariableDefinition<'_>> = defined.collect();
    let mut used = HashSet::new();
    for usage in reached.flat_map(|uses| &uses.variables) {
        // Many operations may reach many uses of what none of them defines.
        if errors.is_full() {
            return;
        }
        let name = usage.name;
        let Some(variable) = defined.get(name) else {
            errors.add(usage.pos, format!("the variable ${name} is not defined"));
            continue;
        };
        used.insert(name);
        let Some(place) = usage.ty else { continue };
        let ty = &variable.ty.node;
        if types.get(named(ty)).is_some() && !fits(variable, place, usage.has_default) {
            let message =
                format!("the variable ${name} of type {ty} is used where a {place} is expected");
            errors.add(usage.pos, message);
        }
    }
    for variable in &operation.variables {
        let name = variable.name.text;
        if !used.contains(name) {
            errors.add(variable.pos, format!("the variable ${name} is not used"));
        }
    }
}

/// Whether a variable may stand at a place of this type.
fn fits(variable: &VariableDefinition<'_>, place: &Type, place_has_default: bool) -> bool {
    let ty = &variable.ty.node;
    if place.nullable || !ty.nullable {
        return is_subtype(ty, place);
    }
    let default = variable.default.as_ref();
    let has_default = default.is_some_and(|default| !matches!(default.kind, ValueKind::Null));
    (has_default || place_has_default) && same_base(&ty.base, &place.base)
}

fn is_subtype(ty: &Type, place: &Type) -> bool {
    (place.nullable || !ty.nullable) && same_base(&ty.base, &place.base)
}

fn same_base(ty: &BaseType, place: &BaseType) -> bool {
    match (ty, place) {
        (BaseType::Named(ty), BaseType::Named(place)) => ty == place,
        (BaseType::List(ty), BaseType::List(place)) => is_subtype(ty, place),
        _ => false,
    }
}
