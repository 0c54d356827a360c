//! Rows that were not loaded: `reason` says why, `list` reads the stored rejects,
//! `replay` loads them again after a fix, `retry` merges pages of rejected or parked rows.

mod list;
pub(super) mod reason;
mod replay;
pub(super) mod retry;

pub use list::{RejectSelection, StoredReject, list_rejects};
pub use reason::{Fault, Reason};
pub use replay::{REPLAY_SOURCE, Replay};
