//! Randomness of the operating system.

use crate::error::{Error, Result};

/// Bytes that nobody can guess.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::internal("the operating system gives no random bytes").with_source(error)
    })?;
    Ok(bytes)
}
