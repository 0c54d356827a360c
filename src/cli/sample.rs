//! `salesgraph sample`

use std::path::PathBuf;

use super::parse;

const EXAMPLES: &str = "\
Examples:
  salesgraph sample --out ./data                     as many rows as the real files hold
  salesgraph sample --out ./data --scale 100         a hundred times as many
  salesgraph sample --out ./data --defects 0.5%      with bad rows, and a list of them

The same scale, seed and defects always give the same files.";

/// Arguments of `sample`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How much: 1 is as many rows as the real files hold
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse::scale)]
    pub scale: f64,
    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The share of rows to spoil: 0.5% or 0.005
    #[arg(long, value_name = "P", default_value = "0", value_parser = parse::share)]
    pub defects: f64,
}
