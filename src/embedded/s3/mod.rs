//! An S3 endpoint on this machine, with its data in a folder.
//!
//! The protocol (requests, signatures, presigned URLs) is that of `s3s`; the
//! data is in the `store`: immutable blobs beside small records that
//! are replaced in one step, so that a reader or a crash sees the old object or
//! the new one, never a mixture.

mod api;
mod blob;
mod condition;
mod digest;
mod disk;
mod index;
mod listing;
mod record;
mod server;
mod store;
mod upload;

pub use server::{S3Options, S3Server};
