//! What the bytes of a file depend on.

use async_graphql::Variables;

use super::key::CacheKey;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::http::request::media::MediaType;
use crate::report::{CsvDialect, Encoding};

/// Everything that the bytes of a file depend on.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct FileKey<'a> {
    pub(in crate::http) version: DataVersion,
    pub(in crate::http) scope: &'a Scope,
    pub(in crate::http) document: &'a str,
    pub(in crate::http) operation: Option<&'a str>,
    pub(in crate::http) variables: &'a Variables,
    pub(in crate::http) encoding: Encoding,
}

impl FileKey<'_> {
    /// As that of a response. `None` for variables that JSON cannot express.
    pub(super) fn cache_key(&self) -> Option<CacheKey> {
        let Encoding { format, csv } = self.encoding;
        let CsvDialect { delimiter, decimal_separator, byte_order_mark } = csv;
        let format = format.extension();
        let mut variables = serde_json::to_vec(self.variables).ok()?;
        // JSON has no bytes of 0: what follows it is no part of the variables.
        variables.push(0);
        variables.extend_from_slice(format.as_bytes());
        variables.extend([0, delimiter, decimal_separator, u8::from(byte_order_mark)]);
        Some(CacheKey {
            scope: self.scope.clone(),
            media_type: MediaType::Json,
            document: self.document.to_owned(),
            operation_name: self.operation.map(str::to_owned),
            variables,
        })
    }
}
