//! Without access control only this machine may use the API. A loopback address
//! alone does not ensure that: a page of any site can resolve its own name to
//! 127.0.0.1 (DNS rebinding) and read the responses. Such requests have the site's
//! name as their host.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::request::media::MediaType;
use super::response::rejection::Rejection;

/// Rejects requests whose host is not a loopback name or address.
pub(super) async fn require_loopback(request: Request, next: Next) -> Response {
    if is_local(&request) {
        return next.run(request).await;
    }
    let message = "the API has no access control, so it accepts only localhost, 127.0.0.1 or \
                   [::1] as the host";
    Rejection::new(StatusCode::FORBIDDEN, message).respond(MediaType::Json)
}

fn is_local<B>(request: &axum::http::Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_loopback),
        (None, None) => {
            request.uri().authority().is_some_and(|authority| is_loopback(authority.as_str()))
        }
        _ => false,
    }
}

/// Whether a request comes from a page of the host it is sent to, or from no page.
/// Browsers let pages of any site open a WebSocket to any host, and send the origin.
pub(super) fn is_same_origin(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, more) = (origins.next(), origins.next());
    let Some(origin) = origin else { return true };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    more.is_none()
        && matches!((authority, host), (Some((_, page)), Some(host)) if page.eq_ignore_ascii_case(host))
}

/// Whether a host, with or without a port, is `localhost` or a loopback address.
pub(super) fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_loopback_hosts_are_accepted() {
        for host in
            ["localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "", "example.com", "localhost.example.com", "example.com:8000",
            "127.0.0.1.example.com", "localhost@example.com", "example.com@localhost", "0.0.0.0",
            "192.168.0.1:8000", "[::2]", "local host",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_pages_of_the_host_are_of_the_same_origin() {
        let same = |host: &'static str, origins: &[&'static str]| {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            for origin in origins {
                headers.append(ORIGIN, HeaderValue::from_static(origin));
            }
            is_same_origin(&headers)
        };
        assert!(same("localhost:8000", &[]));
        assert!(same("localhost:8000", &["http://localhost:8000"]));
        assert!(same("localhost:8000", &["https://LocalHost:8000"]));
        for origins in [
            ["http://localhost:3000"].as_slice(),
            &["http://localhost"],
            &["http://127.0.0.1:8000"],
            &["https://example.com"],
            &["http://localhost:8000@example.com"],
            &["null"],
            &[""],
            &["http://localhost:8000", "https://example.com"],
        ] {
            assert!(!same("localhost:8000", origins), "{origins:?}");
        }
    }

    #[test]
    fn there_must_be_one_host() {
        let request = |hosts: &[&str]| {
            let builder = hosts
                .iter()
                .fold(axum::http::Request::get("/graphql"), |b, host| b.header(HOST, *host));
            builder.body(()).unwrap()
        };
        assert!(is_local(&request(&["localhost"])));
        assert!(!is_local(&request(&[])));
        assert!(!is_local(&request(&["localhost", "example.com"])));
    }
}
