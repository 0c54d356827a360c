//! The layer that counts requests by address and describes the limits in responses.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::meter::{Meter, RateLimits};
use crate::http::health_path::is_health;
use crate::http::request::media::MediaType;
use crate::http::response::rejection::Rejection;

/// Counts a request by its address, and gives it its meter. Health checks do not count.
pub(in crate::http) async fn limit(
    State(limits): State<Arc<RateLimits>>,
    mut request: Request,
    next: Next,
) -> Response {
    if is_health(request.uri().path()) {
        return next.run(request).await;
    }
    let meter = Arc::new(Meter::of(limits, &request));
    let mut response = match meter.count_address(NonZeroU32::MIN) {
        Ok(()) => {
            request.extensions_mut().insert(Arc::clone(&meter));
            next.run(request).await
        }
        Err(used_up) => {
            let media_type = MediaType::accepted(request.headers()).unwrap_or(MediaType::Json);
            Rejection::from(used_up).respond(media_type)
        }
    };
    let is_refused = response.status() == StatusCode::TOO_MANY_REQUESTS;
    meter.describe(response.headers_mut(), is_refused);
    response
}
