//! The parameters of a request, by GET or POST.

use async_graphql::{Request as Operation, Variables};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Query;
use axum::http::Uri;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::http::response::rejection::Rejection;

/// The parameters of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Parameters {
    pub(in crate::http) query: Option<String>,
    pub(in crate::http) document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Json>>,
    extensions: Option<Map<String, Json>>,
}

/// The parameters in a query string, where maps are JSON texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UriParameters {
    query: Option<String>,
    document_id: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl Parameters {
    pub(in crate::http) fn from_uri(uri: &Uri) -> Result<Self, Rejection> {
        let Query(parameters) = Query::<UriParameters>::try_from_uri(uri).map_err(|error| {
            Rejection::bad_request(format!("the query string is invalid: {error}"))
        })?;
        let map = |name: &str, text: Option<String>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                Rejection::bad_request(format!("{name} is not a JSON object: {error}"))
            }),
        };
        Ok(Self {
            query: parameters.query,
            document_id: parameters.document_id,
            operation_name: parameters.operation_name,
            variables: map("variables", parameters.variables)?,
            extensions: map("extensions", parameters.extensions)?,
        })
    }

    pub(in crate::http) fn from_json(body: &[u8]) -> Result<Self, Rejection> {
        serde_json::from_slice(body).map_err(|error| {
            Rejection::bad_request(format!("the body is not a GraphQL request: {error}"))
        })
    }

    /// The hash in `extensions.persistedQuery`, by which Apollo's clients refer to a
    /// document.
    pub(in crate::http) fn persisted_query(&self) -> Result<Option<String>, Rejection> {
        let extensions = self.extensions.as_ref();
        let persisted = match extensions.and_then(|extensions| extensions.get("persistedQuery")) {
            None | Some(Json::Null) => return Ok(None),
            Some(persisted) => persisted,
        };
        if persisted.get("version") != Some(&Json::from(1)) {
            let message = "extensions.persistedQuery.version: only version 1 is supported";
            return Err(Rejection::bad_request(message));
        }
        match persisted.get("sha256Hash").and_then(Json::as_str) {
            Some(hash) => Ok(Some(hash.to_owned())),
            None => {
                let message = "extensions.persistedQuery.sha256Hash: expected a string";
                Err(Rejection::bad_request(message))
            }
        }
    }

    /// The request with its document.
    pub(in crate::http) fn into_operation(self, document: String) -> Operation {
        let mut operation = Operation::new(document);
        operation.operation_name = self.operation_name.filter(|name| !name.is_empty());
        if let Some(variables) = self.variables {
            operation.variables = Variables::from_json(Json::Object(variables));
        }
        operation
    }
}

/// The whole body, of at most `limit` bytes.
pub(in crate::http) async fn read(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    to_bytes(body, limit).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            Rejection::body_too_large(limit)
        } else {
            Rejection::bad_request("the body is incomplete")
        }
    })
}
