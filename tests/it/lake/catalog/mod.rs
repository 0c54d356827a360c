//! Tables that an Iceberg REST catalogue names.

mod crash;
mod faults;
mod loads;
mod signed;
mod totals;
mod writers;

pub(crate) use totals::{Totals, change_lines};
