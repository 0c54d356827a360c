//! Batches: a JSON array of requests in one body, and of their responses in the same
//! order, always 200 and `application/json`.

use axum::body::{Bytes, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use serde_json::{Map, Value as Json};

use crate::http::request::media::MediaType;
use crate::http::request::parameters::Parameters;
use crate::http::response::rejection::Rejection;

/// Whether a body is a JSON array.
pub(super) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// The requests of an array, of which there may be up to `most`.
pub(super) fn requests(body: &[u8], most: usize) -> Result<Vec<Parameters>, Rejection> {
    if most == 0 {
        let message = "an array of requests is not accepted: send one request in a body, or have \
                       the operator set http.batch_max";
        return Err(Rejection::bad_request(message));
    }
    let objects: Vec<Map<String, Json>> = serde_json::from_slice(body).map_err(|error| {
        Rejection::bad_request(format!("the body is not an array of GraphQL requests: {error}"))
    })?;
    let count = objects.len();
    if count == 0 || count > most {
        let message = format!("the array has {count} requests; it may have 1 to {most}");
        return Err(Rejection::bad_request(message));
    }
    let parameters = objects.into_iter().enumerate().map(|(index, object)| {
        serde_json::from_value(Json::Object(object)).map_err(|error| {
            Rejection::bad_request(format!("element {index} is not a GraphQL request: {error}"))
        })
    });
    parameters.collect()
}

/// The array of these responses, each of them JSON.
pub(super) async fn respond(
    responses: impl Iterator<Item = impl Future<Output = Response>>,
) -> Response {
    // The bodies are in memory.
    let bodies = join_all(
        responses.map(async |response| to_bytes(response.await.into_body(), usize::MAX).await),
    );
    let bodies: Vec<Bytes> = match bodies.await.into_iter().collect() {
        Ok(bodies) => bodies,
        Err(error) => {
            tracing::error!(error = %error, "a response could not be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut array = b"[".to_vec();
    array.extend_from_slice(&bodies.join(&b","[..]));
    array.push(b']');
    ([(CONTENT_TYPE, MediaType::Json.content_type())], array).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arrays_of_objects_are_batches() {
        assert!(is_array(b" \r\n[") && !is_array(b"{}") && !is_array(b""));
        assert_eq!(requests(br#"[{"query":"{a}"},{}]"#, 2).unwrap().len(), 2);
        for body in ["[]", "[{},{},{}]", "[1]", "[[\"{a}\"]]", "[{\"query\":1}]", "[{}", "[{}]x"] {
            assert!(requests(body.as_bytes(), 2).is_err(), "{body}");
        }
        assert!(requests(b"[{}]", 0).is_err());
    }
}
