//! `salesgraph load`

use tokio_util::sync::CancellationToken;

use super::exit::Exit;
use super::{load_progress, operator, output, shutdown, wiring, worker};
use crate::config::load::{MAPPING, MAX_REJECTS, MIRROR_MAX_REMOVED, MODE};
use crate::config::storage::{SOURCE_URI, source_uri};
use crate::config::{Config, LoadMode, MaxRejects, MaxRemoved, Overrides};
use crate::error::{Code, Error, Result};
use crate::load::{Load, LoadOptions, Outcome, RunAs, RunSummary};
use crate::storage::Source;

const EXAMPLES: &str = "\
Examples:
  salesgraph load --source s3://sales/incoming      new and changed files
  salesgraph load --source file:///data --check     only report what would be rejected
  salesgraph load --max-rejects 0 --atomic          a whole file or nothing of it
  salesgraph load --max-rejects 0.5% --json         for a scheduler
  salesgraph load --mode mirror                     also remove what complete files lack
  salesgraph load --mapping excel-de --check        files as a German Excel writes them
  salesgraph load --mapping ours.toml               files of another shape, see `map`

Mappings that come with the product: adventureworks, excel-de, excel-fr,
excel-pt-br, pandas, postgres-copy, bcp, sqlcmd. `salesgraph map FILE` looks at a
file and writes a first mapping.

A loaded file is skipped, an overwritten one is loaded again, an interrupted one
continues where it stopped. Exit codes: 0 done, 1 failed, 2 usage or
configuration, 3 done with rejects (`salesgraph rejects` lists them), 4 another
run holds the lock.";

/// Arguments of `load`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the CSV files are: s3://bucket/prefix or file:///dir [env: SOURCE_URI]
    #[arg(long, value_name = "URI", value_parser = source_uri)]
    pub source: Option<String>,
    /// Read and validate everything, report what would be rejected, write nothing
    #[arg(long)]
    pub check: bool,
    /// How to change the stored rows: merge inserts and updates, mirror also removes rows
    /// that a complete new file lacks [env: LOAD_MODE] [default: merge]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<LoadMode>,
    /// Remove nothing if a mirrored file lacks a larger share of its table's rows
    /// [env: LOAD_MIRROR_MAX_REMOVED] [default: 10%]
    #[arg(long, value_name = "P%")]
    pub mirror_max_removed: Option<MaxRemoved>,
    /// Fail a file with more rejected rows than this: 100 or 0.5% [env: LOAD_MAX_REJECTS]
    #[arg(long, value_name = "N|P%")]
    pub max_rejects: Option<MaxRejects>,
    /// How files of other shapes are called and written: a TOML file, or a mapping by name
    /// [env: LOAD_MAPPING]
    #[arg(long, value_name = "FILE|NAME")]
    pub mapping: Option<String>,
    /// Load all rows of a file or none
    #[arg(long, conflicts_with = "check")]
    pub atomic: bool,
    /// Print the summary of the run as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Bring the schema up to date first
    #[arg(long, conflicts_with = "check")]
    pub migrate: bool,
}

impl Args {
    /// The configuration that these flags set.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides::default()
            .with(&SOURCE_URI, "--source", self.source.as_ref())
            .with(&MODE, "--mode", self.mode)
            .with(&MIRROR_MAX_REMOVED, "--mirror-max-removed", self.mirror_max_removed)
            .with(&MAX_REJECTS, "--max-rejects", self.max_rejects)
            .with(&MAPPING, "--mapping", self.mapping.as_ref())
    }
}

/// Loads new and changed files in the foreground.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let source = config.storage.source_uri.clone().unwrap_or_default();
    let summary = match args.check {
        true => Box::pin(summarise(args, config)).await?,
        false => operator::asked("load", source, Box::pin(summarise(args, config))).await?,
    };
    print_summary(&summary, args.json)?;
    Ok(exit_of(&summary))
}

async fn summarise(args: &Args, config: &Config) -> Result<RunSummary> {
    wiring::ready_schema(config, args.migrate).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let source = wiring::source(config).await?;
    let options = wiring::load_options(config, args.atomic).await?;
    let (load, known) = prepare(config, source, options, stop).await?;
    if args.check { load.check().await } else { load.run_as(known).await }
}

/// A load in the foreground.
pub(super) async fn prepare(
    config: &Config,
    source: Source,
    options: LoadOptions,
    stop: CancellationToken,
) -> Result<(Load, RunAs)> {
    let database = wiring::connect_options(config)?;
    let observer = load_progress::observer();
    let lake = wiring::curated(config).await?;
    let known = RunAs { queued: None, ending: worker::ending(config), lake };
    Ok((Load { database, source, options, observer, stop }, known))
}

fn print_summary(summary: &RunSummary, json: bool) -> Result<()> {
    if !json {
        return output::print(&load_progress::table(summary));
    }
    let text = serde_json::to_string(summary)
        .map_err(|error| Error::internal("the summary cannot be serialised").with_source(error))?;
    output::print(&(text + "\n"))
}

/// The exit code of the outcome in the ledger.
pub(super) fn exit_of(summary: &RunSummary) -> Exit {
    match summary.outcome {
        Outcome::Succeeded => Exit::Done,
        Outcome::SucceededWithRejects => Exit::DoneWithRejects,
        Outcome::Failed => match &summary.error {
            Some(error) if error.code == Code::Locked.as_str() => Exit::Locked,
            _ => Exit::Failed,
        },
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::*;
    use crate::config::{Config, ConfigSources};

    fn parse(flags: &[&str]) -> Result<Args, clap::Error> {
        let command = Args::augment_args(Command::new("load").no_binary_name(true));
        Args::from_arg_matches(&command.try_get_matches_from(flags)?)
    }

    #[test]
    fn flags_set_the_configuration() {
        let args = parse(&["--source", "s3://b/p", "--max-rejects", "0.5%"]).expect("valid flags");
        let sources =
            ConfigSources { file: None, overrides: args.overrides(), env: |_: &str| None };
        let config = Config::load(&sources).expect("valid configuration");
        assert_eq!(config.storage.require_source().expect("given"), "s3://b/p");
        assert_eq!(config.load.max_rejects, Some(MaxRejects::Percent(0.5)));
        assert_eq!(config.load.mode, LoadMode::Merge);
    }

    #[test]
    fn invalid_flags_are_rejected_with_what_is_expected() {
        for (flags, expected) in [
            (["--source", "data"], "expected s3://bucket/prefix or file:///dir"),
            (["--max-rejects", "half"], "expected a number of rows such as 100"),
            (["--mode", "replace"], "expected merge or mirror"),
            (["--mirror-max-removed", "5"], "expected a percentage"),
        ] {
            let error = parse(&flags).expect_err("invalid flags").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
