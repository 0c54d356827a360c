//! The files to load: given ones, the real ones, or generated ones that are kept
//! between runs.

use std::path::{Path, PathBuf};

use ::salesgraph::sample::{OrderFiles, SampleOptions, Shape, generate};

use crate::Result;

/// Where the real files lie beside the project.
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/adventureworks");

/// A folder below cargo's target directory, which may not exist yet.
pub(crate) fn home(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    target.parent().unwrap_or(target).join(name)
}

/// The folder to load, generated first where there is none.
pub(crate) fn folder(given: Option<&Path>) -> Result<PathBuf> {
    let real = Path::new(REAL);
    if let Some(folder) = given.or_else(|| real.is_dir().then_some(real)) {
        let found = folder.canonicalize();
        return found.map_err(|error| format!("--data {}: {error}", folder.display()).into());
    }
    let out = home("bench-data").join("scale-1");
    if !out.exists() {
        println!("generating {}", out.display());
        let options = SampleOptions {
            out: out.clone(),
            scale: 1.0,
            seed: 1,
            defects: 0.0,
            optional: false,
            orders: OrderFiles::Csv,
            shape: Shape::Plain,
        };
        generate(&options, &mut |_, _| ())?;
    }
    Ok(out)
}
