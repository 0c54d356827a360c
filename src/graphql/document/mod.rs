//! Documents: parsed, measured and validated once, planned once for each operation.

pub(crate) mod cache;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod scan;
pub(crate) mod size;
pub(crate) mod variables;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::language::SyntaxError;
use super::language::lower::lower;
use super::language::parser::parse;
use super::plan::Operation;
use super::types;
use super::validate::types::Types;
use super::validate::{check_names, validate};
use crate::config::DocumentLimits;
use crate::graphql::document::limits::TOO_DEEP;
use crate::graphql::document::size::{SizeError, size_of};
use crate::graphql::plan::collect_fields::Selections;
use crate::graphql::plan::compile::compile;
use crate::graphql::response::errors::{PARSE_FAILED, VALIDATION_FAILED, coded, server_error};
use crate::graphql::schema::form::Form;

/// Most cached plans of a document: one for each operation and for the values of the
/// variables in `@skip` and `@include`.
const MAX_PLANS: usize = 4;
/// Estimated bytes of a selection: parsed, and in each plan.
const SELECTION: u64 = 500 * (1 + 4);
/// Estimated bytes of a token, most of which are values of arguments: likewise.
const TOKEN: u64 = 100 * (1 + 4);

/// A parsed document within the limits.
#[derive(Debug)]
pub(crate) struct Document {
    parsed: ExecutableDocument,
    /// What validation found; nothing in a valid one.
    errors: Vec<ServerError>,
    /// The variables in `@skip` and `@include`.
    conditions: Vec<Name>,
    /// Estimated selections of its plans.
    selections: usize,
    /// Tokens of its text.
    tokens: usize,
    /// What the schema is.
    form: Form,
    plans: Mutex<HashMap<PlanKey, Arc<Operation>>>,
}

/// Name of the operation, and the values of the conditions.
type PlanKey = (Option<String>, Vec<bool>);

impl Document {
    /// Parses a document and validates it.
    ///
    /// # Errors
    /// When it is not GraphQL or exceeds a limit. What else is wrong with it is in
    /// [`Self::errors`]: it still has operations of some kind.
    pub(crate) fn parse(
        text: &str,
        limits: &DocumentLimits,
        types: &Types,
        form: Form,
    ) -> Result<Self, Vec<ServerError>> {
        let one = |error| vec![error];
        let text_size = scan::scan(text);
        limits.check_text(text_size).map_err(one)?;
        let tree = parse(text).map_err(|error| vec![wrong(error, PARSE_FAILED)])?;
        check_names(&tree)?;
        let parsed = lower(&tree).map_err(|error| vec![wrong(error, VALIDATION_FAILED)])?;
        let size = size_of(&parsed, form).map_err(|error| vec![no_size(&error)])?;
        limits.check(size).map_err(one)?;
        let errors = validate(types, &tree);
        let mut conditions = Vec::new();
        for (_, operation) in parsed.operations.iter() {
            add_conditions(&operation.node.selection_set.node, &mut conditions, &mut Vec::new());
        }
        for fragment in parsed.fragments.values() {
            add_conditions(&fragment.node.selection_set.node, &mut conditions, &mut Vec::new());
        }
        // A root field may be of any type, with a fetch for each.
        let selections = size.total + size.root_fields * types::ALL.len();
        let tokens = text_size.tokens;
        let plans = Mutex::default();
        Ok(Self { parsed, errors, conditions, selections, tokens, form, plans })
    }

    /// Estimated bytes of memory, with all plans.
    pub(crate) fn bytes(&self) -> u64 {
        let of =
            |count: usize, bytes| u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(bytes);
        of(self.selections, SELECTION).saturating_add(of(self.tokens, TOKEN))
    }

    /// What is not valid in it, if anything.
    pub(crate) fn errors(&self) -> &[ServerError] {
        &self.errors
    }

    pub(crate) const fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// The operation of this name; without a name, the only one.
    ///
    /// # Errors
    /// When there is no such operation, or a name is required.
    pub(crate) fn operation(
        &self,
        name: Option<&str>,
    ) -> Result<&Positioned<OperationDefinition>, ServerError> {
        let unknown =
            |name: &str| ServerError::new(format!("there is no operation named {name}"), None);
        let found = match (&self.parsed.operations, name) {
            (DocumentOperations::Single(operation), None) => Ok(operation),
            (DocumentOperations::Single(_), Some(name)) => Err(unknown(name)),
            (DocumentOperations::Multiple(operations), Some(name)) => {
                operations.get(name).ok_or_else(|| unknown(name))
            }
            (DocumentOperations::Multiple(operations), None) => {
                let mut all = operations.values();
                all.next().filter(|_| all.len() == 0).ok_or_else(|| {
                    let message = "the document has several operations: name one by operationName";
                    ServerError::new(message, None)
                })
            }
        };
        found.map_err(|error| coded(error, VALIDATION_FAILED))
    }

    /// The plan of an operation; the variables decide what it skips.
    ///
    /// # Errors
    /// When the document is not valid, or a variable in `@skip` or `@include` is null.
    pub(crate) fn plan(
        &self,
        name: Option<&str>,
        variables: &Variables,
    ) -> Result<Arc<Operation>, Vec<ServerError>> {
        if !self.errors.is_empty() {
            return Err(self.errors.clone());
        }
        let operation = self.operation(name).map_err(|error| vec![error])?;
        self.no_null_condition(operation, variables)?;
        let is_true = |name| matches!(variables.get(name), Some(Value::Boolean(true)));
        let key = (name.map(str::to_owned), self.conditions.iter().map(is_true).collect());
        if let Some(plan) = self.plans().get(&key) {
            return Ok(Arc::clone(plan));
        }
        let selections = Selections { fragments: &self.parsed.fragments, variables };
        let set = &operation.node.selection_set.node;
        let plan = compile(operation.node.ty, set, selections, self.form)
            .map_err(|error| vec![server_error(error, operation.pos)])?;
        let plan = Arc::new(plan);
        let mut plans = self.plans();
        if plans.len() >= MAX_PLANS {
            plans.clear();
        }
        plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    /// A variable with a default may stand in `@skip` and `@include`, but not be null there.
    fn no_null_condition(
        &self,
        operation: &Positioned<OperationDefinition>,
        variables: &Variables,
    ) -> Result<(), Vec<ServerError>> {
        let mut null = operation.node.variable_definitions.iter().filter(|variable| {
            let name = &variable.node.name.node;
            self.conditions.contains(name) && variables.get(name) == Some(&Value::Null)
        });
        let is_of =
            |name: &Name| self.conditions_of(&operation.node.selection_set.node).contains(name);
        let Some(variable) = null.find(|variable| is_of(&variable.node.name.node)) else {
            return Ok(());
        };
        let name = &variable.node.name.node;
        let message = format!("the variable ${name} is null, but @skip or @include needs it");
        Err(vec![variables::refused(name, message, variable.pos)])
    }

    /// The variables in `@skip` and `@include` of a set and of the fragments that it reaches.
    fn conditions_of(&self, set: &SelectionSet) -> Vec<Name> {
        let (mut conditions, mut spreads) = (Vec::new(), Vec::new());
        add_conditions(set, &mut conditions, &mut spreads);
        let mut done = 0;
        while let Some(name) = spreads.get(done).cloned() {
            done += 1;
            if let Some(fragment) = self.parsed.fragments.get(&name) {
                let set = &fragment.node.selection_set.node;
                add_conditions(set, &mut conditions, &mut spreads);
            }
        }
        conditions
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, HashMap<PlanKey, Arc<Operation>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document that cannot be read.
fn wrong(SyntaxError { message, pos }: SyntaxError, code: &str) -> ServerError {
    coded(ServerError::new(message, Some(pos)), code)
}

fn no_size(error: &SizeError) -> ServerError {
    let (code, message) = match error {
        SizeError::FragmentCycle(name) => {
            (VALIDATION_FAILED, format!("the fragment {name} spreads itself"))
        }
        SizeError::TooDeep => {
            (TOO_DEEP, "the document, fragments spread, is nested too deeply".to_owned())
        }
    };
    coded(ServerError::new(message, None), code)
}

/// Adds the variables in `@skip` and `@include` of a set, whose nesting is bounded, and the
/// fragments that are spread in it, each once.
fn add_conditions(set: &SelectionSet, conditions: &mut Vec<Name>, spreads: &mut Vec<Name>) {
    for item in &set.items {
        for directive in item.node.directives() {
            add_condition(&directive.node, conditions);
        }
        match &item.node {
            Selection::Field(field) => {
                add_conditions(&field.node.selection_set.node, conditions, spreads);
            }
            Selection::InlineFragment(fragment) => {
                add_conditions(&fragment.node.selection_set.node, conditions, spreads);
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                if !spreads.contains(name) {
                    spreads.push(name.clone());
                }
            }
        }
    }
}

fn add_condition(directive: &Directive, conditions: &mut Vec<Name>) {
    for (_, value) in &directive.arguments {
        if let async_graphql_value::Value::Variable(name) = &value.node
            && !conditions.contains(name)
        {
            conditions.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::response::errors::code_of;
    use crate::graphql::schema;

    fn parse(text: &str) -> Result<Document, String> {
        let types = Types::new(schema::registry(Form::Api));
        Document::parse(text, &DocumentLimits::default(), &types, Form::Api)
            .map_err(|errors| code_of(&errors[0]).unwrap().to_owned())
    }

    fn plan(document: &Document, variables: serde_json::Value) -> Arc<Operation> {
        document.plan(None, &Variables::from_json(variables)).unwrap()
    }

    fn keys(plan: &Operation) -> Vec<&str> {
        plan.roots.iter().map(|root| root.key.name.as_str()).collect()
    }

    #[test]
    fn root_fields_keep_their_order_and_fragments_are_spread_once() {
        let document = parse(
            "{ b: __typename ...f a: __typename ...f b: __typename }
             fragment f on Query { ...g } fragment g on Query { d: __typename }",
        )
        .unwrap();
        assert_eq!(keys(&plan(&document, serde_json::json!({}))), ["b", "d", "a"]);
    }

    #[test]
    fn a_plan_is_cached_for_the_variables_of_skip() {
        let document = parse(
            "query($a: Boolean!, $n: Int) {
                    x: persons(first: $n) @skip(if: $a) { totalCount } y: __typename }",
        )
        .unwrap();
        let all = plan(&document, serde_json::json!({ "a": false, "n": 1 }));
        assert_eq!(keys(&all), ["x", "y"]);
        let again = plan(&document, serde_json::json!({ "a": false, "n": 2 }));
        assert!(Arc::ptr_eq(&all, &again));
        let fewer = plan(&document, serde_json::json!({ "a": true }));
        assert_eq!(keys(&fewer), ["y"]);
    }

    #[test]
    fn a_condition_is_never_null() {
        let document = parse("query($a: Boolean = true) { __typename @skip(if: $a) }").unwrap();
        let given = Variables::from_json(serde_json::json!({ "a": null }));
        let errors = document.plan(None, &given).unwrap_err();
        assert!(errors[0].message.contains("$a is null"), "{errors:?}");
        // One of another operation is not asked for.
        let document = parse(
            "query a($a: Boolean = true) { __typename @skip(if: $a) } query b { __typename }",
        );
        assert!(document.unwrap().plan(Some("b"), &given).is_ok());
        let document = parse(
            "query a($a: Boolean = true) { products(filter: {makeFlag: {eq: $a}}) { totalCount } }
             query b($a: Boolean!) { __typename @skip(if: $a) }
             query c($a: Boolean = true) { ...f } fragment f on Query { __typename @skip(if: $a) }",
        )
        .unwrap();
        assert!(document.plan(Some("a"), &given).is_ok());
        assert!(document.plan(Some("c"), &given).is_err());
    }

    #[test]
    fn an_operation_is_found_by_its_name() {
        let one = parse("query a { x } ").unwrap();
        assert!(one.operation(None).is_ok());
        assert!(one.operation(Some("b")).is_err());
        let two = parse("query a { x } mutation b { y }").unwrap();
        assert!(two.operation(None).is_err());
        assert!(two.operation(Some("b")).is_ok());
        assert!(two.operation(Some("c")).is_err());
    }

    #[test]
    fn a_document_over_a_limit_is_refused() {
        let nested = format!("{{ a(x: {}", "[".repeat(1_000));
        for (text, code) in [
            (nested.as_str(), TOO_DEEP),
            ("{", PARSE_FAILED),
            ("{ ...f } fragment f on Query { ...f }", VALIDATION_FAILED),
        ] {
            assert_eq!(parse(text).err().as_deref(), Some(code));
        }
    }
}
