//! The fields `RateLimit-Policy` and `RateLimit`, as the draft of the HTTP API working group
//! defines them, and `Retry-After`.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::bucket::Standing;

pub(in crate::http) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(in crate::http) const RATE_LIMIT_POLICY: HeaderName =
    HeaderName::from_static("ratelimit-policy");

/// Adds what is left of each policy.
pub(super) fn add<'a>(
    headers: &mut HeaderMap,
    standings: impl Iterator<Item = (&'a str, Standing)>,
) {
    let (mut policies, mut limits) = (String::new(), String::new());
    for (name, Standing { quota, left, reset }) in standings {
        let comma = if policies.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(policies, "{comma}\"{name}\";q={quota};w=60");
        let _ = write!(limits, "{comma}\"{name}\";r={left};t={}", seconds(reset));
    }
    for (name, text) in [(RATE_LIMIT_POLICY, policies), (RATE_LIMIT, limits)] {
        if let Some(value) = HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty()) {
            headers.insert(name, value);
        }
    }
}

/// Says when to retry.
pub(super) fn add_retry(headers: &mut HeaderMap, wait: Duration) {
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds(wait).max(1)));
}

/// Whole seconds, rounded up.
pub(super) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_policies_are_in_one_field() {
        let mut headers = HeaderMap::new();
        add(&mut headers, [].into_iter());
        assert!(headers.is_empty());
        let address = Standing { quota: 20, left: 0, reset: Duration::from_secs(60) };
        let token = Standing { quota: 6_000, left: 5_999, reset: Duration::from_millis(10) };
        add(&mut headers, [("address", address), ("token", token)].into_iter());
        assert_eq!(headers[RATE_LIMIT_POLICY], "\"address\";q=20;w=60, \"token\";q=6000;w=60");
        assert_eq!(headers[RATE_LIMIT], "\"address\";r=0;t=60, \"token\";r=5999;t=1");
        add_retry(&mut headers, Duration::from_millis(1_001));
        assert_eq!(headers[RETRY_AFTER], "2");
    }
}
