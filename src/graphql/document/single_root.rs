//! A subscription has a single root field.

use std::collections::HashSet;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Pos, Positioned, ServerError};

use crate::graphql::response::errors::{VALIDATION_FAILED, coded};

/// Whether a subscription has one root field, whatever its variables, in a document
/// that is valid otherwise.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED` at what it has instead.
pub(crate) fn check(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
) -> Result<(), ServerError> {
    let mut roots = Roots { document, spread: HashSet::new(), fields: Vec::new() };
    roots.add(&operation.node.selection_set.node)?;
    let [first, rest @ ..] = roots.fields.as_slice() else {
        return Err(refused("a subscription has a root field", operation.pos));
    };
    let key = |field: &Positioned<Field>| field.node.response_key().node.clone();
    if let Some(other) = rest.iter().find(|other| key(other) != key(first)) {
        return Err(refused("a subscription has only one root field", other.pos));
    }
    if first.node.name.node.starts_with("__") {
        let message = "the root field of a subscription cannot be about the schema";
        return Err(refused(message, first.pos));
    }
    Ok(())
}

fn refused(message: &str, position: Pos) -> ServerError {
    coded(ServerError::new(message, Some(position)), VALIDATION_FAILED)
}

/// The fields at the root of a subscription.
struct Roots<'a> {
    document: &'a ExecutableDocument,
    spread: HashSet<&'a str>,
    fields: Vec<&'a Positioned<Field>>,
}

impl<'a> Roots<'a> {
    fn add(&mut self, set: &'a SelectionSet) -> Result<(), ServerError> {
        for item in &set.items {
            let names = item.node.directives().iter().map(|directive| &directive.node.name.node);
            if names.into_iter().any(|name| name == "skip" || name == "include") {
                let message = "the root field of a subscription cannot be left out";
                return Err(refused(message, item.pos));
            }
            match &item.node {
                Selection::Field(field) => self.fields.push(field),
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        self.add(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    fn check(text: &str) -> Result<(), String> {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        super::check(&document, operation).map_err(|error| error.message)
    }

    #[test]
    fn a_subscription_has_one_root_field() {
        for text in [
            "subscription { loadRun(id: 1) { id } }",
            "subscription { loadRun(id: 1) { id } loadRun(id: 1) { state } }",
            "subscription { ...f } fragment f on Subscription { loadRun(id: 1) { id @skip(if: true) } }",
            "subscription { ... on Subscription { ... { run: loadRun(id: 1) { id } } } }",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, part) in [
            ("subscription { loadRun(id: 1) { id } other: loadRun(id: 2) { id } }", "only one"),
            ("subscription { loadRun(id: 1) { id } __typename }", "only one"),
            (
                "subscription { loadRun(id: 1) { id } ...f }
                 fragment f on Subscription { x: loadRun(id: 1) { id } }",
                "only one",
            ),
            ("subscription { __typename }", "about the schema"),
            ("subscription { loadRun(id: 1) @skip(if: false) { id } }", "left out"),
            (
                "subscription($a: Boolean!) { ... @include(if: $a) { loadRun(id: 1) { id } } }",
                "left out",
            ),
        ] {
            let message = check(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
