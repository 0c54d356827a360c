//! Limits over time: requests by address and by credential, and the cost of operations by
//! credential. They are of this process alone: each of several servers counts for itself.
//!
//! The address is checked before the credentials are, so bad ones count as well.

mod bucket;
mod client_address;
mod fields;
mod layer;
mod meter;

pub(super) use client_address::ClientAddress;
pub(super) use fields::{RATE_LIMIT, RATE_LIMIT_POLICY};
pub(super) use layer::limit;
pub use meter::RateLimits;
pub(super) use meter::{Meter, OperationMeter};
