//! `salesgraph sample`

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::exit::Exit;
use super::output::{self, Cell, Table};
use super::parse;
use crate::error::{Error, Result};
use crate::sample::{SampleOptions, SampleSummary, generate};

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
    /// Leave out what a load can do without: inventory, territories, stores, currency rates
    #[arg(long)]
    pub only_required: bool,
}

/// Writes the files and tells what was written.
pub async fn run(args: Args) -> Result<Exit> {
    let options = SampleOptions {
        out: args.out.clone(),
        scale: args.scale,
        seed: args.seed,
        defects: args.defects,
        optional: !args.only_required,
    };
    let summary = write(options).await?;
    let mut table = Table::new(["file", "rows", "bytes"]);
    for (name, rows, bytes) in &summary.files {
        table.push([Cell::from(name.as_str()), Cell::from(*rows), Cell::from(*bytes)]);
    }
    let mut text = table.render();
    if !summary.defects.is_empty() {
        let mut table = Table::new(["planted defect", "rows"]);
        for (reason, rows) in &summary.defects {
            table.push([Cell::from(reason.as_str()), Cell::from(*rows)]);
        }
        text.push('\n');
        text.push_str(&table.render());
        let list = args.out.join("defects.jsonl");
        text.push_str(&format!("each one is listed in {}\n", list.display()));
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Generates on a blocking thread, with a bar where standard error is a terminal.
pub(super) async fn write(options: SampleOptions) -> Result<SampleSummary> {
    let style = ProgressStyle::with_template("generating {bar:24} {percent:>3}% {pos} rows")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0).with_style(style);
    let generated = tokio::task::spawn_blocking(move || {
        let summary = generate(&options, &mut |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        });
        bar.finish_and_clear();
        summary
    });
    generated
        .await
        .map_err(|error| Error::internal("the generator ended unexpectedly").with_source(error))?
}
