//! `[mcp]`: the tools of assistants.

use ::http::Uri;

use super::jwt::{ISSUER, IssuerConfig, JwtConfig};
use super::key::ConfigKey;
use super::parse;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("mcp");

/// Whether there are any.
pub const ENABLED: ConfigKey = ConfigKey {
    name: "enabled",
    env: "MCP_ENABLED",
    default: Some("true"),
    doc: "whether assistants may use the data by the tools at `/mcp` (Model Context Protocol), with \
          the tokens and limits of the API; `http.only_trusted_documents` turns them off",
    ..SECTION
};

/// Bytes of a result.
pub const RESULT_BYTES: ConfigKey = ConfigKey {
    name: "result_bytes",
    env: "MCP_RESULT_BYTES",
    default: Some("64KiB"),
    doc: "the most bytes of the JSON of a tool's result, which an answer has twice; a larger one is \
          an error that says how to ask for less",
    ..SECTION
};

/// The address that clients know.
pub const URL: ConfigKey = ConfigKey {
    name: "url",
    env: "MCP_URL",
    doc: "the URL by which clients reach `/mcp`, as `https://api.example/mcp`; with it they are told \
          which issuers' tokens are accepted, so that they can ask for one by themselves; `jwt.issuer` \
          must be a URL then",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[ENABLED, RESULT_BYTES, URL];

/// The section's values.
#[derive(Debug, Clone)]
pub struct McpConfig {
    /// Whether assistants may use the data.
    pub enabled: bool,
    /// Most bytes of a tool's result.
    pub result_bytes: usize,
    /// The URL by which clients reach it.
    pub url: Option<Uri>,
}

impl McpConfig {
    pub(super) fn read(values: &Values, jwt: &JwtConfig) -> Result<Self> {
        let url = values.optional(&URL, url)?;
        if url.is_some() && !jwt.issuers.iter().any(IssuerConfig::is_at_url) {
            return Err(config_error(format!(
                "{} tells clients where they get tokens: set an {ISSUER} that is a URL, or leave \
                 it out",
                values.name(&URL)
            )));
        }
        Ok(Self {
            enabled: values.required(&ENABLED, parse::boolean)?,
            result_bytes: values.required(&RESULT_BYTES, parse::bytes(4 << 10..=16 << 20))?,
            url,
        })
    }
}

/// A URL of this path, as a protected resource has it: nothing but scheme, host and path.
fn url(text: &str) -> Result<Uri, String> {
    let url: Option<Uri> = text.trim().parse().ok();
    let is_whole = |url: &Uri| {
        let has_host = url.authority().is_some_and(|authority| {
            !authority.host().is_empty() && !authority.as_str().contains('@')
        });
        has_host
            && matches!(url.scheme_str(), Some("http" | "https"))
            && url.path().ends_with("/mcp")
            && url.query().is_none()
    };
    url.filter(is_whole).ok_or_else(|| {
        "expected a URL that ends with /mcp, such as https://api.example/mcp".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_that_of_the_tools() {
        for good in
            ["https://api.example/mcp", "http://localhost:8000/mcp", "https://a.example/x/mcp"]
        {
            assert!(url(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/mcp", "api.example/mcp", "https://api.example", "https://api.example/mcp/",
            "https://api.example/mcp?x=1", "https://user@api.example/mcp", "ftp://api.example/mcp",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
