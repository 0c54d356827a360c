//! Local folders, listed and read as if they were buckets.

mod list;
mod read;

use std::fmt::Display;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;

pub(super) use list::Pages;
pub(super) use read::Reader;

use crate::error::{Code, Error};

/// What stands in for an `ETag`: it changes whenever the file is written or
/// replaced.
fn etag(metadata: &Metadata) -> String {
    let nanoseconds =
        i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!("{}-{nanoseconds}-{}", metadata.len(), metadata.ino())
}

fn failed(action: &str, address: impl Display, error: io::Error) -> Error {
    let (code, message) = match error.kind() {
        io::ErrorKind::NotFound => (Code::NotFound, format!("{address} does not exist")),
        io::ErrorKind::PermissionDenied => {
            let hint = "let this user read it";
            (Code::Config, format!("{address} may not be {action}: {hint}"))
        }
        _ => (Code::Unavailable, format!("{address} cannot be {action}")),
    };
    Error::new(code, message).with_source(error)
}
