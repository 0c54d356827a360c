//! Authorization: who calls, what a caller may do, and the rows a caller may see.
//!
//! Credentials become a [`Principal`] at the edge, once for each request; its [`Scope`]
//! goes into every query.

mod access;
pub mod api_key;
mod bearer;
mod denied;
mod grant;
mod jwks;
mod organisation;
mod principal;
mod random;
mod scope;
mod token;

pub use access::{Access, Control};
pub use api_key::ApiKeys;
pub use denied::Denied;
pub use grant::{Grant, Grants};
pub use jwks::RefreshTimes;
pub use organisation::is_organisation;
pub use principal::Principal;
pub use scope::Scope;
pub use token::TokenSigner;
