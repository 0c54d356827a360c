//! The response cache, and the entity tags of what it answers.

pub(super) mod etag;
mod flight;
mod key;
pub(super) mod response_cache;
mod store;
