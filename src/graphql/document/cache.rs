//! The documents that were parsed, kept for the next request that sends the same.

use std::sync::Arc;

use async_graphql::ServerError;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::limits::Limits;
use crate::graphql::document::Document;

/// Most bytes that are kept, as documents estimate themselves.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// About how many documents that is.
const ABOUT: usize = 500;

/// Parsed documents by their text, bounded; the least used go first.
pub(crate) struct Documents(Cache<String, Arc<Document>, Bytes>);

#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<String, Arc<Document>> for Bytes {
    fn weight(&self, text: &String, document: &Arc<Document>) -> u64 {
        u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(document.bytes())
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self(Cache::with_weighter(ABOUT, MOST_BYTES, Bytes))
    }
}

impl Documents {
    /// The document of this text.
    ///
    /// # Errors
    /// What is wrong with it, or too much.
    pub(crate) fn get(&self, text: String, limits: &Limits) -> Result<Arc<Document>, ServerError> {
        if let Some(document) = self.0.get(&text) {
            return Ok(document);
        }
        let document = Arc::new(Document::parse(&text, limits)?);
        self.0.insert(text, Arc::clone(&document));
        Ok(document)
    }
}
