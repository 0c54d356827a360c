//! Reading a request: its parameters, and the media types it sends and accepts.

pub(super) mod media;
pub(super) mod parameters;
