//! Strong entity tags, computed before execution: a client that has the response
//! gets a 304 without it.

use std::cell::LazyCell;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::key::CacheKey;
use crate::auth::Scope;
use crate::db::data_version::DataVersion;
use crate::db::data_version::tables::{TableSet, WATCHED};
use crate::graphql;
use crate::http::compression::{Coding, negotiated};
use crate::http::request::media::{MediaType, elements};

/// Bytes of the digest in a tag.
const TAG_BYTES: usize = 18;

/// The tags of the responses to a request; the same on every node of the same release
/// with the same settings.
pub(super) struct Tags(Sha256);

impl Tags {
    pub(super) fn new(key: &CacheKey, settings: &str) -> Self {
        /// Another release may respond differently, at least where its schema differs.
        static RELEASE: LazyLock<Sha256> = LazyLock::new(|| {
            let mut release = Sha256::new();
            add(&mut release, env!("CARGO_PKG_VERSION").as_bytes());
            add(&mut release, graphql::sdl().as_bytes());
            for table in WATCHED {
                add(&mut release, table.as_bytes());
            }
            release
        });
        let mut digest = RELEASE.clone();
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
        Self(digest)
    }

    /// That of the response which was read from these tables at this version of them. It names
    /// the tables, so that a server which has not answered the request can compare it.
    pub(super) fn of(&self, tables: TableSet, version: DataVersion) -> Option<HeaderValue> {
        let mut digest = self.0.clone();
        digest.update(tables.bits().to_be_bytes());
        digest.update(version.version.to_be_bytes());
        digest.update(version.as_of.timestamp_micros().to_be_bytes());
        digest.update(version.unwatched.to_be_bytes());
        let digest = URL_SAFE_NO_PAD.encode(digest.finalize().get(..TAG_BYTES)?);
        let tag = if tables.is_all() {
            format!("\"{digest}\"")
        } else {
            format!("\"{digest}.{:x}\"", tables.bits())
        };
        HeaderValue::try_from(tag).ok()
    }
}

/// The tables that a tag names.
fn tables_of(tag: &str) -> Option<TableSet> {
    let Some((_, named)) = tag.split_once('.') else { return Some(TableSet::ALL) };
    let digits = named.split(|letter: char| !letter.is_ascii_hexdigit()).next()?;
    u64::from_str_radix(digits, 16).ok().map(TableSet::from_bits)
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

/// The tag in `If-None-Match` that the response would have: that of the tables which it names,
/// as it is now, or the same of the coding that the client would get. Weak tags match, too: a
/// proxy that compresses a response makes a strong tag weak. `*` does not: it does not tell what
/// the client has.
pub(in crate::http) fn matching(
    headers: &HeaderMap,
    current: impl Fn(TableSet) -> Option<HeaderValue>,
) -> Option<HeaderValue> {
    let coding = LazyCell::new(|| negotiated(headers));
    elements(headers, &IF_NONE_MATCH).find_map(|listed| {
        let listed = listed.strip_prefix("W/").unwrap_or(listed);
        let tag = current(tables_of(listed)?)?;
        let open = tag.to_str().ok()?.strip_suffix('"')?;
        let of_coding = || listed == format!("{open}-{}\"", coding.as_str());
        let is_match = tag == listed || of_coding();
        HeaderValue::try_from(listed).ok().filter(|_| is_match)
    })
}

/// The same for a response that has this tag, whatever is read.
pub(in crate::http) fn matching_tag(headers: &HeaderMap, tag: &HeaderValue) -> Option<HeaderValue> {
    matching(headers, |_| Some(tag.clone()))
}

/// Gives a response a tag of its own for each coding in which a client can have it: a strong
/// tag identifies the bytes. A 304 has the headers of the response it stands for.
pub(in crate::http) async fn with_coding(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_304 = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    let Some(tag) = headers.get(ETAG).and_then(|tag| tag.to_str().ok()) else { return response };
    if is_304 {
        let of_coding = |coding: Coding| tag.ends_with(&format!("-{}\"", coding.as_str()));
        if Coding::ALL.into_iter().any(of_coding) {
            headers.append(VARY, ACCEPT_ENCODING.into());
        }
        return response;
    }
    let varies = headers.get_all(VARY).iter().any(|by| by == ACCEPT_ENCODING.as_str());
    let coding = headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let coding = coding.or(varies.then_some(Coding::Identity.as_str()));
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
