//! What reports read: the lists of documents.

use async_graphql::{ServerError, Variables};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::engine::Engine;
use super::errors::code_of;
use super::execute::command::Files;
use super::export::{ExportColumn, ExportRequest, OpenOptions};
use super::saved_query::SavedQuery;
use crate::auth::Scope;
use crate::error::{Code, Error, Result};
use crate::report::{Encoded, Encoding, ReportColumn, ReportQuery, RowSource};

impl Files for Engine {
    fn check<'a>(&'a self, query: &'a ReportQuery, scope: &'a Scope) -> BoxFuture<'a, Result<()>> {
        async move { self.export(&export_of(query), scope).await.map(drop).map_err(first) }.boxed()
    }

    fn check_saved<'a>(
        &'a self,
        document: &'a str,
        operation: Option<&'a str>,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<()>> {
        async move {
            let (document, operation) = (document.to_owned(), operation.map(str::to_owned));
            let query = SavedQuery { document, operation };
            Self::check_saved(self, &query, scope).map_err(first)
        }
        .boxed()
    }
}

impl RowSource for Engine {
    fn open<'a>(
        &'a self,
        query: &'a ReportQuery,
        scope: &'a Scope,
        encoding: Encoding,
    ) -> BoxFuture<'a, Result<Encoded>> {
        async move {
            let export = self.export(&export_of(query), scope).await.map_err(first)?;
            // A report may take as long as its rows do.
            export.open(encoding, OpenOptions { time_limit: None }).await
        }
        .boxed()
    }
}

fn export_of(query: &ReportQuery) -> ExportRequest {
    let columns = query.columns.as_ref().map(|columns| {
        let column = |ReportColumn { name, path }: &ReportColumn| ExportColumn {
            name: name.clone(),
            path: path.clone(),
        };
        columns.iter().map(column).collect()
    });
    ExportRequest {
        document: query.document.clone(),
        operation: query.operation.clone(),
        variables: Variables::from_json(Value::Object(query.variables.clone())),
        columns,
    }
}

/// The first of the errors of a document, which is refused as a whole.
fn first(errors: Vec<ServerError>) -> Error {
    let Some(error) = errors.into_iter().next() else {
        return Error::internal("a document is refused without an error");
    };
    let code = match code_of(&error) {
        Some(code) if code == Code::Forbidden.as_str() => Code::Forbidden,
        Some(code) if code == Code::Unavailable.as_str() => Code::Unavailable,
        Some(code) if code == Code::Timeout.as_str() => Code::Timeout,
        Some(code) if code == Code::Internal.as_str() => Code::Internal,
        _ => Code::BadUserInput,
    };
    Error::new(code, error.message)
}
