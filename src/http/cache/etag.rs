//! Strong entity tags, computed before execution: a client that has the response
//! gets a 304 without it.

use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::key::CacheKey;
use crate::auth::Scope;
use crate::graphql;
use crate::http::request::media::{MediaType, elements};

/// Bytes of the digest in a tag.
const TAG_BYTES: usize = 18;

/// The tag of the response to this key; the same on every node of the same release
/// with the same settings.
pub(super) fn tag(key: &CacheKey, settings: &str) -> Option<HeaderValue> {
    /// Another release may respond differently, at least where its schema differs.
    static RELEASE: LazyLock<Sha256> = LazyLock::new(|| {
        let mut release = Sha256::new();
        add(&mut release, env!("CARGO_PKG_VERSION").as_bytes());
        add(&mut release, graphql::sdl().as_bytes());
        release
    });
    let mut digest = RELEASE.clone();
    digest.update(key.version.version.to_be_bytes());
    digest.update(key.version.as_of.timestamp_micros().to_be_bytes());
    add_scope(&mut digest, &key.scope);
    let media_type = match key.media_type {
        MediaType::Json => "json",
        MediaType::GraphqlResponse => "response",
    };
    for part in [settings, media_type, &key.document] {
        add(&mut digest, part.as_bytes());
    }
    digest.update([u8::from(key.operation_name.is_some())]);
    add(&mut digest, key.operation_name.as_deref().unwrap_or_default().as_bytes());
    add(&mut digest, &key.variables);
    let digest = digest.finalize();
    let tag = URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES)?);
    HeaderValue::try_from(format!("\"{tag}\"")).ok()
}

/// Everything in which scopes differ.
fn add_scope(digest: &mut Sha256, scope: &Scope) {
    digest.update([u8::from(scope.org().is_some()), u8::from(scope.territories().is_some())]);
    add(digest, scope.org().unwrap_or_default().as_bytes());
    add(digest, scope.grants().to_string().as_bytes());
    let territories: Vec<u8> =
        scope.territories().unwrap_or_default().iter().flat_map(|id| id.to_be_bytes()).collect();
    add(digest, &territories);
}

/// With its length, so that different lists of parts have different digests.
fn add(digest: &mut Sha256, part: &[u8]) {
    digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(part);
}

/// The tag in `If-None-Match` that is this one, of whatever content coding. Weak
/// tags match, too: a proxy that compresses a response makes a strong tag weak.
pub(in crate::http) fn matching(headers: &HeaderMap, tag: &HeaderValue) -> Option<HeaderValue> {
    let open = tag.to_str().ok()?.strip_suffix('"')?;
    elements(headers, &IF_NONE_MATCH).find_map(|listed| {
        if listed == "*" {
            return Some(tag.clone());
        }
        let listed = listed.strip_prefix("W/").unwrap_or(listed);
        let coding = listed.strip_suffix('"')?.strip_prefix(open)?;
        let is_match = coding.is_empty() || CODINGS.contains(&coding);
        HeaderValue::try_from(listed).ok().filter(|_| is_match)
    })
}

/// The suffixes of the tags of compressed responses.
const CODINGS: [&str; 2] = ["-gzip", "-br"];

/// Gives a compressed response its own tag: a strong tag identifies the bytes.
pub(in crate::http) async fn with_coding(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let (Some(coding), Some(tag)) = (text(CONTENT_ENCODING), text(ETAG))
        && let Some(open) = tag.strip_suffix('"')
        && let Ok(tag) = HeaderValue::try_from(format!("{open}-{coding}\""))
    {
        headers.insert(ETAG, tag);
    }
    response
}
