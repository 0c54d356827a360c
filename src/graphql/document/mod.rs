//! DocumentCache: parsed and measured once, planned once for each operation.

pub(crate) mod cache;
pub(crate) mod limits;
pub(crate) mod scan;
mod single_root;
pub(crate) mod size;
pub(crate) mod variables;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::plan::Operation;
use super::schema::{self, Schema};
use super::types;
use crate::config::DocumentLimits;
use crate::graphql::document::limits::TOO_DEEP;
use crate::graphql::document::size::{SizeError, size_of};
use crate::graphql::plan::collect_fields::Selections;
use crate::graphql::plan::compile::compile;
use crate::graphql::response::errors::{PARSE_FAILED, VALIDATION_FAILED, coded, server_error};

/// Most cached plans of a document: one for each operation and for the values of the
/// variables in `@skip` and `@include`.
const MAX_PLANS: usize = 4;
/// Estimated bytes of a selection: parsed, and in each plan.
const SELECTION: u64 = 500 * (1 + 4);

/// A parsed document within the limits.
#[derive(Debug)]
pub(crate) struct Document {
    parsed: ExecutableDocument,
    /// The variables in `@skip` and `@include`.
    conditions: Vec<Name>,
    /// Estimated selections of its plans.
    selections: usize,
    /// The operations that were validated.
    valid: Mutex<HashSet<Option<String>>>,
    plans: Mutex<HashMap<PlanKey, Arc<Operation>>>,
}

/// Name of the operation, and the values of the conditions.
type PlanKey = (Option<String>, Vec<bool>);

impl Document {
    /// Parses a document.
    ///
    /// # Errors
    /// When it is not GraphQL or exceeds a limit.
    pub(crate) fn parse(text: &str, limits: &DocumentLimits) -> Result<Self, ServerError> {
        limits.check_text(scan::scan(text))?;
        let parsed = parse_query(text).map_err(|error| coded(error.into(), PARSE_FAILED))?;
        let size = size_of(&parsed).map_err(|error| no_size(&error))?;
        limits.check(size)?;
        let mut conditions = Vec::new();
        for (_, operation) in parsed.operations.iter() {
            add_conditions(&operation.node.selection_set.node, &mut conditions);
        }
        for fragment in parsed.fragments.values() {
            add_conditions(&fragment.node.selection_set.node, &mut conditions);
        }
        // A root field may be of any type, with a fetch for each.
        let selections = size.total + size.root_fields * types::ALL.len();
        let (valid, plans) = (Mutex::default(), Mutex::default());
        Ok(Self { parsed, conditions, selections, valid, plans })
    }

    /// Estimated bytes of memory, with all plans.
    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.selections).unwrap_or(u64::MAX).saturating_mul(SELECTION)
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
    /// When it is not valid.
    pub(crate) async fn plan(
        &self,
        schema: &Schema,
        name: Option<&str>,
        variables: &Variables,
    ) -> Result<Arc<Operation>, Vec<ServerError>> {
        let is_true = |name| matches!(variables.get(name), Some(Value::Boolean(true)));
        let key = (name.map(str::to_owned), self.conditions.iter().map(is_true).collect());
        if let Some(plan) = self.plans().get(&key) {
            return Ok(Arc::clone(plan));
        }
        let operation = self.operation(name).map_err(|error| vec![error])?;
        let operation_name = name.map(str::to_owned);
        if !self.valid().contains(&operation_name) {
            schema::validate(schema, self.parsed.clone(), name).await?;
            self.valid().insert(operation_name);
        }
        if operation.node.ty == OperationType::Subscription {
            single_root::check(&self.parsed, operation).map_err(|error| vec![error])?;
        }
        let selections = Selections { fragments: &self.parsed.fragments, variables };
        let set = &operation.node.selection_set.node;
        let plan = compile(operation.node.ty, set, selections)
            .map_err(|error| vec![server_error(error, operation.pos)])?;
        let plan = Arc::new(plan);
        let mut plans = self.plans();
        if plans.len() >= MAX_PLANS {
            plans.clear();
        }
        plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }

    fn valid(&self) -> std::sync::MutexGuard<'_, HashSet<Option<String>>> {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plans(&self) -> std::sync::MutexGuard<'_, HashMap<PlanKey, Arc<Operation>>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

/// Adds the variables in `@skip` and `@include` of a set, whose nesting is bounded.
fn add_conditions(set: &SelectionSet, conditions: &mut Vec<Name>) {
    for item in &set.items {
        for directive in item.node.directives() {
            add_condition(&directive.node, conditions);
        }
        match &item.node {
            Selection::Field(field) => {
                add_conditions(&field.node.selection_set.node, conditions);
            }
            Selection::InlineFragment(fragment) => {
                add_conditions(&fragment.node.selection_set.node, conditions);
            }
            Selection::FragmentSpread(_) => {}
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

    fn parse(text: &str) -> Result<Document, String> {
        Document::parse(text, &DocumentLimits::default())
            .map_err(|error| code_of(&error).unwrap().to_owned())
    }

    async fn plan(document: &Document, variables: serde_json::Value) -> Arc<Operation> {
        let variables = Variables::from_json(variables);
        document.plan(&schema::build(), None, &variables).await.unwrap()
    }

    fn keys(plan: &Operation) -> Vec<&str> {
        plan.roots.iter().map(|root| root.key.name.as_str()).collect()
    }

    #[tokio::test]
    async fn root_fields_keep_their_order_and_fragments_are_spread_once() {
        let document = parse(
            "{ b: __typename ...f a: __typename ...f b: __typename }
             fragment f on Query { ...g } fragment g on Query { d: __typename }",
        )
        .unwrap();
        assert_eq!(keys(&*plan(&document, serde_json::json!({})).await), ["b", "d", "a"]);
    }

    #[tokio::test]
    async fn a_plan_is_cached_for_the_variables_of_skip() {
        let document = parse(
            "query($a: Boolean!, $n: Int) {
                    x: persons(first: $n) @skip(if: $a) { totalCount } y: __typename }",
        )
        .unwrap();
        let all = plan(&document, serde_json::json!({ "a": false, "n": 1 })).await;
        assert_eq!(keys(&all), ["x", "y"]);
        let again = plan(&document, serde_json::json!({ "a": false, "n": 2 })).await;
        assert!(Arc::ptr_eq(&all, &again));
        let fewer = plan(&document, serde_json::json!({ "a": true })).await;
        assert_eq!(keys(&fewer), ["y"]);
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
