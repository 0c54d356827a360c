//! The version of a local file, and its errors.

use std::fmt::Display;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

use crate::error::{Code, Error};

/// Stands for an `ETag`: it changes whenever the file is written or replaced.
pub(super) fn etag(metadata: &Metadata) -> String {
    let nanoseconds =
        i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!("{}-{nanoseconds}-{}", metadata.len(), metadata.ino())
}

pub(super) fn failed(action: &str, address: impl Display, error: io::Error) -> Error {
    let (code, message) = match error.kind() {
        io::ErrorKind::NotFound => (Code::NotFound, format!("{address} does not exist")),
        io::ErrorKind::PermissionDenied => {
            (Code::Config, format!("{address} may not be {action}: let this user read it"))
        }
        _ => (Code::Unavailable, format!("{address} cannot be {action}")),
    };
    Error::new(code, message).with_source(error)
}
