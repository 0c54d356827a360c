//! Whether a body is one message of JSON-RPC.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use rmcp::model::{ClientJsonRpcMessage, ErrorCode};
use serde_json::{Value as Json, json};

/// Answers a body that is none, by the codes of JSON-RPC: the library answers it with a status
/// that is about media types.
pub(super) fn problem(body: &[u8]) -> Option<Response> {
    if serde_json::from_slice::<ClientJsonRpcMessage>(body).is_ok() {
        return None;
    }
    let (code, message, id) = match serde_json::from_slice::<Json>(body) {
        Err(error) => (ErrorCode::PARSE_ERROR, format!("the body is no JSON: {error}"), Json::Null),
        Ok(Json::Array(_)) => {
            let message = "the body is an array: send one message in a body";
            (ErrorCode::INVALID_REQUEST, message.to_owned(), Json::Null)
        }
        Ok(json) => {
            let id = json.get("id").filter(|id| id.is_string() || id.is_i64());
            let message = "the body is no message of JSON-RPC 2.0 with a method and parameters of \
                           the Model Context Protocol";
            (ErrorCode::INVALID_REQUEST, message.to_owned(), id.cloned().unwrap_or_default())
        }
    };
    let error = json!({ "code": code.0, "message": message });
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string();
    Some((StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn code(body: &str) -> i64 {
        let response = problem(body.as_bytes()).expect("a problem");
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Json = serde_json::from_slice(&body).unwrap();
        body["error"]["code"].as_i64().unwrap()
    }

    #[tokio::test]
    async fn only_messages_pass() {
        assert!(problem(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).is_none());
        assert!(problem(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).is_none());
        assert_eq!(code("{").await, -32_700);
        assert_eq!(code("\u{0}").await, -32_700);
        assert_eq!(code(&"[".repeat(100_000)).await, -32_700);
        for body in [
            "1",
            "null",
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        ] {
            assert_eq!(code(body).await, -32_600, "{body}");
        }
    }
}
