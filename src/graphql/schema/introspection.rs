//! Executes introspection by async-graphql.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, Request, ServerError, Value, Variables};

use super::Schema;

/// The key of what is selected of every object. No name of a client has a space.
const KEY: &str = "is object";

/// Executes introspection of a document that was validated. async-graphql answers an object
/// of which nothing is selected with null; so `__typename` always is, and taken out again.
pub(crate) async fn introspect(
    schema: &Schema,
    mut document: ExecutableDocument,
    variables: Variables,
) -> (Value, Vec<ServerError>) {
    if let DocumentOperations::Single(operation) = &mut document.operations {
        below(&mut operation.node.selection_set.node);
    }
    for fragment in document.fragments.values_mut() {
        below(&mut fragment.node.selection_set.node);
    }
    let mut request = Request::new("").variables(variables);
    request.set_parsed_query(document);
    let mut response = schema.execute(request).await;
    take_out(&mut response.data);
    (response.data, response.errors)
}

/// Selects it of each object in a set, whose nesting is limited.
fn below(set: &mut SelectionSet) {
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) => {
                let set = &mut field.node.selection_set.node;
                below(set);
                if !set.items.is_empty() {
                    set.items.push(typename());
                }
            }
            Selection::InlineFragment(fragment) => below(&mut fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn typename() -> Positioned<Selection> {
    let place = Pos::default();
    let field = Field {
        alias: Some(Positioned::new(Name::new(KEY), place)),
        name: Positioned::new(Name::new("__typename"), place),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, place)), place)
}

fn take_out(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.shift_remove(KEY);
            fields.values_mut().for_each(take_out);
        }
        Value::List(list) => list.iter_mut().for_each(take_out),
        _ => {}
    }
}
