//! Loading files: of one, `reading` fetches and decodes it and `pipeline` commits its batches in
//! order; `group` loads several small ones. `merge` writes batches with the SQL of `statements`, and
//! `change` tells on a cluster what they have changed.

pub(super) mod change;
pub(super) mod group;
pub(super) mod merge;
pub(super) mod pipeline;
pub(super) mod reading;
pub(super) mod statements;
