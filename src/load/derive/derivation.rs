//! What a derivation is.

/// Keeps tables up to date that are computed from loaded rows. Each statement returns
/// how many rows it has written, and writes only rows that change.
#[derive(Debug)]
pub(super) struct Derivation {
    /// Its name in `load_step` and in `derivation_step`.
    pub(super) step: &'static str,
    /// The tables that it writes.
    pub(super) tables: &'static [&'static str],
    /// Run in this order when sales have changed. $1 is the first day that may have
    /// changed, null if any may.
    pub(super) of_sales: &'static [&'static str],
    /// Run after them in any case, without $1.
    pub(super) of_others: &'static [&'static str],
}
