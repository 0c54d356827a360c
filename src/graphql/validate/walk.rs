//! Goes through a document once: fields, fragments, directives, arguments and values.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::errors::Errors;
use super::types::{InputDefinition, TypeDefinition, Types, named};
use super::uses::Uses;
use crate::graphql::language::ast::{
    Argument, Directive, Document, Field, Fragment, Inline, Name, Operation, Selection,
    SelectionSet, Spread,
};
use crate::graphql::schema::root_fields::root_name;
use async_graphql::Pos;

/// What is known on the way through a document.
pub(super) struct Walk<'a> {
    pub(super) types: &'a Types,
    pub(super) errors: Errors,
    /// What the definition at hand uses.
    pub(super) uses: Uses<'a>,
    fragments: HashMap<&'a str, &'a Fragment<'a>>,
}

/// Where a directive stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Selection,
    Other(&'static str),
}

impl<'a> Walk<'a> {
    pub(super) fn new(types: &'a Types, document: &'a Document<'a>) -> Self {
        let fragments = document.fragments.iter();
        let fragments = fragments.map(|fragment| (fragment.name.text, fragment)).collect();
        Self { types, errors: Errors::default(), uses: Uses::default(), fragments }
    }

    /// Goes through an operation; what it uses.
    pub(super) fn operation(&mut self, operation: &'a Operation<'a>) -> Uses<'a> {
        let mut known = HashSet::new();
        for variable in &operation.variables {
            let (name, ty) = (variable.name, &variable.ty.node);
            if !known.insert(name.text) {
                self.errors.add(name.pos, format!("there are two variables ${}", name.text));
            }
            match self.types.get(named(ty)) {
                None => {
                    self.errors.add(variable.ty.pos, format!("there is no type {}", named(ty)));
                }
                Some(TypeDefinition::Object(_) | TypeDefinition::Abstract(..)) => {
                    let message =
                        format!("the variable ${} cannot be of the output type {ty}", name.text);
                    self.errors.add(variable.ty.pos, message);
                }
                Some(_) => {
                    if let Some(default) = &variable.default {
                        self.value(default, Some(ty), false);
                    }
                }
            }
            self.directives(&variable.directives, Place::Other("a variable's definition"));
        }
        self.directives(&operation.directives, Place::Other("an operation"));
        self.set(Some(root_name(operation.kind)), &operation.set);
        std::mem::take(&mut self.uses)
    }

    /// Goes through a fragment; what it uses.
    pub(super) fn fragment(&mut self, fragment: &'a Fragment<'a>) -> Uses<'a> {
        self.directives(&fragment.directives, Place::Other("a fragment's definition"));
        let on = self.condition(fragment.on);
        self.set(on, &fragment.set);
        std::mem::take(&mut self.uses)
    }

    /// The type of a condition, if it is one that has fields.
    fn condition(&mut self, on: Name<'a>) -> Option<&'a str> {
        let name = on.text;
        if self.types.is_composite(name) {
            return Some(name);
        }
        let message = match self.types.get(name) {
            Some(_) => format!("a fragment cannot be on {name}, which has no fields"),
            None => format!("there is no type {name}"),
        };
        self.errors.add(on.pos, message);
        None
    }

    fn set(&mut self, parent: Option<&'a str>, set: &'a SelectionSet<'a>) {
        for item in &set.items {
            match item {
                Selection::Field(field) => self.field(parent, field),
                Selection::Spread(spread) => self.spread(parent, spread),
                Selection::Inline(inline) => self.inline(parent, inline),
            }
        }
    }

    fn field(&mut self, parent: Option<&'a str>, field: &'a Field<'a>) {
        let types = self.types;
        let name = field.name.text;
        let definition = parent.and_then(|parent| types.field(parent, name));
        if let (Some(parent), None) = (parent, definition) {
            self.errors.add(field.pos, format!("{parent} has no field {name}"));
        }
        self.directives(&field.directives, Place::Selection);
        let owner = || parent.map_or_else(|| name.to_owned(), |parent| format!("{parent}.{name}"));
        let arguments = definition.map(|definition| &definition.arguments);
        self.arguments(&field.arguments, arguments, field.pos, owner);
        let of = definition.map(|definition| named(&definition.ty));
        let inner = of.filter(|of| types.is_composite(of));
        match (of, inner, &field.set) {
            (Some(of), Some(_), None) => {
                let message = format!("{name} is a {of}: select some of its fields");
                self.errors.add(field.pos, message);
            }
            (Some(of), None, Some(set)) => {
                self.errors.add(set.pos, format!("{name} is a {of}, which has no fields"));
            }
            _ => {}
        }
        if let Some(set) = &field.set {
            self.set(inner, set);
        }
    }

    fn spread(&mut self, parent: Option<&'a str>, spread: &'a Spread<'a>) {
        let name = spread.name.text;
        self.uses.spread(name);
        self.directives(&spread.directives, Place::Selection);
        match self.fragments.get(name) {
            None => self.errors.add(spread.name.pos, format!("there is no fragment {name}")),
            Some(fragment) => {
                let on = Some(fragment.on.text).filter(|on| self.types.is_composite(on));
                self.possible(parent, on, spread.pos);
            }
        }
    }

    fn inline(&mut self, parent: Option<&'a str>, inline: &'a Inline<'a>) {
        self.directives(&inline.directives, Place::Selection);
        let on = match inline.on {
            None => parent,
            Some(on) => {
                let on = self.condition(on);
                self.possible(parent, on, inline.pos);
                on
            }
        };
        self.set(on, &inline.set);
    }

    /// Whether what is selected here can be of the fragment's type.
    fn possible(&mut self, parent: Option<&str>, on: Option<&str>, pos: Pos) {
        if let (Some(parent), Some(on)) = (parent, on)
            && !self.types.overlap(parent, on)
        {
            self.errors.add(pos, format!("a {parent} is never a {on}"));
        }
    }

    fn directives(&mut self, directives: &'a [Directive<'a>], place: Place) {
        let types = self.types;
        let mut known = HashSet::new();
        for directive in directives {
            let name = directive.name.text;
            let definition = types.directive(name);
            match (definition, place) {
                (None, _) => {
                    self.errors.add(directive.pos, format!("there is no directive @{name}"));
                }
                (Some(definition), Place::Other(place)) => {
                    let hint = if definition.at_selections { "" } else { " of a request" };
                    let message = format!("@{name} cannot stand at {place}{hint}");
                    self.errors.add(directive.pos, message);
                }
                (Some(definition), Place::Selection) if !definition.at_selections => {
                    self.errors.add(directive.pos, format!("@{name} cannot stand in a request"));
                }
                _ => {}
            }
            if definition.is_some() && !known.insert(name) {
                self.errors.add(directive.pos, format!("@{name} is given twice"));
            }
            let arguments = definition.map(|definition| &definition.arguments);
            self.arguments(&directive.arguments, arguments, directive.pos, || format!("@{name}"));
        }
    }

    fn arguments(
        &mut self,
        given: &'a [Argument<'a>],
        known: Option<&'a BTreeMap<String, InputDefinition>>,
        pos: Pos,
        owner: impl Fn() -> String,
    ) {
        let mut names = HashSet::new();
        for argument in given {
            let name = argument.name.text;
            let definition = known.and_then(|known| known.get(name));
            if known.is_some() && definition.is_none() {
                let message = format!("{} has no argument {name}", owner());
                self.errors.add(argument.name.pos, message);
            }
            if !names.insert(name) {
                self.errors.add(argument.name.pos, format!("{name} is given twice"));
            }
            let has_default = definition.is_some_and(|definition| definition.has_default);
            self.value(&argument.value, definition.map(|definition| &definition.ty), has_default);
        }
        for (name, definition) in known.into_iter().flatten() {
            if definition.is_required() && !names.contains(name.as_str()) {
                let message = format!("{} needs the argument {name}", owner());
                self.errors.add(pos, message);
            }
        }
    }
}
