//! What must be known of a document before it is executed.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Request, Response, ServerError, Value, Variables};

use super::errors::{
    AskedOnce, PARSE_FAILED, VALIDATION_FAILED, code_of, refusal, set_code, was_executed,
};
use super::limits::{Budget, Limits, TOO_DEEP};
use super::measure::{Endless, Size, measure};
use super::{Schema, nesting, variables};

/// A request whose document was parsed, once.
#[derive(Debug)]
pub struct Prepared {
    kind: Option<OperationType>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It can be executed if it is not too large.
    Ready(Box<Ready>),
    /// The answer is known already.
    Refused(Box<Response>),
}

#[derive(Debug)]
struct Ready {
    request: Request,
    size: Size,
    /// Response keys of the root in the order of the document.
    keys: Vec<Name>,
}

impl Prepared {
    /// Parses the document. What is wrong with it, executing the request says.
    #[must_use]
    pub fn new(mut request: Request) -> Self {
        if nesting::is_too_deep(&request.query) {
            let message = format!("brackets are nested more than {} deep", nesting::MOST);
            return Self::refused(None, refusal(TOO_DEEP, message));
        }
        let document = match parse_query(&request.query) {
            Ok(document) => document,
            Err(error) => return Self::refused(None, coded(PARSE_FAILED, error.into())),
        };
        let size = match measure(&document) {
            Ok(size) => size,
            Err(endless) => return Self::refused(None, no_end(&endless)),
        };
        let mut keys = Vec::new();
        let mut kind = None;
        if let Some(operation) = operation(&document, request.operation_name.as_deref()) {
            kind = Some(operation.node.ty);
            if operation.node.ty != OperationType::Query {
                let message = format!("there is no {} yet, only queries", operation.node.ty);
                let error = ServerError::new(message, Some(operation.pos));
                return Self::refused(kind, coded(VALIDATION_FAILED, error));
            }
            if let Err(error) = variables::complete(&operation.node, &mut request.variables) {
                return Self::refused(kind, coded(VALIDATION_FAILED, error));
            }
            let mut root = Root { document: &document, variables: &request.variables, keys };
            root.add(&operation.node.selection_set.node, &mut HashSet::new());
            keys = root.keys;
        }
        request.set_parsed_query(document);
        Self { kind, state: State::Ready(Box::new(Ready { request, size, keys })) }
    }

    fn refused(kind: Option<OperationType>, answer: Response) -> Self {
        Self { kind, state: State::Refused(Box::new(answer)) }
    }

    /// Whether the operation only reads, as far as can be told.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.kind.is_none_or(|kind| kind == OperationType::Query)
    }

    /// Executes it.
    pub async fn execute(self, schema: &Schema) -> Response {
        let ready = match self.state {
            State::Ready(ready) => ready,
            State::Refused(answer) => return *answer,
        };
        let limits = schema.data::<Limits>().copied().unwrap_or_default();
        if let Err(error) = limits.check(ready.size) {
            return Response::from_errors(vec![error]);
        }
        let request = ready.request.data(Budget::new(limits.values)).data(AskedOnce::default());
        finish(schema.execute(request).await, ready.keys)
    }
}

/// Brings the engine's answer into the form of the specification.
fn finish(mut response: Response, keys: Vec<Name>) -> Response {
    response.errors.retain(|error| !AskedOnce::is_repetition(error));
    // What only shows once types are known is still wrong with the document.
    if response.errors.iter().any(|error| code_of(error) == Some(VALIDATION_FAILED)) {
        response.errors.retain(|error| code_of(error) == Some(VALIDATION_FAILED));
        for error in &mut response.errors {
            error.path.clear();
        }
        // Every root field tells of what is wrong at the root.
        response.errors.dedup();
        response.data = Value::Null;
        return response;
    }
    if !was_executed(&response) {
        return response;
    }
    let mut found = match std::mem::take(&mut response.data) {
        Value::Object(object) => object,
        _ => IndexMap::new(),
    };
    // The engine gives root fields in the order they became ready, and leaves out
    // those whose arguments it could not read.
    let ordered = keys.into_iter().map(|key| {
        let value = found.swap_remove(&key).unwrap_or_default();
        (key, value)
    });
    response.data = Value::Object(ordered.collect());
    response
}

fn coded(code: &str, mut error: ServerError) -> Response {
    set_code(&mut error, code);
    Response::from_errors(vec![error])
}

fn no_end(endless: &Endless) -> Response {
    match endless {
        Endless::Circle(name) => {
            refusal(VALIDATION_FAILED, format!("the fragment {name} spreads itself"))
        }
        Endless::Deep => refusal(TOO_DEEP, "the document, fragments spread, is nested too deeply"),
    }
}

fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a Positioned<OperationDefinition>> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => {
            let mut all = operations.values();
            all.next().filter(|_| all.len() == 0)
        }
    }
}

/// The response keys of the root.
struct Root<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    keys: Vec<Name>,
}

impl<'a> Root<'a> {
    /// Each key and each fragment counts where it comes first.
    fn add(&mut self, set: &'a SelectionSet, seen: &mut HashSet<&'a str>) {
        for item in &set.items {
            if self.skips(item.node.directives()) {
                continue;
            }
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    if !self.keys.contains(key) {
                        self.keys.push(key.clone());
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.node.selection_set.node, seen);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if seen.insert(name)
                        && let Some(fragment) = self.document.fragments.get(name)
                    {
                        self.add(&fragment.node.selection_set.node, seen);
                    }
                }
            }
        }
    }

    /// Whether `@skip` or `@include` leave it out, as the engine sees it.
    fn skips(&self, directives: &[Positioned<Directive>]) -> bool {
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

    fn keys(query: &str) -> Vec<Name> {
        match prepared(query, None).state {
            State::Ready(ready) => ready.keys,
            State::Refused(answer) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn keys_come_in_order() {
        let query = "{ b ...f a: c b } fragment f on Query { ...g } fragment g on Query { d }";
        assert_eq!(keys(query), ["b", "d", "a"]);
    }

    #[test]
    fn a_key_counts_where_it_is_not_skipped() {
        let query = "query($no: Boolean = false) {
            a @include(if: $no) b @skip(if: $no) ... @include(if: false) { c } a c @skip(if: true) }";
        assert_eq!(keys(query), ["b", "a"]);
    }

    #[test]
    fn what_must_not_be_executed_is_refused() {
        let nested = format!("{{ a(x: {}", "[".repeat(100_000));
        for (query, code) in [
            (nested.as_str(), TOO_DEEP),
            ("{", PARSE_FAILED),
            ("{ ...f } fragment f on Query { ...f }", VALIDATION_FAILED),
            ("mutation { x }", VALIDATION_FAILED),
            ("query($n: Int!) { x }", VALIDATION_FAILED),
        ] {
            match prepared(query, None).state {
                State::Refused(answer) => assert_eq!(code_of(&answer.errors[0]), Some(code)),
                State::Ready(_) => panic!("{query} is ready"),
            }
        }
    }
}
