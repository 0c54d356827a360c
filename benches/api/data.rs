//! The files to load: given ones, the real ones, or generated ones that are kept
//! between runs.

use std::path::{Path, PathBuf};

use ::salesgraph::sample::{OrderFiles, Shape};

use crate::home::home;
use crate::{Result, generated};

/// Where the real files lie beside the project.
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/adventureworks");

/// The folder to load, generated first where there is none.
pub(crate) fn folder(given: Option<&Path>) -> Result<PathBuf> {
    let real = Path::new(REAL);
    if let Some(folder) = given.or_else(|| real.is_dir().then_some(real)) {
        let found = folder.canonicalize();
        return found.map_err(|error| format!("--data {}: {error}", folder.display()).into());
    }
    let out = home().join("scale-1");
    if !out.exists() {
        generated::write(&out, 1.0, OrderFiles::Csv, Shape::Plain)?;
    }
    Ok(out)
}
