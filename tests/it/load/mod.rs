//! Loading files.

mod bounds;
mod crash;
mod defects;
mod dialects;
mod documents;
mod generated_shapes;
mod line_territory;
mod lock;
mod mapped_groups;
mod mappings;
mod mirror;
mod mirror_crash;
mod mirror_random;
mod mirror_refused;
mod optional_datasets;
mod orphans;
pub(crate) mod outage;
pub(crate) mod real;
mod small_files;
mod small_files_crash;
mod steps;
mod steps_broken;
mod steps_writers;
mod text_form;
mod untidy;
mod versions;
