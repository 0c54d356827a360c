//! The documents, and the files of what they refer to. Both are kept between runs.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use salesgraph::sample::{OrderFiles, Shape};

use crate::home::home;
use crate::{Result, generated};

/// Orders of a sample of scale 1.
const ORDERS: f64 = 31_465.0;
/// The documents are the longest of so many times as many, for an average of about 4 KB.
const CHOICE: f64 = 4.7;

/// The folders of both, and how long the documents are.
pub(crate) struct Data {
    pub(crate) documents: PathBuf,
    pub(crate) parents: PathBuf,
    /// Bytes of all documents.
    pub(crate) bytes: u64,
}

impl Data {
    /// Generates what is not there yet.
    pub(crate) fn of(documents: u32) -> Result<Self> {
        let parents = home().join(format!("documents-{documents}-parents"));
        let folder = home().join(format!("documents-{documents}"));
        if !folder.join("orders").exists() {
            let scale = (f64::from(documents) * CHOICE / ORDERS).max(0.001);
            generated::write(&parents, scale, OrderFiles::Ndjson, Shape::Plain)?;
            split(&parents.join("orders"), &folder, usize::try_from(documents)?)?;
        }
        let mut bytes = 0;
        for file in fs::read_dir(folder.join("orders"))? {
            bytes += file?.metadata()?.len();
        }
        Ok(Self { documents: folder, parents, bytes })
    }
}

/// Writes the longest documents of a file, each to its own, and removes the file.
fn split(from: &Path, to: &Path, documents: usize) -> Result<()> {
    let text = fs::read_to_string(from.join("orders.ndjson"))?;
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() < documents {
        return Err(format!("only {} documents were generated", lines.len()).into());
    }
    lines.sort_by_key(|line| Reverse(line.len()));
    let partial = to.join("partial");
    fs::create_dir_all(&partial)?;
    for (number, line) in lines.iter().take(documents).enumerate() {
        fs::write(partial.join(format!("order-{number:06}.json")), line)?;
    }
    // What is there in the end is whole.
    fs::remove_dir_all(from)?;
    Ok(fs::rename(partial, to.join("orders"))?)
}
