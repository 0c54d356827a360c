//! JSON web tokens.

mod claims;
mod issuer;
mod json;
mod memo;
mod parts;
mod sign;
mod verifier;

pub use sign::TokenSigner;
pub(super) use verifier::Verifier;
