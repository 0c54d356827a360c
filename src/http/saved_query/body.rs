//! The body of a file: its chunks as they are made. If one cannot be made the connection is
//! cut, so that nobody takes a part for the whole.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{Error, Result};
use crate::http::shares::Share;
use crate::report::Encoded;

/// What a download holds until it ends.
pub(super) struct Held {
    pub(super) _share: Share<u64>,
    pub(super) _slot: OwnedSemaphorePermit,
}

/// The body, once its first chunk is there: until then an error has a status.
pub(super) async fn of(encoded: Encoded, held: Held, request_id: &str) -> Result<Body> {
    let mut chunks = encoded.chunks;
    let first = match chunks.next().await {
        Some(chunk) => chunk?.bytes,
        None => Bytes::new(),
    };
    let request_id = request_id.to_owned();
    let rest = chunks.map(move |chunk| {
        let _ = &held;
        chunk.map(|chunk| chunk.bytes).inspect_err(|error| {
            tracing::warn!(request_id, error = error.detail(), "a file was cut");
        })
    });
    Ok(Body::from_stream(stream::once(async { Ok::<_, Error>(first) }).chain(rest)))
}
