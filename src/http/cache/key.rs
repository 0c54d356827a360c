//! What two requests must have in common to get the same response.

use async_graphql::Request as Operation;

use crate::auth::Scope;
use crate::http::request::media::MediaType;

/// Everything that a response depends on beside the data, as the request gives it: a cached
/// response is found without parsing.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CacheKey {
    pub(super) scope: Scope,
    pub(super) media_type: MediaType,
    pub(super) document: String,
    pub(super) operation_name: Option<String>,
    /// As JSON.
    pub(super) variables: Vec<u8>,
}

impl CacheKey {
    /// None for variables that JSON cannot express.
    pub(super) fn new(scope: Scope, media_type: MediaType, operation: &Operation) -> Option<Self> {
        Some(Self {
            scope,
            media_type,
            document: operation.query.clone(),
            operation_name: operation.operation_name.clone(),
            variables: serde_json::to_vec(&operation.variables).ok()?,
        })
    }

    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let name = self.operation_name.as_ref().map_or(0, String::len);
        self.document.len() + name + self.variables.len()
    }
}
