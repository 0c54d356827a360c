//! S3 and local folders: listing and reading CSV files, and filling a bucket.
//!
//! A [`Source`] lists [`ObjectVersion`]s and opens one of them at any offset. It reads
//! exactly the version that was listed: an object overwritten meanwhile is an error,
//! never a mix of two versions.

mod bucket;
mod chunk;
mod client;
mod copy;
mod current;
mod failure;
mod get;
mod link;
mod list;
mod local;
mod object;
mod prefetch;
mod read;
mod settings;
mod source;
mod upload;
mod uri;

pub use bucket::Bucket;
pub use chunk::MAX_CHUNK;
pub use client::signing_keys;
pub use copy::{CopySizes, ObjectCopy};
pub use link::Links;
pub use object::{KeptAt, ObjectVersion};
pub use prefetch::{Body, Prefetch};
pub use settings::S3Settings;
pub use source::{ByteStream, ListPages, Listing, Source};
pub use upload::{ObjectHeaders, ObjectWriter};
pub use uri::SourceUri;
