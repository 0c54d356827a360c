//! `salesgraph migrate`

use clap::Subcommand;

use super::exit::Exit;
use super::{output, wiring};
use crate::config::Config;
use crate::db::schema;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  salesgraph migrate                    apply all migrations
  salesgraph migrate status             list the migrations and their state
  salesgraph migrate down --steps 1     revert the last migration
  salesgraph migrate up --distribute    distribute the tables over a Citus cluster

Needs DATABASE_URL, with permission to create tables, and the schema graphile_worker of
the job queue.";

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do; `up` by default.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// Apply the pending migrations (the default)
    Up {
        /// Distribute the tables over the machines of a Citus cluster, for good
        #[arg(long)]
        distribute: bool,
    },
    /// List the migrations and whether they are applied
    Status,
    /// Revert migrations, and drop the data of their tables
    Down {
        /// How many, newest first
        #[arg(long, value_name = "N", default_value_t = 1,
              value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
}

impl Args {
    /// The action.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action.unwrap_or(Action::Up { distribute: false })
    }
}

/// Migrates the schema, or shows its state.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    let pool = wiring::schema_database(config).await?;
    let lines = match args.action() {
        Action::Up { distribute: false } => {
            listed(schema::up(&pool).await?, "applied", "the schema is up to date")
        }
        Action::Up { distribute: true } => {
            let applied = schema::up_distributed(&pool).await?;
            listed(applied, "applied", "the schema is up to date and distributed")
        }
        Action::Down { steps } => {
            listed(schema::down(&pool, steps).await?, "reverted", "no migration is applied")
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

fn listed(names: Vec<String>, what: &str, nothing: &str) -> String {
    if names.is_empty() {
        return format!("{nothing}\n");
    }
    names.into_iter().map(|name| format!("{what}  {name}\n")).collect()
}
