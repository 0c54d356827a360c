//! S3 and local folders: listing and reading CSV files, and filling a bucket.
//!
//! A [`Source`] lists [`ObjectVersion`]s and opens one of them at any offset. It reads
//! exactly the version that was listed: an object overwritten meanwhile is an error,
//! never a mix of two versions.

mod bucket;
mod chunk;
mod client;
mod failure;
mod list;
mod local;
mod object;
mod read;
mod settings;
mod source;
mod uri;

pub use bucket::Bucket;
pub use chunk::MAX_CHUNK;
pub use object::ObjectVersion;
pub use settings::S3Settings;
pub use source::{ByteStream, Listing, Source};
pub use uri::SourceUri;
