//! Several requests in one body: a JSON array of them, answered by an array in
//! the same order, always 200 and `application/json`.

use axum::body::{Bytes, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::join_all;
use serde_json::{Map, Value as Json};

use crate::http::request::media::Form;
use crate::http::request::parameters::Parameters;
use crate::http::response::rejection::Refused;

/// Whether a body is a JSON array.
pub(super) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// The requests of an array, of which there may be up to `most`.
pub(super) fn requests(body: &[u8], most: usize) -> Result<Vec<Parameters>, Refused> {
    if most == 0 {
        let message = "a JSON array of requests is not accepted here: send one request in a body; \
                       the operator sets http.batch_max";
        return Err(Refused::bad_request(message));
    }
    let objects: Vec<Map<String, Json>> = serde_json::from_slice(body).map_err(|error| {
        Refused::bad_request(format!("the body is no array of GraphQL requests: {error}"))
    })?;
    let asked = objects.len();
    if asked == 0 || asked > most {
        let message = format!("the array has {asked} requests; it may have 1 to {most}");
        return Err(Refused::bad_request(message));
    }
    let parameters = objects.into_iter().enumerate().map(|(index, object)| {
        serde_json::from_value(Json::Object(object)).map_err(|error| {
            Refused::bad_request(format!("element {index} is no GraphQL request: {error}"))
        })
    });
    parameters.collect()
}

/// The array of these answers, each of them JSON.
pub(super) async fn answer(
    answers: impl Iterator<Item = impl Future<Output = Response>>,
) -> Response {
    // They are in memory already.
    let bodies =
        join_all(answers.map(async |answer| to_bytes(answer.await.into_body(), usize::MAX).await));
    let bodies: Vec<Bytes> = match bodies.await.into_iter().collect() {
        Ok(bodies) => bodies,
        Err(error) => {
            tracing::error!(error = %error, "an answer could not be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut array = b"[".to_vec();
    array.extend_from_slice(&bodies.join(&b","[..]));
    array.push(b']');
    ([(CONTENT_TYPE, Form::Json.content_type())], array).into_response()
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
