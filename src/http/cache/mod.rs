//! Caching: complete responses by request and data version, and entity tags.

pub(super) mod etag;
pub(super) mod file_key;
mod flight;
mod key;
pub(super) mod response_cache;
mod store;
