//! Tables that an Iceberg REST catalogue names.

mod crash;
mod faults;
mod late;
mod loads;
mod others;
mod outage;
mod signed;
mod totals;
mod writers;

pub(crate) use totals::{Totals, change_lines};
