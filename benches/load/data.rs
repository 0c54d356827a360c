//! The files to load: given ones, or generated ones that are kept between runs.

use std::path::{Path, PathBuf};

use salesgraph::sample::{SampleOptions, generate};

use crate::Result;
use crate::args::Args;

/// Where the loader finds its files, and what it has to be told to get there.
#[derive(Debug)]
pub(crate) struct Input {
    /// As `--source` takes it.
    pub(crate) source: String,
    /// Environment of the loader: credentials and the like.
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Input {
    /// The files of a local folder.
    pub(crate) fn folder(folder: &Path) -> Self {
        Self { source: format!("file://{}", folder.display()), environment: Vec::new() }
    }
}

/// Where the benchmark keeps its files: below cargo's target directory.
pub(crate) fn home() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    target.parent().unwrap_or(target).join("bench-data")
}

/// The folder to load, generated first where none was given.
pub(crate) fn folder(args: &Args) -> Result<PathBuf> {
    if let Some(given) = &args.data {
        let folder = given.canonicalize();
        return folder.map_err(|error| format!("--data {}: {error}", given.display()).into());
    }
    let out = home().join(format!("scale-{}", args.scale));
    if !out.exists() {
        println!("generating {}", out.display());
        let options = SampleOptions {
            out: out.clone(),
            scale: args.scale,
            seed: 1,
            defects: 0.0,
            optional: false,
        };
        generate(&options, &mut |_, _| ())?;
    }
    Ok(out)
}
