//! Tests against real servers, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers fail their test by panicking"
)]

mod cut_proxy;
mod storage_contract;
mod storage_resume;
