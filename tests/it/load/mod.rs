//! Loading files.

mod bounds;
mod crash;
mod defects;
mod dialects;
mod line_territory;
mod lock;
mod optional_datasets;
mod orphans;
mod outage;
pub(crate) mod real;
mod steps;
mod steps_broken;
mod steps_writers;
mod versions;
