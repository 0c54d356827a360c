//! The tools: what each is called, takes and answers, and who may use it.

mod dimensions;
mod load_status;
mod measures;
mod request_report;
mod run_query;
mod sales_aggregate;
mod sales_filter;
mod schema;
mod search_schema;

use std::sync::LazyLock;

use rmcp::model::{Tool as Definition, ToolAnnotations};
use serde_json::{Map, Value as Json};

use super::desk::Desk;
use super::outcome::Outcome;
use crate::auth::{Grant, Scope};
use crate::telemetry::metrics::{OperationMetrics, operation};

/// A tool of assistants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    SearchSchema,
    RunQuery,
    SalesAggregate,
    RequestReport,
    LoadStatus,
}

impl Tool {
    /// In the order in which they are listed.
    pub(super) const ALL: [Self; 5] = [
        Self::SalesAggregate,
        Self::SearchSchema,
        Self::RunQuery,
        Self::RequestReport,
        Self::LoadStatus,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SearchSchema => "search_schema",
            Self::RunQuery => "run_query",
            Self::SalesAggregate => "sales_aggregate",
            Self::RequestReport => "request_report",
            Self::LoadStatus => "load_status",
        }
    }

    /// Makes what they are listed as, so that no call waits for it.
    pub(super) fn prepare() {
        for tool in Self::ALL {
            tool.definition();
        }
    }

    /// The tool of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether a caller has any use for it: the others are not listed. Each call decides anew.
    pub(super) fn is_usable(self, scope: &Scope, tells_schema: bool) -> bool {
        let has = |grants: &[Grant]| grants.iter().all(|grant| scope.allows(*grant));
        match self {
            Self::SearchSchema => tells_schema,
            Self::RunQuery => true,
            Self::SalesAggregate => has(&[Grant::SalesRead]),
            Self::RequestReport => has(&[Grant::ReportsWrite, Grant::ReportsRead]),
            Self::LoadStatus => has(&[Grant::LoadsRead]),
        }
    }

    /// As it is listed.
    pub(super) fn definition(self) -> &'static Definition {
        static DEFINITIONS: LazyLock<[Definition; 5]> = LazyLock::new(|| Tool::ALL.map(define));
        let [sales_aggregate, search_schema, run_query, request_report, load_status] =
            &*DEFINITIONS;
        match self {
            Self::SearchSchema => search_schema,
            Self::RunQuery => run_query,
            Self::SalesAggregate => sales_aggregate,
            Self::RequestReport => request_report,
            Self::LoadStatus => load_status,
        }
    }

    /// What is counted of it.
    fn metrics(self) -> &'static OperationMetrics {
        static METRICS: LazyLock<[&OperationMetrics; 5]> =
            LazyLock::new(|| Tool::ALL.map(|tool| operation(&format!("mcp/{}", tool.name()))));
        let place = Self::ALL.iter().position(|tool| *tool == self);
        let found = place.and_then(|place| METRICS.get(place));
        found.copied().unwrap_or_else(|| operation("mcp"))
    }
}

/// Calls a tool.
pub(super) async fn call(tool: Tool, arguments: Map<String, Json>, desk: Desk<'_>) -> Outcome {
    desk.meter.observation.is_operation(tool.metrics());
    let outcome = match tool {
        Tool::SearchSchema => Box::pin(search_schema::call(arguments, desk)).await,
        Tool::RunQuery => Box::pin(run_query::call(arguments, desk)).await,
        Tool::SalesAggregate => Box::pin(sales_aggregate::call(arguments, desk)).await,
        Tool::RequestReport => Box::pin(request_report::call(arguments, desk)).await,
        Tool::LoadStatus => Box::pin(load_status::call(arguments, desk)).await,
    };
    let outcome = outcome.unwrap_or_else(|failed| failed);
    // As a wrong document: else a caller could send wrong calls without end.
    match outcome.is_free().then(|| desk.charge_least()) {
        Some(Err(used_up)) => used_up,
        _ => outcome,
    }
}

fn define(tool: Tool) -> Definition {
    let (title, description, input, output) = match tool {
        Tool::SearchSchema => search_schema::describe(),
        Tool::RunQuery => run_query::describe(),
        Tool::SalesAggregate => sales_aggregate::describe(),
        Tool::RequestReport => request_report::describe(),
        Tool::LoadStatus => load_status::describe(),
    };
    let changes = tool == Tool::RequestReport;
    let hints = ToolAnnotations::with_title(title)
        .read_only(!changes)
        .destructive(false)
        .idempotent(!changes)
        .open_world(false);
    Definition::new(tool.name(), description, object(input))
        .with_title(title)
        .with_raw_output_schema(object(output).into())
        .with_annotations(hints)
}

fn object(schema: Json) -> Map<String, Json> {
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}
