//! The origins whose pages may read responses (CORS). The host of a request is
//! checked before, also that of a preflight request.

use std::time::Duration;

use axum::http::header::{ETAG, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use super::loopback_guard;
use super::rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::config::CorsOrigins;

/// How long browsers may cache a preflight response; none caches it for longer.
const MAX_AGE: Duration = Duration::from_secs(2 * 60 * 60);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whether a page may open a WebSocket or change data: it is of the same host, or of one of these
/// origins.
pub(super) fn may_connect(origins: &CorsOrigins, headers: &HeaderMap) -> bool {
    let is_listed = || match origins {
        CorsOrigins::None => false,
        CorsOrigins::Any => true,
        CorsOrigins::These(origins) => {
            let mut sent = headers.get_all(ORIGIN).iter();
            let (Some(origin), None) = (sent.next(), sent.next()) else { return false };
            origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
        }
    };
    loopback_guard::is_same_origin(headers) || is_listed()
}

/// The layer for these origins; `None` if no other origin may read responses. There
/// are no credentials that a browser would send by itself.
pub(super) fn layer(origins: &CorsOrigins) -> Option<CorsLayer> {
    let origin = match origins {
        CorsOrigins::None => return None,
        CorsOrigins::Any => AllowOrigin::from(Any),
        CorsOrigins::These(origins) => {
            let values = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
            AllowOrigin::list(values)
        }
    };
    let layer = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST])
        // Clients send custom headers, such as their name.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([ETAG, RETRY_AFTER, REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY])
        .max_age(MAX_AGE);
    Some(layer)
}
