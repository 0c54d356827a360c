//! The engine: prepares a request, then plans, binds, executes and writes it.

use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationType, Selection,
};
use async_graphql::registry::Registry;
use async_graphql::{Pos, Positioned, Request, ServerError, Value, Variables};

use super::document::Document;
use super::execute::{Execution, is_volatile};
use super::export::{Draft, Export, ExportRequest};
use super::hooks::Hooks;
use super::plan::{Operation, RootStep};
use super::schema::form::Form;
use super::schema::introspection::introspect;
use super::schema::{self, Schema};
use crate::auth::Scope;
use crate::columnar::Copies;
use crate::config::DocumentLimits;
use crate::db::data_version::Versions;
use crate::db::data_version::tables::TableSet;
use crate::error::{Code, Error};
use crate::graphql::document::cache::DocumentCache;
use crate::graphql::document::variables;
use crate::graphql::execute::budget::Budget;
use crate::graphql::execute::command::Commands;
use crate::graphql::execute::data::Columns;
use crate::graphql::execute::subscription::{self, Snapshot};
use crate::graphql::plan::bind::{BoundOperation, bind, bind_whole};
use crate::graphql::plan::cost::{Estimate, TableSizes};
use crate::graphql::plan::target::RootTarget;
use crate::graphql::response::errors::server_error;
use crate::graphql::response::sink::Writer;
use crate::graphql::response::{Answer, Cost};
use crate::graphql::validate::types::Types;
use crate::query::Reader;

/// Most lists of an operation that the lake is asked for: each is a job, and waits.
const MOST_OF_LAKE: usize = 4;

/// Executes requests over a database. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Inner>,
    commands: Option<Arc<Commands>>,
    columns: Option<Copies>,
}

struct Inner {
    form: Form,
    /// Answers introspection, and is made for the first that asks for it.
    schema: OnceLock<Schema>,
    /// What documents are validated against.
    types: Types,
    reader: Reader,
    limits: DocumentLimits,
    documents: DocumentCache,
    sizes: TableSizes,
}

impl Inner {
    fn new(reader: Reader, limits: DocumentLimits, form: Form) -> Self {
        let types = Types::new(schema::registry(form));
        let (documents, sizes) = (DocumentCache::new(form), TableSizes::default());
        Self { form, schema: OnceLock::new(), types, reader, limits, documents, sizes }
    }
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

impl Ready {
    fn plan(&self) -> Result<Arc<Operation>, Vec<ServerError>> {
        self.document.plan(self.operation.as_deref(), &self.variables)
    }
}

impl Engine {
    /// An engine over a database, for queries and subscriptions.
    #[must_use]
    pub fn new(reader: Reader, limits: DocumentLimits) -> Self {
        let shared = Arc::new(Inner::new(reader, limits, Form::Api));
        Self { shared, commands: None, columns: None }
    }

    /// The same as a subgraph of a federation.
    #[must_use]
    pub fn as_subgraph(self) -> Self {
        let Inner { reader, limits, .. } = &*self.shared;
        Self { shared: Arc::new(Inner::new(reader.clone(), *limits, Form::Subgraph)), ..self }
    }

    /// What it reads by.
    pub(super) fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    /// The types that documents name.
    pub(super) fn types(&self) -> &Registry {
        schema::registry(self.shared.form)
    }

    /// A parsed document within the limits.
    pub(super) fn document(&self, text: &str) -> Result<Arc<Document>, Vec<ServerError>> {
        let Inner { documents, limits, types, .. } = &*self.shared;
        documents.get(text.to_owned(), limits, types)
    }

    /// The limits of documents.
    #[must_use]
    pub fn limits(&self) -> &DocumentLimits {
        &self.shared.limits
    }

    /// The same, for mutations too, and with links to reports.
    #[must_use]
    pub fn with_commands(self, commands: Commands) -> Self {
        Self { commands: Some(Arc::new(commands)), ..self }
    }

    /// The same, which answers aggregates from these columns where it can.
    #[must_use]
    pub fn with_columns(self, columns: Copies) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// Parses and validates the document of a request, and checks its variables. Executing the
    /// request reports what is wrong.
    #[must_use]
    pub fn prepare(&self, request: Request) -> Prepared {
        let Request { query, operation_name: operation, mut variables, .. } = request;
        let refused =
            |kind, errors| Prepared { kind, state: Err(Answer::refused(errors)), hooks: None };
        let document = match self.document(&query) {
            Ok(document) => document,
            Err(errors) => return refused(None, errors),
        };
        let found = document.operation(operation.as_deref());
        let kind = found.as_ref().ok().map(|found| found.node.ty);
        if !document.errors().is_empty() {
            return refused(kind, document.errors().to_vec());
        }
        let completed = found
            .and_then(|found| variables::complete(&found.node, &self.shared.types, &mut variables));
        match completed {
            Ok(()) => {
                let ready = Ready { document, operation, variables };
                Prepared { kind, state: Ok(ready), hooks: None }
            }
            Err(error) => refused(kind, vec![error]),
        }
    }

    /// Executes a request with the rights of its caller; a subscription once.
    pub async fn execute(&self, prepared: Prepared, scope: &Scope) -> Answer {
        self.snapshot(&prepared, scope, None).await.answer
    }

    /// Likewise, and says whether a subscription ends with this response. It reads nothing older
    /// than these versions of the data, if they are known.
    pub async fn snapshot(
        &self,
        prepared: &Prepared,
        scope: &Scope,
        versions: Option<&Versions>,
    ) -> Snapshot {
        let hooks = prepared.hooks.as_deref();
        match &prepared.state {
            Ok(ready) => match self.run(ready, scope, hooks, versions).await {
                Ok(snapshot) => snapshot,
                Err(errors) => Snapshot::once(Answer::refused(errors)),
            },
            Err(refused) => Snapshot::once(refused.clone()),
        }
    }

    /// Checks whether a caller may have the list of a document as a file; nothing is read of it.
    ///
    /// # Errors
    /// Those of the document and its variables; `BAD_USER_INPUT` when it is no list that can be
    /// a file; `FORBIDDEN` when the caller may not see all that it selects.
    pub async fn export(
        &self,
        request: &ExportRequest,
        scope: &Scope,
    ) -> Result<Export, Vec<ServerError>> {
        let mut operation = Request::new(&request.document).variables(request.variables.clone());
        operation.operation_name.clone_from(&request.operation);
        let ready = match self.prepare(operation).state {
            Ok(ready) => ready,
            Err(refused) => return Err(refused.errors),
        };
        let Inner { reader, limits, .. } = &*self.shared;
        let plan = ready.plan()?;
        let bound = bind_whole(&plan, &ready.variables, limits);
        let sizes = self.shared.sizes.get(reader).await;
        let most_rows = limits.page_size_max.into();
        let estimate = Estimate { bindings: &bound.bindings, sizes: &sizes, most_rows, scope };
        let cost = estimate.of(&plan, &bound.roots);
        let draft = Draft { plan, bound, cost };
        let chosen = request.columns.as_deref();
        Export::of(draft, chosen, reader.clone(), scope)
            .map_err(|(error, position)| vec![server_error(error, position)])
    }

    async fn run(
        &self,
        ready: &Ready,
        scope: &Scope,
        hooks: Option<&dyn Hooks>,
        versions: Option<&Versions>,
    ) -> Result<Snapshot, Vec<ServerError>> {
        let version = versions.map(|versions| versions.all);
        let Inner { reader, limits, .. } = &*self.shared;
        let plan = ready.plan()?;
        let BoundOperation { mut roots, bindings } = bind(&plan, &ready.variables, limits);
        // Of what changes without the version, a replica may have less than the caller has seen.
        let is_of_main = plan.kind == OperationType::Mutation || are_volatile(&plan, &roots);
        let of_lake = bindings.of_lake();
        if of_lake > MOST_OF_LAKE {
            let message = format!(
                "an operation may ask the lake for {MOST_OF_LAKE} lists at most, and this one asks \
                 for {of_lake}: split it"
            );
            let error = Error::new(Code::LakeLimit, message);
            return Err(vec![server_error(error, Pos::default())]);
        }
        // Answers of the lake are in the main database alone.
        let is_of_main = is_of_main || of_lake > 0;
        let reader = if is_of_main { reader.clone() } else { reader.at(version).await };
        let sizes = self.shared.sizes.get(&reader).await;
        let (reader, reads) = reader.noting();
        if of_lake > 0 {
            reads.note_all();
        }
        let most_rows = limits.page_size_max.into();
        let estimate = Estimate { bindings: &bindings, sizes: &sizes, most_rows, scope };
        let estimate = estimate.of(&plan, &roots);
        let cost = Cost { estimate, limit: limits.cost };
        cost.check().map_err(|error| vec![error])?;
        if let Some(hooks) = hooks {
            hooks.charge(estimate).map_err(|error| vec![error])?;
        }

        let budget = Budget::new(limits.values);
        let commands = self.commands.as_deref().filter(|_| plan.kind == OperationType::Mutation);
        let execution = Execution {
            reader: commands.map_or(&reader, |commands| &commands.reader),
            scope,
            budget: &budget,
            bindings: &bindings,
            hooks,
            reports: self.commands.as_ref().and_then(|commands| commands.reports.as_ref()),
            files: self,
            commands,
            lake: self.commands.as_ref().map(|commands| &commands.lake),
            columns: match (&self.columns, versions, commands) {
                (Some(copies), Some(seen), None) => Some(Columns { copies, seen, reads: &reads }),
                _ => None,
            },
        };
        // Boxed: whoever waits for an answer would hold it.
        let read = Box::pin(execution.read(&plan, &mut roots)).await;
        let mut data = plan.roots.iter().zip(&roots).zip(&read);
        let may_change =
            data.any(|((root, target), read)| subscription::may_change(root, target, read));
        // An answer for others must be of the version that they ask for.
        let is_volatile = are_volatile(&plan, &roots)
            || reads.is_unwatched()
            || !reader.is_still_at(version.as_ref()).await;
        // What a command did is read by another reader.
        let tables = if commands.is_some() { TableSet::ALL } else { reads.tables() };
        let (introspected, mut errors) = self.introspect(ready, &plan).await;
        let data = Writer::new(&bindings, scope, &budget).data(&plan, roots, &read, &introspected);
        errors.extend(data.errors);
        let is_last = !(data.is_complete && may_change);
        let (data, cost) = (Some(data.json), Some(cost));
        let answer = Answer { data, errors, cost, is_volatile, tables, ..Answer::default() };
        Ok(Snapshot { answer, is_last })
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
        let document = ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: ready.document.parsed().fragments.clone(),
        };
        let schema = self.shared.schema.get_or_init(|| schema::build(self.shared.form));
        introspect(schema, document, ready.variables.clone()).await
    }
}

fn are_volatile(plan: &Operation, roots: &[crate::error::Result<RootTarget>]) -> bool {
    plan.roots.iter().zip(roots).any(|(root, target)| is_volatile(root, target))
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

    /// Why it is not executed: errors of its document and its variables.
    #[must_use]
    pub fn refused(&self) -> Option<&[ServerError]> {
        self.state.as_ref().err().map(|answer| answer.errors.as_slice())
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
