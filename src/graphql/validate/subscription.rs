//! A subscription has a single root field.

use std::collections::{HashMap, HashSet};

use async_graphql::Pos;
use async_graphql::parser::types::OperationType;

use super::errors::Errors;
use crate::graphql::language::ast::{
    Directive, Document, Field, Fragment, Operation, Selection, SelectionSet,
};

/// Checks the subscriptions of a document that is valid otherwise: one root field, whatever
/// the variables.
pub(super) fn check<'a>(document: &'a Document<'a>, errors: &mut Errors) {
    let fragments = document.fragments.iter();
    let fragments = fragments.map(|fragment| (fragment.name.text, fragment)).collect();
    for operation in &document.operations {
        if operation.kind == OperationType::Subscription
            && let Err((pos, message)) = single(operation, &fragments)
        {
            errors.add(pos, message);
        }
    }
}

type Fragments<'a> = HashMap<&'a str, &'a Fragment<'a>>;
type Refused = (Pos, &'static str);

fn single<'a>(operation: &'a Operation<'a>, fragments: &Fragments<'a>) -> Result<(), Refused> {
    let mut roots = Roots { fragments, spread: HashSet::new(), fields: Vec::new() };
    roots.add(&operation.set)?;
    let Some((first, rest)) = roots.fields.split_first() else {
        return Err((operation.pos, "a subscription has a root field"));
    };
    if let Some(other) = rest.iter().find(|other| other.key() != first.key()) {
        return Err((other.pos, "a subscription has only one root field"));
    }
    if first.name.text.starts_with("__") {
        return Err((first.pos, "the root field of a subscription cannot be about the schema"));
    }
    Ok(())
}

/// The fields at the root of a subscription.
struct Roots<'f, 'a> {
    fragments: &'f Fragments<'a>,
    spread: HashSet<&'a str>,
    fields: Vec<&'a Field<'a>>,
}

impl<'a> Roots<'_, 'a> {
    fn add(&mut self, set: &'a SelectionSet<'a>) -> Result<(), Refused> {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    always(&field.directives)?;
                    self.fields.push(field);
                }
                Selection::Inline(inline) => {
                    always(&inline.directives)?;
                    self.add(&inline.set)?;
                }
                Selection::Spread(spread) => {
                    always(&spread.directives)?;
                    let name = spread.name.text;
                    if let Some(fragment) = self.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        self.add(&fragment.set)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether these leave nothing out.
fn always(directives: &[Directive<'_>]) -> Result<(), Refused> {
    match directives.iter().find(|it| matches!(it.name.text, "skip" | "include")) {
        Some(directive) => {
            Err((directive.pos, "the root field of a subscription cannot be left out"))
        }
        None => Ok(()),
    }
}
