//! Generated files.

use std::path::Path;

use ::salesgraph::sample::{OrderFiles, SampleOptions, Shape, generate};

use crate::Result;

/// Writes those of a size and a shape into a folder that is not there yet, the same every time.
pub(crate) fn write(out: &Path, scale: f64, orders: OrderFiles, shape: Shape) -> Result<()> {
    println!("generating {}", out.display());
    let out = out.to_owned();
    let options =
        SampleOptions { out, scale, seed: 1, defects: 0.0, optional: false, orders, shape };
    generate(&options, &mut |_, _| ())?;
    Ok(())
}
