//! The engine: prepares a request, then plans, binds, executes and writes it.

use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationType, Selection,
};
use async_graphql::registry::Registry;
use async_graphql::{Positioned, Request, ServerError, Value, Variables};

use super::document::Document;
use super::execute::Execution;
use super::hooks::Hooks;
use super::plan::{Operation, RootStep};
use super::schema::{self, Schema};
use crate::auth::Scope;
use crate::config::DocumentLimits;
use crate::graphql::document::cache::DocumentCache;
use crate::graphql::document::variables;
use crate::graphql::execute::budget::Budget;
use crate::graphql::execute::command::Commands;
use crate::graphql::execute::subscription::{self, Snapshot};
use crate::graphql::plan::bind::{BoundOperation, bind};
use crate::graphql::plan::cost::{Estimate, TableSizes};
use crate::graphql::response::errors::{VALIDATION_FAILED, coded};
use crate::graphql::response::sink::Writer;
use crate::graphql::response::{Answer, Cost};
use crate::query::{PageSizes, Reader};

/// Executes requests over a database. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Inner>,
    commands: Option<Arc<Commands>>,
}

struct Inner {
    schema: Schema,
    types: Registry,
    reader: Reader,
    limits: DocumentLimits,
    documents: DocumentCache,
    sizes: TableSizes,
}

/// A request with its parsed document.
#[derive(Debug, Clone)]
pub struct Prepared {
    kind: Option<OperationType>,
    state: Result<Ready, Answer>,
    hooks: Option<Arc<dyn Hooks>>,
}

#[derive(Debug, Clone)]
struct Ready {
    document: Arc<Document>,
    operation: Option<String>,
    variables: Variables,
}

impl Engine {
    /// An engine over a database, for queries and subscriptions.
    #[must_use]
    pub fn new(reader: Reader, limits: DocumentLimits) -> Self {
        let (schema, types) = (schema::build(), schema::registry());
        let (documents, sizes) = (DocumentCache::default(), TableSizes::default());
        let shared = Arc::new(Inner { schema, types, reader, limits, documents, sizes });
        Self { shared, commands: None }
    }

    /// The limits of documents.
    #[must_use]
    pub fn limits(&self) -> &DocumentLimits {
        &self.shared.limits
    }

    /// The same, for mutations too.
    #[must_use]
    pub fn with_commands(self, commands: Commands) -> Self {
        Self { commands: Some(Arc::new(commands)), ..self }
    }

    /// Parses the document of a request. Executing the request reports its errors.
    #[must_use]
    pub fn prepare(&self, request: Request) -> Prepared {
        let Request { query, operation_name: operation, mut variables, .. } = request;
        let refused =
            |error| Prepared { kind: None, state: Err(Answer::refused(vec![error])), hooks: None };
        let document = match self.shared.documents.get(query, &self.shared.limits) {
            Ok(document) => document,
            Err(error) => return refused(error),
        };
        let (kind, completed) = match document.operation(operation.as_deref()) {
            Err(error) => return refused(error),
            Ok(found) => (
                found.node.ty,
                variables::complete(&found.node, &self.shared.types, &mut variables),
            ),
        };
        let state = match completed {
            Ok(()) => Ok(Ready { document, operation, variables }),
            Err(error) => Err(Answer::refused(vec![coded(error, VALIDATION_FAILED)])),
        };
        Prepared { kind: Some(kind), state, hooks: None }
    }

    /// Executes a request with the rights of its caller; a subscription once.
    pub async fn execute(&self, prepared: Prepared, scope: &Scope) -> Answer {
        self.snapshot(&prepared, scope).await.answer
    }

    /// Executes a request, and says whether a subscription ends with this response.
    pub async fn snapshot(&self, prepared: &Prepared, scope: &Scope) -> Snapshot {
        match &prepared.state {
            Ok(ready) => match self.run(ready, scope, prepared.hooks.as_deref()).await {
                Ok(snapshot) => snapshot,
                Err(errors) => Snapshot::once(Answer::refused(errors)),
            },
            Err(refused) => Snapshot::once(refused.clone()),
        }
    }

    async fn plan(&self, ready: &Ready) -> Result<Arc<Operation>, Vec<ServerError>> {
        let Ready { document, operation, variables } = ready;
        document.plan(&self.shared.schema, operation.as_deref(), variables).await
    }

    fn bind(&self, ready: &Ready, plan: &Operation) -> BoundOperation {
        let limits = &self.shared.limits;
        let sizes = PageSizes { default: limits.page_size_default, most: limits.page_size_max };
        bind(plan, &ready.variables, sizes)
    }

    async fn run(
        &self,
        ready: &Ready,
        scope: &Scope,
        hooks: Option<&dyn Hooks>,
    ) -> Result<Snapshot, Vec<ServerError>> {
        let Inner { reader, limits, .. } = &*self.shared;
        let plan = self.plan(ready).await?;
        let BoundOperation { mut roots, bindings } = self.bind(ready, &plan);
        let sizes = self.shared.sizes.get(reader).await;
        let estimate = Estimate { bindings: &bindings, sizes: &sizes, scope }.of(&plan, &roots);
        let cost = Cost { estimate, limit: limits.cost };
        cost.check().map_err(|error| vec![error])?;
        if let Some(hooks) = hooks {
            hooks.charge(estimate).map_err(|error| vec![error])?;
        }

        let budget = Budget::new(limits.values);
        let commands = self.commands.as_deref().filter(|_| plan.kind == OperationType::Mutation);
        let execution = Execution {
            reader: commands.map_or(reader, |commands| &commands.reader),
            scope,
            budget: &budget,
            bindings: &bindings,
            hooks,
            commands: commands.map(|commands| (commands, commands.deadline())),
        };
        let read = execution.read(&plan, &mut roots).await;
        let mut data = plan.roots.iter().zip(&roots).zip(&read);
        let may_change =
            data.any(|((root, target), read)| subscription::may_change(root, target, read));
        let (introspected, mut errors) = self.introspect(ready, &plan).await;
        let data = Writer::new(&bindings, scope, &budget).data(&plan, roots, &read, &introspected);
        errors.extend(data.errors);
        let is_last = !(data.is_complete && may_change);
        let (data, cost) = (Some(data.json), Some(cost));
        Ok(Snapshot { answer: Answer { data, errors, cost, ..Answer::default() }, is_last })
    }

    /// Executes the root fields that are about the schema, by async-graphql.
    async fn introspect(&self, ready: &Ready, plan: &Operation) -> (Value, Vec<ServerError>) {
        let mut fields = Vec::new();
        for root in &plan.roots {
            if let RootStep::Introspection(field) = &root.step {
                let field = (**field).clone();
                fields.push(Positioned::new(Selection::Field(field), root.position));
            }
        }
        let original = ready.document.operation(ready.operation.as_deref());
        let (false, Ok(original)) = (fields.is_empty(), original) else {
            return (Value::Null, Vec::new());
        };
        let mut operation = original.clone();
        operation.node.selection_set.node.items = fields;
        let mut request = Request::new("").variables(ready.variables.clone());
        request.set_parsed_query(ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: ready.document.parsed().fragments.clone(),
        });
        let response = schema::introspect(&self.shared.schema, request).await;
        (response.data, response.errors)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

impl Prepared {
    /// Executes it with these.
    #[must_use]
    pub fn with_hooks(self, hooks: Arc<dyn Hooks>) -> Self {
        Self { hooks: Some(hooks), ..self }
    }

    /// The kind of operation; `None` if the request has no such operation.
    #[must_use]
    pub const fn kind(&self) -> Option<OperationType> {
        self.kind
    }

    /// Whether it is a subscription.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.kind == Some(OperationType::Subscription)
    }

    /// Whether it is a query, or not any operation.
    #[must_use]
    pub fn is_query(&self) -> bool {
        self.kind.is_none_or(|kind| kind == OperationType::Query)
    }
}
