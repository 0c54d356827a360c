//! What two requests must have in common to get the same answer.

use async_graphql::Request as Operation;

use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::http::request::media::Form;

/// All of a request that its answer depends on, as it was given: nothing is parsed
/// to find an answer that is there.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(in crate::http) struct Key {
    pub(in crate::http) version: DataVersion,
    pub(in crate::http) scope: Scope,
    pub(in crate::http) form: Form,
    pub(in crate::http) document: String,
    pub(in crate::http) operation: Option<String>,
    /// As JSON.
    pub(in crate::http) variables: Vec<u8>,
}

impl Key {
    /// None for variables that have no JSON form; JSON's own have.
    pub(in crate::http) fn new(
        version: DataVersion,
        scope: Scope,
        form: Form,
        operation: &Operation,
    ) -> Option<Self> {
        Some(Self {
            version,
            scope,
            form,
            document: operation.query.clone(),
            operation: operation.operation_name.clone(),
            variables: serde_json::to_vec(&operation.variables).ok()?,
        })
    }

    /// Bytes of its texts.
    pub(super) fn bytes(&self) -> usize {
        let operation = self.operation.as_ref().map_or(0, String::len);
        self.document.len() + operation + self.variables.len()
    }
}
