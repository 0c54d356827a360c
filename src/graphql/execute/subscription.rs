//! Subscriptions. What one sends is what executing it again answers; here is when
//! that is over, and what a subscription must look like.

use std::collections::HashSet;
use std::slice;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, Selection as Item, SelectionSet,
};
use async_graphql::{PathSegment, Pos, Positioned, ServerError};

use crate::auth::Scope;
use crate::catalog::{Column, column};
use crate::error::{Code, Error, Result};
use crate::graphql::plan::bind::Wanted;
use crate::graphql::plan::{Root, RootStep};
use crate::graphql::response::Answer;
use crate::graphql::response::errors::{VALIDATION_FAILED, coded, server_error};
use crate::query::{Reader, Selection};

/// Null in the rows that can be followed for as long as they change.
fn finished_at_column() -> &'static Column {
    column(entity::load_run::Column::FinishedAt)
}

/// What an operation answers now.
#[derive(Debug)]
pub struct Look {
    /// The answer.
    pub answer: Answer,
    /// Whether it stays like this: there is nothing to follow, or not any more.
    pub is_last: bool,
}

impl Look {
    /// The answer to what is not followed.
    #[must_use]
    pub const fn once(answer: Answer) -> Self {
        Self { answer, is_last: true }
    }

    /// The answer of a subscription with this root field. `has_ended` was found out
    /// before the answer was read, so that it is of the last state.
    pub(crate) fn of(mut answer: Answer, root: &Root, has_ended: bool) -> Self {
        let is_null = format!("{{{}null}}", root.key.json);
        let is_nothing = answer.data.as_deref().is_none_or(|data| data == is_null.as_bytes());
        if is_nothing && answer.was_executed() && answer.errors.is_empty() {
            let error = Error::new(Code::NotFound, "id: there is no such load run");
            let path = vec![PathSegment::Field(root.key.name.to_string())];
            answer.errors.push(server_error(error, root.position).with_path(path));
        }
        Self { answer, is_last: is_nothing || has_ended }
    }
}

/// Whether the row of a root field will not change any more. What cannot be told,
/// the answer itself says.
pub(crate) async fn has_ended(
    reader: &Reader,
    scope: &Scope,
    root: &Root,
    wanted: &Result<Wanted>,
) -> bool {
    let (RootStep::Keys { fetches, .. }, Ok(Wanted::One(of, key))) = (&root.step, wanted) else {
        return false;
    };
    let Some(fetch) = fetches.get(*of) else { return false };
    let mut selection = Selection::of(fetch.entity.table);
    let finished_at = selection.column(Selection::ROW, finished_at_column());
    let rows = reader.by_keys(scope, &selection, slice::from_ref(key)).await;
    let still = rows.map(|rows| rows.first().map(|row| row.is_null(finished_at)));
    matches!(still, Ok(Some(Ok(false))))
}

/// Whether a subscription has one root field, whatever its variables. The document
/// is known to fit the schema.
///
/// # Errors
/// What it has instead.
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
                Item::Field(field) => self.fields.push(field),
                Item::InlineFragment(fragment) => self.add(&fragment.node.selection_set.node)?,
                Item::FragmentSpread(spread) => {
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

    use super::*;

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
        for (text, told) in [
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
            assert!(message.contains(told), "{text}: {message}");
        }
    }
}
