//! Trusted documents, read from a manifest that the build of a client writes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::persisted::{Hash, hash_of};
use crate::error::{Code, Error, Result};
use crate::graphql::operation_names;
use crate::http::observation::other;
use crate::telemetry::metrics::{OTHER, OperationMetrics, operation};

/// The format of the manifest of Apollo's tools.
const APOLLO: &str = "apollo-persisted-query-manifest";
/// The prefix of ids that are hashes.
pub(super) const SHA256: &str = "sha256:";

/// Documents by their ids and their hashes.
#[derive(Debug, Default)]
pub struct TrustedDocuments {
    by_id: HashMap<String, Arc<TrustedDocument>>,
    by_hash: HashMap<Hash, Arc<TrustedDocument>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct TrustedDocument {
    pub(super) text: String,
    /// Of each of its operations.
    operations: Vec<&'static OperationMetrics>,
}

impl TrustedDocument {
    fn new(text: &str) -> Self {
        let names = operation_names(text);
        let operations = names.iter().map(|name| operation(name.as_deref().unwrap_or(OTHER)));
        Self { text: text.to_owned(), operations: operations.collect() }
    }

    /// The metrics of its operation of this name, or of its only one.
    pub(super) fn metrics(&self, name: Option<&str>) -> &'static OperationMetrics {
        let mut all = self.operations.iter().copied();
        let found = match name {
            Some(name) => all.find(|operation| operation.name == name),
            None => all.next().filter(|_| self.operations.len() == 1),
        };
        found.unwrap_or_else(other)
    }
}

impl TrustedDocuments {
    /// Reads a manifest: `{"id": "document"}`, as relay-compiler writes it, or that of
    /// Apollo's tools.
    ///
    /// # Errors
    /// `CONFIG` with the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |problem: &str| {
            let message = format!("http.trusted_documents: {} {problem}", path.display());
            Error::new(Code::Config, message)
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| failed("cannot be read").with_source(error))?;
        Self::parse(&text).map_err(|problem| failed(&problem))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let manifest: Map<String, Json> =
            serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))?;
        let mut trusted = Self::default();
        match manifest.get("operations").and_then(Json::as_array) {
            Some(operations) if manifest.get("format") == Some(&Json::from(APOLLO)) => {
                if manifest.get("version") != Some(&Json::from(1)) {
                    return Err(format!("is not version 1 of {APOLLO}"));
                }
                for operation in operations {
                    let text = |name: &str| operation.get(name).and_then(Json::as_str);
                    let (Some(id), Some(body)) = (text("id"), text("body")) else {
                        return Err("has an operation without id or body".to_owned());
                    };
                    trusted.add(id, body)?;
                }
            }
            _ => {
                for (id, document) in &manifest {
                    let Some(document) = document.as_str() else {
                        return Err(format!("has no string for {id:?}"));
                    };
                    trusted.add(id, document)?;
                }
            }
        }
        Ok(trusted)
    }

    fn add(&mut self, id: &str, document: &str) -> Result<(), String> {
        let document = Arc::new(TrustedDocument::new(document));
        self.by_hash.insert(hash_of(&document.text), Arc::clone(&document));
        let id = id.strip_prefix(SHA256).unwrap_or(id);
        match self.by_id.insert(id.to_owned(), Arc::clone(&document)) {
            Some(other) if other.text != document.text => {
                Err(format!("has two documents for {id:?}"))
            }
            _ => Ok(()),
        }
    }

    /// The document with an id or a hash.
    pub(super) fn get(&self, id: &str, hash: Option<&Hash>) -> Option<&TrustedDocument> {
        self.by_id.get(id).or_else(|| self.by_hash.get(hash?)).map(Arc::as_ref)
    }

    /// The document with this text.
    pub(super) fn find(&self, text: &str) -> Option<&TrustedDocument> {
        self.by_hash.get(&hash_of(text)).map(Arc::as_ref)
    }

    /// The number of documents.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_hash.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read() {
        let relay = r#"{"4a6b": "{ a }", "sha256:38": "{ b }"}"#;
        let apollo = r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations":
            [{"id": "4a6b", "name": "A", "type": "query", "body": "{ a }"},
             {"id": "38", "body": "{ b }"}]}"#;
        for manifest in [relay, apollo] {
            let trusted = TrustedDocuments::parse(manifest).unwrap();
            assert_eq!(trusted.count(), 2);
            let text = |id, hash| trusted.get(id, hash).map(|document| document.text.as_str());
            assert_eq!(text("4a6b", None), Some("{ a }"));
            assert_eq!(text("38", None), Some("{ b }"));
            let hash = hash_of("{ b }");
            assert_eq!(text("none", Some(&hash)), Some("{ b }"));
            assert!(trusted.get("none", None).is_none());
            assert!(trusted.find("{ a }").is_some() && trusted.find("{ a  }").is_none());
        }
    }

    #[test]
    fn metrics_are_of_the_named_operation() {
        let document = TrustedDocument::new("query First { a } query Second { b }");
        assert_eq!(document.metrics(Some("Second")).name, "Second");
        assert_eq!(document.metrics(None).name, OTHER, "there are two");
        assert_eq!(document.metrics(Some("Third")).name, OTHER);
        assert_eq!(TrustedDocument::new("query Only { a }").metrics(None).name, "Only");
        assert_eq!(TrustedDocument::new("{ a }").metrics(None).name, OTHER, "it has no name");
        assert_eq!(TrustedDocument::new("{").metrics(None).name, OTHER, "it is no document");
    }

    #[test]
    fn an_invalid_manifest_is_rejected_with_the_reason() {
        for (manifest, problem) in [
            ("[]", "not a JSON object"),
            (r#"{"a": 1}"#, "no string for \"a\""),
            (r#"{"a": "{ a }", "sha256:a": "{ b }"}"#, "two documents for \"a\""),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#,
                "version 1",
            ),
            (
                r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{}]}"#,
                "without id or body",
            ),
        ] {
            let error = TrustedDocuments::parse(manifest).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        let error = TrustedDocuments::read(Path::new("/no/such.json")).unwrap_err();
        assert!(error.message().contains("http.trusted_documents: /no/such.json"), "{error}");
    }
}
