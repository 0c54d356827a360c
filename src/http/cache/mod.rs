//! Caching: complete responses by request and data version, and entity tags.

pub(super) mod etag;
mod flight;
mod key;
pub(super) mod response_cache;
mod store;
