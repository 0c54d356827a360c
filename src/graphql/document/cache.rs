//! Parsed documents, cached by their text.

use std::sync::Arc;

use async_graphql::ServerError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::config::DocumentLimits;
use crate::graphql::document::Document;
use crate::graphql::schema::form::Form;
use crate::graphql::validate::types::Types;

/// Most bytes in the cache, by the documents' own estimates.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The expected number of documents.
const EXPECTED: usize = 500;

/// Parsed documents by their text, bounded; the least used are evicted.
pub(crate) struct DocumentCache {
    documents: Cache<String, Arc<Document>, Bytes>,
    /// What the schema of all of them is.
    form: Form,
}

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Arc<Document>> for Bytes {
    fn weight(&self, text: &String, document: &Arc<Document>) -> u64 {
        u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(document.bytes())
    }
}

impl DocumentCache {
    /// An empty one, for documents of a schema of this form.
    pub(crate) fn new(form: Form) -> Self {
        Self { documents: Cache::with_weighter(EXPECTED, MAX_BYTES, Bytes), form }
    }

    /// The document of this text.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub(crate) fn get(
        &self,
        text: String,
        limits: &DocumentLimits,
        types: &Types,
    ) -> Result<Arc<Document>, Vec<ServerError>> {
        if let Some(document) = self.documents.get(&text) {
            return Ok(document);
        }
        let document = Arc::new(Document::parse(&text, limits, types, self.form)?);
        self.documents.insert(text, Arc::clone(&document));
        Ok(document)
    }
}
