//! What must be known of a document before it is executed.

use std::collections::HashSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Request, Response, Value};

use super::Schema;

/// A request whose document was parsed, once.
#[derive(Debug)]
pub struct Prepared {
    request: Request,
    kind: Option<OperationType>,
    /// Response keys of the root in the order of the document.
    keys: Vec<Name>,
}

impl Prepared {
    /// Parses the document. If that fails, executing the request says why.
    #[must_use]
    pub fn new(mut request: Request) -> Self {
        let Ok(document) = parse_query(&request.query) else {
            return Self { request, kind: None, keys: Vec::new() };
        };
        let operation = operation(&document, request.operation_name.as_deref());
        let kind = operation.map(|operation| operation.ty);
        let mut keys = Vec::new();
        if let Some(operation) = operation {
            let set = &operation.selection_set.node;
            root_keys(&document, set, &mut HashSet::new(), &mut keys);
        }
        request.set_parsed_query(document);
        Self { request, kind, keys }
    }

    /// Whether the operation only reads, as far as can be told.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.kind.is_none_or(|kind| kind == OperationType::Query)
    }

    /// Executes it.
    pub async fn execute(self, schema: &Schema) -> Response {
        let mut response = schema.execute(self.request).await;
        if response.data == Value::Null && response.errors.is_empty() {
            // The engine's way to say that every field was skipped.
            response.data = Value::Object(Default::default());
        }
        // The engine gives root fields in the order they became ready.
        if let Value::Object(object) = &mut response.data
            && object.len() > 1
        {
            object.sort_by_cached_key(|name, _| self.keys.iter().position(|key| key == name));
        }
        response
    }
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(name).map(|operation| &operation.node)
        }
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            all.next().filter(|_| all.len() == 0).map(|operation| &operation.node)
        }
    }
}

/// Each fragment counts where it is spread first; the document is not validated
/// yet, so fragments may go round in circles.
fn root_keys<'a>(
    document: &'a ExecutableDocument,
    set: &'a SelectionSet,
    seen: &mut HashSet<&'a str>,
    keys: &mut Vec<Name>,
) {
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => keys.push(field.node.response_key().node.clone()),
            Selection::InlineFragment(fragment) => {
                root_keys(document, &fragment.node.selection_set.node, seen, keys);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if seen.insert(name)
                    && let Some(fragment) = document.fragments.get(name)
                {
                    root_keys(document, &fragment.node.selection_set.node, seen, keys);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(query: &str, operation: Option<&str>) -> Prepared {
        let mut request = Request::new(query);
        request.operation_name = operation.map(str::to_owned);
        Prepared::new(request)
    }

    #[test]
    fn the_operation_that_runs_decides() {
        let both = "query a { x } mutation b { y }";
        assert!(prepared(both, Some("a")).is_query());
        assert!(!prepared(both, Some("b")).is_query());
        assert!(!prepared("mutation { y }", None).is_query());
        assert!(prepared("{ x }", None).is_query());
    }

    #[test]
    fn keys_come_in_order_and_circles_end() {
        let query = "{ b ...f a: c } fragment f on Query { ...g } fragment g on Query { d ...f }";
        assert_eq!(prepared(query, None).keys, ["b", "d", "a"]);
    }
}
