//! Where benchmarks keep what they need again.

use std::path::{Path, PathBuf};

/// A folder below cargo's target directory, which may not exist yet.
pub(crate) fn home() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    target.parent().unwrap_or(target).join("bench-data")
}
