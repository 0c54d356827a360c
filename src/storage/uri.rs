//! The address of a source: `s3://bucket/prefix` or `file:///dir`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Code, Error, Result};

/// The location of CSV files: `s3://bucket/prefix` or `file:///dir`, without
/// percent-encoding; a trailing slash is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SourceUri {
    /// The object named `prefix` and every object below `prefix/`; the whole
    /// bucket if the prefix is empty.
    S3 {
        /// Name of the bucket.
        bucket: String,
        /// Key prefix without a trailing slash; empty for the whole bucket.
        prefix: String,
    },
    /// A local folder, recursively, or one local file.
    File {
        /// Absolute path.
        dir: PathBuf,
    },
}

impl FromStr for SourceUri {
    type Err = Error;

    fn from_str(value: &str) -> Result<Self> {
        if let Some(rest) = value.strip_prefix("s3://") {
            parse_s3(value, rest)
        } else if let Some(path) = value.strip_prefix("file://") {
            parse_file(value, path)
        } else {
            Err(invalid(value, "write it as s3://bucket/prefix or file:///folder"))
        }
    }
}

fn parse_s3(value: &str, rest: &str) -> Result<SourceUri> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(invalid(value, "the bucket is missing, write s3://bucket/prefix"));
    }
    check_bucket(bucket).map_err(|reason| invalid(value, &reason))?;
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    Ok(SourceUri::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

fn parse_file(value: &str, path: &str) -> Result<SourceUri> {
    if !path.starts_with('/') {
        let hint = "the path must be absolute, with three slashes: file:///folder";
        return Err(invalid(value, hint));
    }
    let trimmed = path.trim_end_matches('/');
    let dir = PathBuf::from(if trimmed.is_empty() { "/" } else { trimmed });
    Ok(SourceUri::File { dir })
}

/// Rejects names that S3 would reject, or misroute, with an unclear response.
fn check_bucket(bucket: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if let Some(wrong) = bucket.chars().find(|c| !allowed(*c)) {
        return Err(format!("the bucket name '{bucket}' must not contain {wrong:?}"));
    }
    if !(3..=63).contains(&bucket.len()) {
        return Err(format!("the bucket name '{bucket}' must have 3 to 63 characters"));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !bucket.starts_with(edge) || !bucket.ends_with(edge) {
        return Err(format!(
            "the bucket name '{bucket}' must begin and end with a letter or digit"
        ));
    }
    Ok(())
}

fn invalid(value: &str, reason: &str) -> Error {
    Error::new(Code::Config, format!("'{value}' is not a valid source: {reason}"))
}

impl fmt::Display for SourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::File { dir } => write!(f, "file://{}", dir.display()),
        }
    }
}

impl Serialize for SourceUri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceUri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(bucket: &str, prefix: &str) -> SourceUri {
        SourceUri::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    fn rejection(value: &str) -> String {
        let error = value.parse::<SourceUri>().unwrap_err();
        assert_eq!(error.code(), Code::Config);
        assert!(error.message().contains(value), "{error} does not name {value}");
        error.to_string()
    }

    #[test]
    fn s3_addresses_are_parsed() {
        assert_eq!("s3://sales".parse::<SourceUri>().unwrap(), s3("sales", ""));
        assert_eq!("s3://sales/".parse::<SourceUri>().unwrap(), s3("sales", ""));
        assert_eq!("s3://sales/in/2014/".parse::<SourceUri>().unwrap(), s3("sales", "in/2014"));
        assert_eq!("s3://sales/a b#?%20".parse::<SourceUri>().unwrap(), s3("sales", "a b#?%20"));
    }

    #[test]
    fn folders_are_parsed() {
        for value in ["file:///data/in", "file:///data/in/"] {
            let uri = value.parse::<SourceUri>().unwrap();
            assert_eq!(uri, SourceUri::File { dir: PathBuf::from("/data/in") });
            assert_eq!(uri.to_string(), "file:///data/in");
        }
        assert_eq!("file:///".parse::<SourceUri>().unwrap().to_string(), "file:///");
    }

    #[test]
    fn display_round_trips() {
        for value in ["s3://sales", "s3://sales/in/2014", "file:///data/in"] {
            assert_eq!(value.parse::<SourceUri>().unwrap().to_string(), value);
        }
    }

    #[test]
    fn errors_name_the_value_and_the_remedy() {
        assert!(rejection("sales/in").contains("s3://bucket/prefix"));
        assert!(rejection("https://sales/in").contains("s3://bucket/prefix"));
        assert!(rejection("s3:///in").contains("the bucket is missing"));
        assert!(rejection("s3://ab").contains("3 to 63"));
        assert!(rejection("s3://-sales").contains("begin and end"));
        assert!(rejection("s3://sa:les/in").contains("':'"));
        assert!(rejection("file://data/in").contains("three slashes"));
        rejection("");
    }

    #[test]
    fn serde_uses_the_text_form() {
        let uri: SourceUri = serde_json::from_str("\"s3://sales/in/\"").unwrap();
        assert_eq!(serde_json::to_string(&uri).unwrap(), "\"s3://sales/in\"");
        assert!(serde_json::from_str::<SourceUri>("\"nowhere\"").is_err());
    }
}
