//! Rows that could not be loaded: `reason` says why, `list` reads them, `replay` loads
//! rejects again after a fix, `retry` merges rows that were set aside.

mod list;
pub(super) mod reason;
mod replay;
pub(super) mod retry;

pub use list::{RejectSelection, StoredReject, list_rejects};
pub use reason::{Fault, Reason};
pub use replay::Replay;
