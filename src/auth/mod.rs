//! Authorization: who calls, what a caller may do, and the rows a caller may see.
//!
//! Credentials become a [`Principal`] at the edge, once for each request; its [`Scope`]
//! goes into every query.

mod access;
mod grant;
mod principal;
mod scope;

pub use access::{Access, Denied};
pub use grant::{Grant, Grants};
pub use principal::Principal;
pub use scope::Scope;
