//! Which sources a request may name.

use std::path::{Component, Path};

use crate::error::{Code, Error, Result};
use crate::storage::SourceUri;

/// The source that a request names: the configured one, or a part of it.
///
/// # Errors
/// `BAD_USER_INPUT` for any other.
pub fn below(configured: &SourceUri, named: &str) -> Result<SourceUri> {
    let source: SourceUri =
        named.parse().map_err(|error: Error| Error::new(Code::BadUserInput, error.message()))?;
    let is_below = match (configured, &source) {
        (SourceUri::S3 { bucket, prefix }, SourceUri::S3 { bucket: other, prefix: below }) => {
            bucket == other && is_prefix(prefix, below)
        }
        (SourceUri::File { dir }, SourceUri::File { dir: below }) => {
            is_plain(below) && below.starts_with(dir)
        }
        _ => false,
    };
    if is_below {
        return Ok(source);
    }
    let message = "only a part of the configured source may be loaded: the one in source_uri, or \
                   a folder in it";
    Err(Error::new(Code::BadUserInput, message))
}

fn is_prefix(prefix: &str, below: &str) -> bool {
    match below.strip_prefix(prefix) {
        Some(rest) => prefix.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// Without `..`, which leads out again.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_of_the_configured_source_are_taken() {
        for (configured, named, taken) in [
            ("s3://bucket/in", "s3://bucket/in", true),
            ("s3://bucket/in", "s3://bucket/in/2026", true),
            ("s3://bucket/in/", "s3://bucket/in/", true),
            ("s3://bucket", "s3://bucket/any", true),
            ("s3://bucket/in", "s3://bucket/incoming", false),
            ("s3://bucket/in", "s3://bucket", false),
            ("s3://bucket/in", "s3://other/in", false),
            ("s3://bucket/in", "file:///etc", false),
            ("file:///data", "file:///data/2026", true),
            ("file:///data", "file:///database", false),
            ("file:///data", "file:///data/../etc", false),
            ("file:///data", "file:///etc", false),
            ("file:///data", "data", false),
        ] {
            let source = below(&configured.parse().expect("a source"), named);
            assert_eq!(source.is_ok(), taken, "{named} of {configured}");
            if let Err(error) = source {
                assert_eq!(error.code(), Code::BadUserInput);
            }
        }
    }
}
