//! Loads CSV files into Postgres, batch by batch, exactly once, resumable.

mod decode;
mod reason;
pub use decode::{BatchLimits, Compression, Dialect, Encoding};
pub use reason::{Fault, Reason};
