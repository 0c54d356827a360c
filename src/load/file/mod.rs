//! Loading one file: `reading` fetches and decodes it, `pipeline` commits its batches
//! in order, `merge` writes one batch with the SQL of `statements`.

pub(super) mod merge;
pub(super) mod pipeline;
pub(super) mod reading;
pub(super) mod statements;
