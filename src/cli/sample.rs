//! `salesgraph sample`

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};

use super::exit::Exit;
use super::output::{self, Cell, Table};
use super::parse;
use crate::error::{Code, Error, Result};
use crate::sample::{OrderFiles, SampleOptions, SampleSummary, Shape, generate};

const EXAMPLES: &str = "\
Examples:
  salesgraph sample --out ./data                     as many rows as the real files
  salesgraph sample --out ./data --scale 100         a hundred times as many
  salesgraph sample --out ./data --defects 0.5%      with invalid rows, and a list of them
  salesgraph sample --out ./data --json              each order a JSON document of its own
  salesgraph sample --out ./data --json=ndjson       all of them in one file, one a line
  salesgraph sample --out ./data --shape excel-de    as a German Excel writes them

The same scale, seed and defects always generate the same files.";

/// Arguments of `sample`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The size: 1 is as many rows as the real files
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse::scale)]
    pub scale: f64,
    /// The seed of the random values
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The share of invalid rows: 0.5% or 0.005
    #[arg(long, value_name = "P", default_value = "0", value_parser = parse::share)]
    pub defects: f64,
    /// Omit the files that a load does not need: inventory, territories, stores, currency rates
    #[arg(long)]
    pub only_required: bool,
    /// Write the orders with their lines as JSON documents below orders/, in place of two CSVs
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true,
          default_missing_value = "documents", value_enum)]
    pub json: Option<OrderFiles>,
    /// Write the files of rows as this mapping reads them: load --mapping NAME
    #[arg(long, value_name = "NAME", value_enum)]
    pub shape: Option<Shape>,
}

/// Generates the files and lists them.
pub async fn run(args: Args) -> Result<Exit> {
    let options = SampleOptions {
        out: args.out.clone(),
        scale: args.scale,
        seed: args.seed,
        defects: args.defects,
        optional: !args.only_required,
        orders: args.json.unwrap_or_default(),
        shape: args.shape.unwrap_or_default(),
    };
    if (args.json.is_some() || args.shape.is_some()) && args.defects > 0.0 {
        let message =
            "--defects: invalid rows are planted in plain CSVs only; leave out --json and --shape";
        return Err(Error::new(Code::BadUserInput, message));
    }
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
        text.push_str(&format!("all are listed in {}\n", list.display()));
    }
    output::print(&text)?;
    Ok(Exit::Done)
}

/// Generates on a separate thread, with a bar on a terminal.
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
    generated.await.map_err(|error| Error::internal("the generator panicked").with_source(error))?
}
