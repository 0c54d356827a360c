//! `salesgraph migrate`

use clap::Subcommand;

use super::exit::Exit;
use super::{output, wiring};
use crate::config::Config;
use crate::db::schema;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  salesgraph migrate                    up to the newest version
  salesgraph migrate status             what is applied and what is not
  salesgraph migrate down --steps 1     take the last migration back

Needs DATABASE_URL, with the right to create tables.";

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do; `up` where nothing is said.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Apply what is not applied yet (the default)
    Up,
    /// List the migrations and whether they are applied
    Status,
    /// Take migrations back, and the data of their tables with them
    Down {
        /// How many, newest first
        #[arg(long, value_name = "N", default_value_t = 1,
              value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
}

impl Args {
    /// The action asked for.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action.unwrap_or(Action::Up)
    }
}

/// Moves the schema, or shows where it is.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let pool = wiring::schema_database(config).await?;
    let lines = match args.action() {
        Action::Up => told(schema::up(&pool).await?, "applied", "the schema is up to date"),
        Action::Down { steps } => {
            told(schema::down(&pool, steps).await?, "taken back", "no migration is applied")
        }
        Action::Status => schema::states(&pool)
            .await?
            .iter()
            .map(|state| {
                let mark = if state.applied { "applied" } else { "missing" };
                format!("{mark}  {}\n", state.name)
            })
            .collect(),
    };
    output::print(&lines)?;
    Ok(Exit::Done)
}

fn told(names: Vec<String>, what: &str, nothing: &str) -> String {
    if names.is_empty() {
        return format!("{nothing}\n");
    }
    names.into_iter().map(|name| format!("{what}  {name}\n")).collect()
}
