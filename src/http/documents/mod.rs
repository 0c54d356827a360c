//! Which document a request means: the text in it, or one it names.

mod persisted;
pub(super) mod trusted;

use std::sync::Arc;

use async_graphql::Request as Operation;

use super::request::parameters::Parameters;
use super::response::rejection::Refused;
use persisted::{Hash, Persisted, from_hex, hash_of};
use trusted::{SHA256, Trusted};

/// The documents that requests may name.
#[derive(Debug)]
pub struct Documents {
    persisted: Persisted,
    trusted: Trusted,
    only_trusted: bool,
}

/// A request with its document.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    /// Whether the request names its document by a hash or an id: by GET, its URL
    /// then stands for an answer that can be cached.
    pub(super) is_named: bool,
}

/// What a request calls its document.
#[derive(Debug)]
struct Name {
    id: String,
    hash: Option<Hash>,
    /// Whether it is asked by the protocol of automatic persisted queries.
    is_automatic: bool,
}

impl Documents {
    /// Keeps up to `persisted_bytes` of the documents that clients send with their
    /// hash (0 keeps none), and knows those that are trusted; these alone are
    /// executed if `only_trusted`.
    #[must_use]
    pub fn new(persisted_bytes: usize, trusted: Trusted, only_trusted: bool) -> Self {
        Self { persisted: Persisted::new(persisted_bytes), trusted, only_trusted }
    }

    /// Whether documents are executed that are not trusted.
    pub(super) const fn are_open(&self) -> bool {
        !self.only_trusted
    }

    /// Finds the document of a request, and keeps it if it came with its hash.
    pub(super) fn find(&self, mut parameters: Parameters) -> Result<Asked, Refused> {
        let name = Name::of(&mut parameters)?;
        let query = parameters.query.take();
        let is_named = name.is_some();
        let text = self.text(name, query)?;
        Ok(Asked { operation: parameters.into_operation(text), is_named })
    }

    fn text(&self, name: Option<Name>, query: Option<String>) -> Result<String, Refused> {
        let trusted =
            name.as_ref().and_then(|name| self.trusted.find(&name.id, name.hash.as_ref()));
        match (trusted, name, query) {
            (Some(document), _, None) => Ok(document.as_ref().to_owned()),
            (Some(document), _, Some(query)) if **document == *query => Ok(query),
            (None, Some(Name { hash: Some(hash), .. }), Some(query)) if hash == hash_of(&query) => {
                self.require_trust(&query)?;
                self.persisted.put(hash, &query);
                Ok(query)
            }
            (_, Some(name), Some(_)) => Err(Refused::bad_request(format!(
                "{}: this is not the document in the parameter query",
                name.parameter()
            ))),
            (None, None, Some(query)) => {
                self.require_trust(&query)?;
                Ok(query)
            }
            (None, Some(name), None) => {
                if self.only_trusted {
                    return Err(Refused::not_trusted());
                }
                let document = name.hash.and_then(|hash| self.persisted.get(&hash));
                let document = document.ok_or_else(|| self.unknown(&name))?;
                Ok(Arc::as_ref(&document).to_owned())
            }
            (_, None, None) => Err(Refused::bad_request(
                "there is no document: give the parameter query, or name one by documentId",
            )),
            (Some(_), None, Some(_)) => Err(Refused::not_trusted()),
        }
    }

    fn require_trust(&self, query: &str) -> Result<(), Refused> {
        if self.only_trusted && !self.trusted.has(query) {
            Err(Refused::not_trusted())
        } else {
            Ok(())
        }
    }

    fn unknown(&self, name: &Name) -> Refused {
        match (name.is_automatic, self.persisted.is_off()) {
            (true, true) => Refused::automatic_not_supported(),
            (true, false) => Refused::automatic_not_found(),
            (false, _) => Refused::not_found("documentId: there is no document of this id"),
        }
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new(8 << 20, Trusted::default(), false)
    }
}

impl Name {
    fn of(parameters: &mut Parameters) -> Result<Option<Self>, Refused> {
        let persisted = parameters.persisted_query()?;
        match (parameters.document_id.take(), persisted) {
            (None, None) => Ok(None),
            (Some(id), None) => Self::of_id(id).map(Some),
            (None, Some(id)) => Ok(Some(Self { hash: from_hex(&id), id, is_automatic: true })),
            (Some(_), Some(_)) => {
                let message =
                    "name the document by documentId or extensions.persistedQuery, not both";
                Err(Refused::bad_request(message))
            }
        }
    }

    fn of_id(id: String) -> Result<Self, Refused> {
        let hash = match id.split_once(':') {
            None => None,
            Some(("sha256", hex)) => Some(from_hex(hex).ok_or_else(|| {
                let message =
                    "documentId: sha256: is followed by 64 hexadecimal digits in lower case";
                Refused::bad_request(message)
            })?),
            Some((prefix, _)) if prefix.starts_with("x-") => None,
            Some(_) => {
                let message = "documentId: only the prefixes sha256: and x-…: are known";
                return Err(Refused::bad_request(message));
            }
        };
        let id = id.strip_prefix(SHA256).map(str::to_owned).unwrap_or(id);
        Ok(Self { id, hash, is_automatic: false })
    }

    const fn parameter(&self) -> &'static str {
        if self.is_automatic { "extensions.persistedQuery.sha256Hash" } else { "documentId" }
    }
}
