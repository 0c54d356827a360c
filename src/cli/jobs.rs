//! `salesgraph jobs`

use clap::Subcommand;
use uuid::Uuid;

use super::exit::Exit;
use super::output::{self, Table};
use super::{operator, wiring};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::job::{self, StoredJob};

const EXAMPLES: &str = "\
Examples:
  salesgraph jobs                    how many there are, by task and state
  salesgraph jobs list               the newest
  salesgraph jobs list --state failed
  salesgraph jobs cancel 0199f3b2-...

A failed job stays listed for three months, others for a week. What a failed load did
not do, the next load does; a failed report is asked for again.";

/// States of jobs.
const STATES: [&str; 5] = ["queued", "running", "succeeded", "failed", "canceled"];

/// Arguments of `jobs`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do; the counts by default.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with jobs.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Count them by task and state (the default)
    Count,
    /// List the newest
    List {
        /// Only those in this state
        #[arg(long, value_name = "STATE", value_parser = STATES)]
        state: Option<String>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 50,
              value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Cancel one that is queued or running
    Cancel {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: Uuid,
    },
}

/// Counts, lists or cancels.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    wiring::ready_schema(config, false).await?;
    let pool = wiring::database(config).await?;
    let text = match args.action.clone().unwrap_or(Action::Count) {
        Action::Count => {
            let mut table = Table::new(["task", "state", "jobs"]);
            for count in job::counts(&pool).await? {
                let jobs = u64::try_from(count.jobs).unwrap_or_default();
                table.push([count.task.into(), count.state.into(), jobs.into()]);
            }
            table.render()
        }
        Action::List { state, limit } => listed(&job::list(&pool, state.as_deref(), limit).await?),
        Action::Cancel { id } => {
            let cancel = async {
                let canceled = job::loads::cancel(&mut *pool.acquire().await?, id).await?;
                if canceled {
                    return Ok(());
                }
                let message =
                    format!("no job {id} is queued or running; see `salesgraph jobs list`");
                Err(Error::new(Code::NotFound, message))
            };
            operator::asked("jobs cancel", id.to_string(), cancel).await?;
            format!("canceled {id}\n")
        }
    };
    pool.close().await;
    output::print(&text)?;
    Ok(Exit::Done)
}

fn listed(jobs: &[StoredJob]) -> String {
    if jobs.is_empty() {
        return "no jobs\n".to_owned();
    }
    let mut table = Table::new(["id", "task", "state", "attempts", "queued", "ended", "error"]);
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    for job in jobs {
        table.push([
            job.id.to_string().into(),
            job.task.as_str().into(),
            job.state.as_str().into(),
            format!("{}/{}", job.attempts, job.max_attempts).into(),
            time(job.created_at).into(),
            job.finished_at.map_or_else(String::new, time).into(),
            job.error.as_deref().unwrap_or_default().into(),
        ]);
    }
    table.render()
}
