//! How a response is written.

pub(super) mod rejection;
