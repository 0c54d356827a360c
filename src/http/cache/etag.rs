//! Strong entity tags, computed before execution: a client that has the response
//! gets a 304 without it.

use std::convert::Infallible;
use std::future::ready;
use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use sha2::{Digest, Sha256};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::compression::CompressionLayer;

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
    digest.update(key.version.unwatched.to_be_bytes());
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

/// The settings where the schema is this one, and not that of the API.
pub(super) fn with_schema(settings: &str, sdl: &str) -> String {
    format!("{settings} schema {}", URL_SAFE_NO_PAD.encode(Sha256::digest(sdl)))
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

/// The tag in `If-None-Match` that the response would have: this one, or that of the coding
/// that the client would get. Weak tags match, too: a proxy that compresses a response makes a
/// strong tag weak. `*` does not: it does not tell what the client has.
pub(in crate::http) fn matching(headers: &HeaderMap, tag: &HeaderValue) -> Option<HeaderValue> {
    let open = tag.to_str().ok()?.strip_suffix('"')?;
    let of_coding = format!("{open}-{}\"", negotiated(headers));
    elements(headers, &IF_NONE_MATCH).find_map(|listed| {
        let listed = listed.strip_prefix("W/").unwrap_or(listed);
        let is_match = listed == of_coding || tag == listed;
        HeaderValue::try_from(listed).ok().filter(|_| is_match)
    })
}

/// Of a response that the client could have had compressed.
const IDENTITY: &str = "identity";
const CODINGS: [&str; 3] = [IDENTITY, "gzip", "br"];

/// The coding in which a client gets what can be compressed, as the layer that compresses
/// chooses it.
fn negotiated(headers: &HeaderMap) -> &'static str {
    let body = |_| ready(Ok::<_, Infallible>(Response::new(Body::from("x"))));
    let service = CompressionLayer::new()
        .compress_when(|_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true)
        .layer(service_fn(body));
    let mut request = Request::new(Body::empty());
    for accepted in headers.get_all(ACCEPT_ENCODING) {
        request.headers_mut().append(ACCEPT_ENCODING, accepted.clone());
    }
    let chosen = service.oneshot(request).now_or_never().and_then(Result::ok);
    let chosen = chosen.as_ref().and_then(|response| response.headers().get(CONTENT_ENCODING));
    let known = CODINGS.into_iter().find(|coding| chosen.is_some_and(|it| it == coding));
    known.unwrap_or(IDENTITY)
}

/// Gives a response a tag of its own for each coding in which a client can have it: a strong
/// tag identifies the bytes. A 304 has the headers of the response it stands for.
pub(in crate::http) async fn with_coding(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_304 = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    let Some(tag) = headers.get(ETAG).and_then(|tag| tag.to_str().ok()) else { return response };
    if is_304 {
        let of_coding = |coding| tag.ends_with(&format!("-{coding}\""));
        if CODINGS.into_iter().any(of_coding) {
            headers.append(VARY, ACCEPT_ENCODING.into());
        }
        return response;
    }
    let varies = headers.get_all(VARY).iter().any(|by| by == ACCEPT_ENCODING.as_str());
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let coding = coding.or(varies.then_some(IDENTITY));
    if let (Some(coding), Some(open)) = (coding, tag.strip_suffix('"'))
        && let Ok(tag) = HeaderValue::try_from(format!("{open}-{coding}\""))
    {
        headers.insert(ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_makes_other_settings() {
        let of = |sdl| with_schema("settings", sdl);
        assert_eq!(of("type A"), of("type A"));
        assert_ne!(of("type A"), of("type B"));
        assert!(of("type A").starts_with("settings "));
    }
}
