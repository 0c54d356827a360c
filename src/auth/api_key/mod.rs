//! API keys: for programs that cannot get tokens.

mod cache;
mod secret;
mod store;

pub use cache::ApiKeys;
pub(super) use secret::PREFIX;
pub use store::{NewApiKey, create, id_in, list, revoke};

pub use crate::db::api_keys::StoredKey;
