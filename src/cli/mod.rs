//! The command line: one file per subcommand, and the only place where the parts
//! are wired together.

mod access;
#[cfg(feature = "demo")]
mod bars;
pub mod claims;
mod collector;
pub mod completions;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod exit;
pub mod jobs;
pub mod key;
pub mod lambda;
pub mod lineage;
pub mod load;
mod load_progress;
pub mod man;
pub mod map;
mod metrics;
pub mod migrate;
mod operator;
pub mod output;
#[cfg(feature = "demo")]
mod parse;
pub mod rates;
pub mod rejects;
pub mod report;
pub mod reprocess;
#[cfg(feature = "demo")]
pub mod sample;
pub mod schema;
pub mod serve;
mod shutdown;
pub mod token;
mod wiring;
pub mod worker;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, ConfigSources, Overrides};
use crate::error::{Code, Error, Result};
use crate::telemetry::trace;
use exit::Exit;

const AFTER_HELP: &str = "\
Flags override the environment, which overrides the TOML file of --config, which
overrides the defaults; `salesgraph config` shows the result.

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done with rejects,
4 another run holds the lock.";

/// Where `demo` and `sample` are, in a build without them.
const MISSING: &str = match cfg!(feature = "demo") {
    true => "",
    false => {
        "\n\nThis build has no `demo` and no `sample`: they come with cargo's default features."
    }
};

/// From sales CSVs on S3 to a GraphQL API
#[derive(Debug, Parser)]
#[command(name = "salesgraph", version, after_help = format!("{AFTER_HELP}{MISSING}"))]
pub struct Cli {
    /// The TOML file of the configuration [env: SALESGRAPH_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole system on this machine, with nothing configured
    #[cfg(feature = "demo")]
    Demo(demo::Args),
    /// Serve the API
    Serve(serve::Args),
    /// Run jobs: scheduled loads, and what mutations ask for
    Worker(worker::Args),
    /// Load the new and changed files of the source
    Load(load::Args),
    /// Look at a file of another shape and write a first mapping for it
    Map(map::Args),
    /// Apply or revert migrations, or list them
    Migrate(migrate::Args),
    /// List, show or replay rejected rows
    Rejects(rejects::Args),
    /// Fetch currency rates from a public API
    Rates(rates::Args),
    /// Load kept files again, or make currency rates again from what is kept raw
    Reprocess(reprocess::Args),
    /// Show which bytes of which kept file a stored row came from
    Lineage(lineage::Args),
    /// Count, list or cancel jobs
    Jobs(jobs::Args),
    /// Make a report and print where it is
    Report(Box<report::Args>),
    /// Sign a token with the shared secret
    Token(token::Args),
    /// Make, list or revoke API keys
    Key(key::Args),
    /// Generate input files in the format of the real ones
    #[cfg(feature = "demo")]
    Sample(sample::Args),
    /// Print the GraphQL schema
    Schema(schema::Args),
    /// Show the configuration in effect and the origin of each value
    Config(config::Args),
    /// Serve as a function of AWS Lambda: one load for each event
    Lambda(lambda::Args),
    /// Print the script by which a shell completes this command line
    Completions(completions::Args),
    /// Print the manual page, or write those of all subcommands
    Man(man::Args),
}

impl Cli {
    /// The command line of this process. AWS Lambda starts a function without arguments.
    #[must_use]
    pub fn of_process() -> Self {
        let mut arguments: Vec<OsString> = env::args_os().collect();
        if arguments.len() == 1 && lambda::is_function() {
            arguments.push("lambda".into());
        }
        Self::parse_from(arguments)
    }

    /// The configuration, flags included. What only describes the program is not configured.
    pub fn load_config(&self) -> Result<Config> {
        if matches!(self.command, Command::Completions(_) | Command::Man(_)) {
            let overrides = Overrides::default();
            return Config::load(&ConfigSources { file: None, overrides, env: |_: &str| None });
        }
        let overrides = match &self.command {
            #[cfg(feature = "demo")]
            Command::Demo(args) => args.overrides(),
            Command::Serve(args) => args.overrides(),
            Command::Load(args) => args.overrides(),
            Command::Reprocess(args) => args.overrides(),
            #[cfg(feature = "demo")]
            Command::Sample(_) => Overrides::default(),
            Command::Completions(_)
            | Command::Config(_)
            | Command::Jobs(_)
            | Command::Key(_)
            | Command::Lambda(_)
            | Command::Lineage(_)
            | Command::Man(_)
            | Command::Map(_)
            | Command::Migrate(_)
            | Command::Rates(_)
            | Command::Rejects(_)
            | Command::Report(_)
            | Command::Schema(_)
            | Command::Token(_)
            | Command::Worker(_) => Overrides::default(),
        };
        Config::load(&ConfigSources::process(self.config.clone(), overrides))
    }

    /// Runs the subcommand.
    pub fn run(self, config: &Config) -> Result<Exit> {
        let runtime = runtime()?;
        let traces = runtime.block_on(async { collector::start(&config.otel) })?;
        let root = self.command.one_shot().and_then(trace::root);
        let ended = runtime.block_on(trace::within(root.as_ref(), Box::pin(self.execute(config))));
        if let (Some(root), Some(failure)) = (&root, failure(&ended)) {
            root.fail(failure);
        }
        drop(root);
        if let Some(traces) = traces {
            traces.end();
        }
        ended
    }

    async fn execute(self, config: &Config) -> Result<Exit> {
        match self.command {
            #[cfg(feature = "demo")]
            Command::Demo(args) => Box::pin(demo::run(&args, config)).await,
            Command::Serve(args) => Box::pin(serve::run(&args, config)).await,
            Command::Schema(args) => schema::run(&args),
            Command::Load(args) => load::run(&args, config).await,
            Command::Map(args) => map::run(&args, config).await,
            Command::Migrate(args) => migrate::run(&args, config).await,
            Command::Rejects(args) => rejects::run(args, config).await,
            Command::Rates(args) => rates::run(args, config).await,
            Command::Reprocess(args) => reprocess::run(&args, config).await,
            Command::Lineage(args) => lineage::run(args, config).await,
            Command::Jobs(args) => jobs::run(&args, config).await,
            Command::Worker(args) => Box::pin(worker::run(&args, config)).await,
            Command::Report(args) => report::run(&args, config).await,
            Command::Token(args) => token::run(&args, config),
            Command::Key(args) => key::run(&args, config).await,
            #[cfg(feature = "demo")]
            Command::Sample(args) => sample::run(args).await,
            Command::Config(args) => config::run(&args, config),
            Command::Lambda(args) => Box::pin(lambda::run(&args, config)).await,
            Command::Completions(args) => completions::run(&args, Self::command()),
            Command::Man(args) => man::run(&args, Self::command()),
        }
    }
}

impl Command {
    /// The name of a command that is one piece of work: its trace.
    const fn one_shot(&self) -> Option<&'static str> {
        match self {
            Self::Load(_) => Some("load"),
            Self::Rates(_) => Some("rates"),
            Self::Rejects(_) => Some("rejects"),
            Self::Report(_) => Some("report"),
            Self::Reprocess(_) => Some("reprocess"),
            _ => None,
        }
    }
}

/// What a command has failed by, as its trace says it; `None` if it has not.
fn failure(ended: &Result<Exit>) -> Option<&'static str> {
    match ended {
        Ok(Exit::Done | Exit::DoneWithRejects) => None,
        Ok(Exit::Failed) => Some("failed"),
        Ok(Exit::Usage) => Some("usage"),
        Ok(Exit::Locked) => Some(Code::Locked.as_str()),
        Err(error) => Some(error.code().as_str()),
    }
}

/// At least two workers: decoding and merging run in parallel even on a single core.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(2))
        .enable_all()
        .build()
        .map_err(|source| Error::internal("the runtime cannot be started").with_source(source))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, CommandFactory as _};

    use super::*;

    #[test]
    fn the_command_line_is_valid() {
        Cli::command().debug_assert();
        let arguments: &[fn(Command) -> Command] = &[
            completions::Args::augment_args,
            config::Args::augment_args,
            #[cfg(feature = "demo")]
            demo::Args::augment_args,
            jobs::Args::augment_args,
            key::Args::augment_args,
            lambda::Args::augment_args,
            lineage::Args::augment_args,
            load::Args::augment_args,
            man::Args::augment_args,
            map::Args::augment_args,
            migrate::Args::augment_args,
            rates::Args::augment_args,
            rejects::Args::augment_args,
            reprocess::Args::augment_args,
            report::Args::augment_args,
            #[cfg(feature = "demo")]
            sample::Args::augment_args,
            schema::Args::augment_args,
            serve::Args::augment_args,
            token::Args::augment_args,
            worker::Args::augment_args,
        ];
        for augment in arguments {
            augment(Command::new("one")).debug_assert();
        }
    }

    #[test]
    fn the_help_explains_each_subcommand_and_argument() {
        fn explained(command: &Command, name: &str) {
            assert!(command.get_about().is_some(), "{name} has no description");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{name} {}", argument.get_id());
            }
            for subcommand in command.get_subcommands() {
                explained(subcommand, &format!("{name} {}", subcommand.get_name()));
            }
        }
        let command = Cli::command();
        explained(&command, "salesgraph");
        for subcommand in command.get_subcommands() {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n"), "{} shows none", subcommand.get_name());
        }
    }
}
