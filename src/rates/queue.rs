//! The queue between fetching and storing.

use futures_util::future::BoxFuture;

use crate::error::Result;

/// Takes the addresses of raw answers to store. What it has taken is stored once or more often.
pub trait RawQueue: Send + Sync + 'static {
    /// Adds one.
    fn put<'a>(&'a self, raw_uri: &'a str) -> BoxFuture<'a, Result<()>>;
}
