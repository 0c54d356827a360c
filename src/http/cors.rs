//! Which pages of other origins may read the answers. That is a question of the
//! page asking; whether the request is meant for this machine at all, its host
//! tells, and that is checked first, also of a browser's question beforehand.

use std::time::Duration;

use axum::http::header::{ETAG, ORIGIN, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

use super::loopback_guard;
use crate::config::CorsOrigins;

/// How long a browser may remember what it was told; none does for longer.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whether a page that says where it comes from may open a WebSocket: one of the
/// host that it is sent to, or whose origin is among these.
pub(super) fn may_connect(origins: &CorsOrigins, headers: &HeaderMap) -> bool {
    let is_named = || match origins {
        CorsOrigins::None => false,
        CorsOrigins::Any => true,
        CorsOrigins::These(origins) => {
            let mut named = headers.get_all(ORIGIN).iter();
            let (Some(origin), None) = (named.next(), named.next()) else { return false };
            origins.iter().any(|known| known.as_bytes() == origin.as_bytes())
        }
    };
    loopback_guard::is_same_origin(headers) || is_named()
}

/// The layer for these origins; `None` where no other origin may read anything.
/// There are no credentials that a browser would send by itself.
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
        // Clients bring headers of their own, such as their name.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([ETAG, RETRY_AFTER, REQUEST_ID])
        .max_age(REMEMBERED);
    Some(layer)
}
