//! The public keys of issuers (JWKS).

mod cache;
mod fetch;
mod key;
mod set;

pub(super) use cache::KeyCache;
pub use cache::RefreshTimes;
