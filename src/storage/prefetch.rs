//! Reads small objects whole, several at a time and in their order: one by one, each would cost
//! a round trip.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::object::ObjectVersion;
use super::source::Source;
use crate::error::{Error, Result};
use crate::telemetry::trace;

/// Objects requested at a time.
const REQUESTS: usize = 16;
/// KiB of bodies that are requested or not yet dropped, at a time.
const KIB_AHEAD: u32 = 2 * 1024;

/// A whole object.
#[derive(Debug)]
pub struct Body {
    /// The version.
    pub object: ObjectVersion,
    /// Its bytes, or why they cannot be read.
    pub bytes: Result<Vec<u8>>,
    /// Its share of what may be held.
    _held: Option<OwnedSemaphorePermit>,
}

/// Objects that are read ahead, see [`Source::prefetch`].
#[derive(Debug)]
pub struct Prefetch {
    bodies: mpsc::Receiver<Body>,
}

impl Prefetch {
    /// The next object in the order given; `None` after the last. Drop it before the next is
    /// awaited.
    pub async fn next(&mut self) -> Option<Body> {
        self.bodies.recv().await
    }
}

impl Source {
    /// Reads these objects ahead of their use, each of them whole. What is read ahead is bounded
    /// in objects and in bytes. Dropping the result ends the reading.
    #[must_use]
    pub fn prefetch(&self, objects: Vec<ObjectVersion>) -> Prefetch {
        let (bodies_in, bodies) = mpsc::channel(1);
        let source = self.clone();
        trace::spawn(async move {
            let room = Arc::new(Semaphore::new(KIB_AHEAD as usize));
            let reading = stream::iter(objects)
                .then(|object| {
                    let room = Arc::clone(&room);
                    // In the order of the objects: the next to be used always has its share.
                    async move { (room.acquire_many_owned(kib(object.size)).await.ok(), object) }
                })
                .map(|(held, object)| {
                    let source = source.clone();
                    async move {
                        let bytes = source.read_whole(&object).await;
                        Body { object, bytes, _held: held }
                    }
                })
                .buffered(REQUESTS);
            let mut reading = std::pin::pin!(reading);
            loop {
                let body = tokio::select! {
                    biased;
                    () = bodies_in.closed() => return,
                    body = reading.next() => body,
                };
                let Some(body) = body else { return };
                if bodies_in.send(body).await.is_err() {
                    return;
                }
            }
        });
        Prefetch { bodies }
    }

    async fn read_whole(&self, object: &ObjectVersion) -> Result<Vec<u8>> {
        let size = usize::try_from(object.size).map_err(|error| {
            Error::internal("an object does not fit in memory").with_source(error)
        })?;
        let mut bytes = Vec::with_capacity(size);
        let mut stream = self.open(object, 0).await?;
        while let Some(chunk) = stream.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// The share of an object; at most all.
fn kib(size: u64) -> u32 {
    u32::try_from(size.div_ceil(1024)).unwrap_or(u32::MAX).min(KIB_AHEAD)
}
