//! Resolves the document of a request: the text in it, or one it refers to by id or
//! hash.

mod persisted;
pub(super) mod trusted;

use std::sync::Arc;

use async_graphql::Request as Operation;

use super::observation::other;
use super::request::parameters::Parameters;
use super::response::rejection::Rejection;
use crate::telemetry::metrics::OperationMetrics;
use persisted::{Hash, PersistedDocuments, from_hex, hash_of};
use trusted::{SHA256, TrustedDocument, TrustedDocuments};

/// The documents that requests may refer to.
#[derive(Debug)]
pub struct Documents {
    persisted: PersistedDocuments,
    trusted: TrustedDocuments,
    only_trusted: bool,
}

/// A request with its document.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) operation: Operation,
    /// Whether the request refers to its document by hash or id: the response to a
    /// GET is then cacheable by its URL.
    pub(super) by_reference: bool,
    /// Those of its operation if the document is trusted, which makes its name one of few.
    pub(super) metrics: &'static OperationMetrics,
}

/// How a request refers to its document.
#[derive(Debug)]
struct Reference {
    id: String,
    hash: Option<Hash>,
    /// Whether it is an automatic persisted query.
    is_automatic: bool,
}

impl Documents {
    /// Stores up to `persisted_bytes` of the documents that clients send with their
    /// hash (0 stores none), besides those that are trusted. If `only_trusted`, other
    /// documents are rejected.
    #[must_use]
    pub fn new(persisted_bytes: usize, trusted: TrustedDocuments, only_trusted: bool) -> Self {
        Self { persisted: PersistedDocuments::new(persisted_bytes), trusted, only_trusted }
    }

    /// Whether untrusted documents are executed.
    pub(super) const fn accept_untrusted(&self) -> bool {
        !self.only_trusted
    }

    /// Finds the document of a request, and stores it if it was sent with its hash.
    pub(super) fn resolve(&self, mut parameters: Parameters) -> Result<Resolved, Rejection> {
        let reference = Reference::of(&mut parameters)?;
        let query = parameters.query.take();
        let by_reference = reference.is_some();
        let (text, trusted) = self.text(reference, query)?;
        let operation = parameters.into_operation(text);
        let name = operation.operation_name.as_deref();
        let metrics = trusted.map_or_else(other, |trusted| trusted.metrics(name));
        Ok(Resolved { operation, by_reference, metrics })
    }

    /// The text, and the trusted document that it is known to be.
    fn text(
        &self,
        reference: Option<Reference>,
        query: Option<String>,
    ) -> Result<(String, Option<&TrustedDocument>), Rejection> {
        let trusted = reference.as_ref().and_then(|it| self.trusted.get(&it.id, it.hash.as_ref()));
        match (trusted, reference, query) {
            (Some(document), _, None) => Ok((document.text.clone(), trusted)),
            (Some(document), _, Some(query)) if document.text == query => Ok((query, trusted)),
            (None, Some(Reference { hash: Some(hash), .. }), Some(query))
                if hash == hash_of(&query) =>
            {
                let trusted = self.require_trust(&query)?;
                self.persisted.put(hash, &query);
                Ok((query, trusted))
            }
            (_, Some(reference), Some(_)) => Err(Rejection::bad_request(format!(
                "{} does not match the document in the parameter query",
                reference.parameter()
            ))),
            (None, None, Some(query)) => {
                let trusted = self.require_trust(&query)?;
                Ok((query, trusted))
            }
            (None, Some(reference), None) => {
                if self.only_trusted {
                    return Err(Rejection::not_trusted());
                }
                let document = reference.hash.and_then(|hash| self.persisted.get(&hash));
                let document = document.ok_or_else(|| self.not_found(&reference))?;
                Ok((Arc::as_ref(&document).to_owned(), None))
            }
            (_, None, None) => Err(Rejection::bad_request(
                "the request has no document: send the parameter query or documentId",
            )),
            (Some(_), None, Some(_)) => Err(Rejection::not_trusted()),
        }
    }

    /// Fails if only trusted documents are executed and this is none; gives it if it is one. Where
    /// others are executed, too, it is not looked for.
    fn require_trust(&self, query: &str) -> Result<Option<&TrustedDocument>, Rejection> {
        if !self.only_trusted {
            return Ok(None);
        }
        self.trusted.find(query).map(Some).ok_or_else(Rejection::not_trusted)
    }

    fn not_found(&self, reference: &Reference) -> Rejection {
        match (reference.is_automatic, self.persisted.is_off()) {
            (true, true) => Rejection::persisted_query_not_supported(),
            (true, false) => Rejection::persisted_query_not_found(),
            (false, _) => Rejection::not_found("documentId: no document has this id"),
        }
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new(8 << 20, TrustedDocuments::default(), false)
    }
}

impl Reference {
    fn of(parameters: &mut Parameters) -> Result<Option<Self>, Rejection> {
        let persisted = parameters.persisted_query()?;
        match (parameters.document_id.take(), persisted) {
            (None, None) => Ok(None),
            (Some(id), None) => Self::of_id(id).map(Some),
            (None, Some(id)) => Ok(Some(Self { hash: from_hex(&id), id, is_automatic: true })),
            (Some(_), Some(_)) => {
                let message = "send documentId or extensions.persistedQuery, not both";
                Err(Rejection::bad_request(message))
            }
        }
    }

    fn of_id(id: String) -> Result<Self, Rejection> {
        let hash = match id.split_once(':') {
            None => None,
            Some(("sha256", hex)) => Some(from_hex(hex).ok_or_else(|| {
                let message =
                    "documentId: expected 64 hexadecimal digits in lower case after sha256:";
                Rejection::bad_request(message)
            })?),
            Some((prefix, _)) if prefix.starts_with("x-") => None,
            Some(_) => {
                let message = "documentId: only the prefixes sha256: and x-…: are supported";
                return Err(Rejection::bad_request(message));
            }
        };
        let id = id.strip_prefix(SHA256).map(str::to_owned).unwrap_or(id);
        Ok(Self { id, hash, is_automatic: false })
    }

    const fn parameter(&self) -> &'static str {
        if self.is_automatic { "extensions.persistedQuery.sha256Hash" } else { "documentId" }
    }
}
