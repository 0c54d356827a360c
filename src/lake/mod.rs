//! The lake: where history is kept, on S3. `place` is its address and its objects, `raw` the
//! names of the file versions that are kept there, `manifest` what is said of them; `curated`
//! the tables, for scans by other engines, `iceberg` their format.

pub mod curated;
pub mod engine;
mod iceberg;
mod manifest;
mod place;
mod question;
mod raw;

pub use iceberg::column::Type as ColumnType;
pub use manifest::{KeptObject, Manifest};
pub use place::Lake;
pub use question::{Bound, Part, Question, TABLE};
pub use raw::{
    RawNames, day_folder, day_of, is_manifest, is_manifest_of, manifest_key, page_manifests,
};
