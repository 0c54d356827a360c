//! Compression: in which coding a client gets a response, and the response in it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::ready;
use std::sync::{LazyLock, PoisonError, RwLock};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version};
use axum::response::Response;
use bytes::Bytes;
use futures_util::FutureExt as _;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate as _, SizeAbove};

/// A smaller response fits into a packet or two uncompressed.
const COMPRESSED_FROM: u64 = 1_024;
/// Above this, both gzip and Brotli take much more time for little gain.
const COMPRESSION: CompressionLevel = CompressionLevel::Precise(4);

/// How the bytes of a response are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum Coding {
    /// As they are.
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    pub(in crate::http) const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// As HTTP names it.
    pub(in crate::http) const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }
}

/// The layer that compresses responses.
pub(super) fn layer() -> CompressionLayer<And<SizeAbove, NotForContentType>> {
    // An encoder would delay events.
    let compressed = SizeAbove::new(COMPRESSED_FROM).and(NotForContentType::SSE);
    CompressionLayer::new().quality(COMPRESSION).compress_when(compressed)
}

/// Whether the layer compresses a body of JSON.
pub(in crate::http) fn is_compressed(body: &Bytes) -> bool {
    u64::try_from(body.len()).is_ok_and(|bytes| bytes >= COMPRESSED_FROM)
}

/// A body in a coding, as the layer makes it.
pub(in crate::http) async fn compress(body: Bytes, coding: Coding) -> Option<Bytes> {
    let accepted = HeaderValue::from_static(coding.as_str());
    let coded = respond(std::iter::once(accepted), body).await?;
    if coded.headers().get(CONTENT_ENCODING)? != coding.as_str() {
        return None;
    }
    to_bytes(coded.into_body(), usize::MAX).await.ok()
}

/// The coding in which a client gets what can be compressed, as the layer chooses it.
pub(in crate::http) fn negotiated(headers: &HeaderMap) -> Coding {
    /// Of what clients have sent: few differ.
    static KNOWN: LazyLock<RwLock<HashMap<HeaderValue, Coding>>> = LazyLock::new(RwLock::default);
    /// More are chosen each time.
    const MOST: usize = 64;
    const LONGEST: usize = 128;
    let mut all = headers.get_all(ACCEPT_ENCODING).iter();
    let accepted = match (all.next(), all.next()) {
        (None, _) => return Coding::Identity,
        (Some(accepted), None) => accepted,
        (Some(_), Some(_)) => return chosen(headers),
    };
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(accepted).copied();
    known.unwrap_or_else(|| {
        let coding = chosen(headers);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST && accepted.len() <= LONGEST {
            known.insert(accepted.clone(), coding);
        }
        coding
    })
}

fn chosen(headers: &HeaderMap) -> Coding {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().cloned();
    // There is nothing to wait for.
    let response = respond(accepted, Bytes::from_static(b"x")).now_or_never().flatten();
    let chosen = response.as_ref().and_then(|response| response.headers().get(CONTENT_ENCODING));
    let known = Coding::ALL.into_iter().find(|it| chosen.is_some_and(|of| of == it.as_str()));
    known.unwrap_or(Coding::Identity)
}

/// What the layer makes of a body for who accepts this.
async fn respond(accepted: impl Iterator<Item = HeaderValue>, body: Bytes) -> Option<Response> {
    let any = |_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| true;
    let plain = |_| ready(Ok::<_, Infallible>(Response::new(Body::from(body.clone()))));
    let layer = CompressionLayer::new().quality(COMPRESSION).compress_when(any);
    let mut request = Request::new(Body::empty());
    for one in accepted {
        request.headers_mut().append(ACCEPT_ENCODING, one);
    }
    let response = layer.layer(service_fn(plain)).oneshot(request).await.ok()?;
    Some(response.map(Body::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accepted: &[&str]) -> Coding {
        let mut headers = HeaderMap::new();
        for one in accepted {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(one).unwrap());
        }
        // The second time it is known.
        assert_eq!(negotiated(&headers), negotiated(&headers));
        negotiated(&headers)
    }

    #[test]
    fn a_client_gets_what_it_prefers() {
        assert_eq!(of(&[]), Coding::Identity);
        assert_eq!(of(&["gzip"]), Coding::Gzip);
        assert_eq!(of(&["gzip, deflate, br, zstd"]), Coding::Brotli);
        assert_eq!(of(&["gzip", "br"]), Coding::Brotli);
        assert_eq!(of(&["br;q=0.1, gzip"]), Coding::Gzip);
        assert_eq!(of(&["gzip;q=0"]), Coding::Identity);
        assert_eq!(of(&["zstd"]), Coding::Identity);
    }

    #[test]
    fn of_many_different_headers_few_are_remembered() {
        for number in 0..1000 {
            assert_eq!(of(&[&format!("gzip, x-{number}")]), Coding::Gzip);
        }
        assert_eq!(of(&[&format!("gzip, {}", "x".repeat(500))]), Coding::Gzip);
    }

    #[tokio::test]
    async fn a_body_is_compressed_as_the_layer_does() {
        let body = Bytes::from(vec![b'x'; 100_000]);
        let coded = compress(body.clone(), Coding::Gzip).await.unwrap();
        assert_eq!(coded.get(..2), Some(&[0x1f, 0x8b][..]));
        assert!(coded.len() < 1_000 && compress(body.clone(), Coding::Brotli).await.is_some());
        assert_eq!(compress(body, Coding::Identity).await, None);
    }
}
