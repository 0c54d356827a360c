//! S3 and local folders: where CSV files are found and read from, and the few
//! writes that filling a bucket takes.
//!
//! A [`Source`] lists [`ObjectVersion`]s and opens one of them from any byte on.
//! What is read is exactly the version that was listed: an object overwritten
//! meanwhile is an error, never a mixture of two versions.

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
pub use object::ObjectVersion;
pub use settings::S3Settings;
pub use source::{ByteStream, Listing, Source};
pub use uri::SourceUri;

/// The most bytes [`ByteStream::next`] hands out at once.
pub const MAX_CHUNK: usize = 256 * 1024;
