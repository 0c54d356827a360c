//! Strong entity tags, made before the answer is: a client that holds it already
//! is told so without executing anything.

use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::key::Key;
use crate::auth::Scope;
use crate::graphql;
use crate::http::request::media::{Form, elements};

/// Bytes of the digest that go into a tag.
const TAG_BYTES: usize = 18;

/// The tag of the answer to this key; every node of the same release with the same
/// settings makes the same one.
pub(super) fn tag(key: &Key, settings: &str) -> Option<HeaderValue> {
    /// Another release may answer otherwise, at least where its schema differs.
    static RELEASE: LazyLock<Sha256> = LazyLock::new(|| {
        let mut release = Sha256::new();
        add(&mut release, env!("CARGO_PKG_VERSION").as_bytes());
        add(&mut release, graphql::sdl().as_bytes());
        release
    });
    let mut digest = RELEASE.clone();
    digest.update(key.version.version.to_be_bytes());
    digest.update(key.version.as_of.timestamp_micros().to_be_bytes());
    let scope = match key.scope {
        Scope::All => "all",
    };
    add(&mut digest, scope.as_bytes());
    add(&mut digest, settings.as_bytes());
    let form = match key.form {
        Form::Json => "json",
        Form::GraphqlResponse => "response",
    };
    add(&mut digest, form.as_bytes());
    add(&mut digest, key.document.as_bytes());
    digest.update([u8::from(key.operation.is_some())]);
    add(&mut digest, key.operation.as_deref().unwrap_or_default().as_bytes());
    add(&mut digest, &key.variables);
    let digest = digest.finalize();
    let tag = URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES)?);
    HeaderValue::try_from(format!("\"{tag}\"")).ok()
}

/// With its length, so that no two lists of parts read the same.
fn add(digest: &mut Sha256, part: &[u8]) {
    digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(part);
}

/// The tag that the client says it holds, if it is this one, of whatever coding.
/// Weak ones count as well: whoever compresses an answer on its way makes a strong
/// tag weak.
pub(in crate::http) fn held(headers: &HeaderMap, tag: &HeaderValue) -> Option<HeaderValue> {
    let open = tag.to_str().ok()?.strip_suffix('"')?;
    elements(headers, &IF_NONE_MATCH).find_map(|held| {
        if held == "*" {
            return Some(tag.clone());
        }
        let held = held.strip_prefix("W/").unwrap_or(held);
        let coding = held.strip_suffix('"')?.strip_prefix(open)?;
        let is_one = coding.is_empty() || CODINGS.contains(&coding);
        HeaderValue::try_from(held).ok().filter(|_| is_one)
    })
}

/// What tells the tag of a compressed answer from that of the plain one.
const CODINGS: [&str; 2] = ["-gzip", "-br"];

/// Gives a compressed answer a tag of its own: a strong tag stands for its bytes.
pub(in crate::http) async fn by_coding(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let (Some(coding), Some(tag)) = (text(CONTENT_ENCODING), text(ETAG))
        && let Some(open) = tag.strip_suffix('"')
        && let Ok(tag) = HeaderValue::try_from(format!("{open}-{coding}\""))
    {
        headers.insert(ETAG, tag);
    }
    answer
}
