//! What the operator decides about the tools of assistants.

use serde_json::{Value as Json, json};

use crate::auth::Grant;

/// Most bytes of a result unless the operator says otherwise.
const RESULT_BYTES: usize = 64 << 10;

/// How assistants use the data.
#[derive(Debug, Clone)]
pub struct McpOptions {
    /// Most bytes of the JSON of a result, which an answer has twice.
    pub result_bytes: usize,
    /// Where clients get tokens, if they are told.
    pub resource: Option<ProtectedResource>,
}

impl Default for McpOptions {
    fn default() -> Self {
        Self { result_bytes: RESULT_BYTES, resource: None }
    }
}

/// The tools as a resource that is protected by OAuth (RFC 9728).
#[derive(Debug, Clone)]
pub struct ProtectedResource {
    /// Its URL, by which clients reach it.
    pub url: String,
    /// The issuers whose tokens are accepted.
    pub issuers: Vec<String>,
    /// The scopes that they may give.
    pub scopes: Vec<String>,
}

impl ProtectedResource {
    /// What the tools can use of what tokens grant.
    pub const GRANTS: [Grant; 5] = [
        Grant::SalesRead,
        Grant::PersonsRead,
        Grant::ReportsRead,
        Grant::ReportsWrite,
        Grant::LoadsRead,
    ];

    /// Its metadata, which clients read before they have a token.
    pub(super) fn metadata(&self) -> Json {
        json!({
            "resource": self.url,
            "resource_name": "salesgraph",
            "authorization_servers": self.issuers,
            "scopes_supported": self.scopes,
            "bearer_methods_supported": ["header"],
        })
    }

    /// Where its metadata are: the path of its URL comes after the well-known one.
    pub(super) fn metadata_url(&self) -> String {
        let (origin, path) = self.split();
        format!("{origin}{WELL_KNOWN}{path}")
    }

    /// The path of that.
    pub(super) fn metadata_path(&self) -> String {
        format!("{WELL_KNOWN}{}", self.split().1)
    }

    /// Its origin and its path.
    fn split(&self) -> (&str, &str) {
        let after_scheme = self.url.find("://").map_or(0, |at| at + 3);
        let rest = self.url.get(after_scheme..).unwrap_or_default();
        let path = rest.find('/').map_or(self.url.len(), |at| after_scheme + at);
        self.url.split_at(path)
    }
}

/// The path of the metadata of a resource.
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_below_the_well_known_path_of_the_host() {
        for (url, expected) in [
            ("https://a.example/mcp", "https://a.example/.well-known/oauth-protected-resource/mcp"),
            (
                "https://a.example:8443/sales/mcp",
                "https://a.example:8443/.well-known/oauth-protected-resource/sales/mcp",
            ),
        ] {
            let (issuers, scopes) = (Vec::new(), Vec::new());
            let resource = ProtectedResource { url: url.to_owned(), issuers, scopes };
            assert_eq!(resource.metadata_url(), expected);
            assert!(expected.ends_with(&resource.metadata_path()), "{url}");
        }
    }
}
