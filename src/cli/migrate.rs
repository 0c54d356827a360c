//! `salesgraph migrate`

use clap::Subcommand;
use sqlx::PgPool;

use super::exit::Exit;
use super::{output, wiring};
use crate::config::Config;
use crate::db::schema;
use crate::db::set_aside::{self, PutBack};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  salesgraph migrate                    apply all migrations
  salesgraph migrate status             list the migrations and their state, and what a
                                        load has set aside
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
    /// List the migrations and whether they are applied, and what a load has set aside
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
        Action::Up { distribute } => {
            let applied = match distribute {
                false => listed(schema::up(&pool).await?, "applied", "the schema is up to date"),
                true => {
                    let applied = schema::up_distributed(&pool).await?;
                    listed(applied, "applied", "the schema is up to date and distributed")
                }
            };
            applied + &put_back(&pool).await?
        }
        Action::Down { steps } => {
            listed(schema::down(&pool, steps).await?, "reverted", "no migration is applied")
        }
        Action::Status => {
            let states = schema::states(&pool).await?;
            let mark = |applied| if applied { "applied" } else { "missing" };
            let lines =
                states.iter().map(|state| format!("{}  {}\n", mark(state.applied), state.name));
            lines.collect::<String>() + &aside(&pool).await?
        }
    };
    output::print(&lines)?;
    Ok(Exit::Done)
}

/// Puts back what a load that was killed has set aside, and says so.
async fn put_back(pool: &PgPool) -> Result<String> {
    Ok(match set_aside::put_back_alone(pool).await? {
        PutBack::Done(0) => String::new(),
        PutBack::Done(number) => {
            format!("put back {number} foreign keys and indexes that a load had set aside\n")
        }
        PutBack::Loading(_) => aside(pool).await?,
    })
}

/// What is set aside, and when it will be back.
async fn aside(pool: &PgPool) -> Result<String> {
    let items = set_aside::list(pool).await?;
    if items.is_empty() {
        return Ok(String::new());
    }
    let until = match set_aside::is_loading(pool).await? {
        true => "the load that is under way puts them back before it ends",
        false => "the load was killed; `salesgraph load` or `salesgraph migrate up` puts them back",
    };
    let lines = items.iter().map(|item| format!("set aside  {item}\n"));
    Ok(format!("{}{until}\n", lines.collect::<String>()))
}

fn listed(names: Vec<String>, what: &str, nothing: &str) -> String {
    if names.is_empty() {
        return format!("{nothing}\n");
    }
    names.into_iter().map(|name| format!("{what}  {name}\n")).collect()
}
