//! `salesgraph rejects`

use std::fmt;
use std::str::FromStr;

use clap::Subcommand;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::exit::Exit;
use super::load::exit_of;
use super::output::{self, Cell, Table};
use super::{load_progress, operator, shutdown, wiring};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::load::{self, RejectSelection, StoredReject};

const EXAMPLES: &str = "\
Examples:
  salesgraph rejects                     the newest rejects
  salesgraph rejects list --run 0193…    those of one run, by its id
  salesgraph rejects show 12:345         one reject, with its raw text
  salesgraph rejects replay --run 0193…  load them again after a fix
  salesgraph rejects replay 12:345 --raw '7;IN;…'   with corrected text

A reject is a row that could not be loaded: its file version, line, byte offset,
column, reason, message and original text.";

/// Arguments of `rejects`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do; `list` by default.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What to do with the rejects.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Action {
    /// List rejects, newest first (the default)
    List(List),
    /// Show one reject with its raw text
    Show {
        /// Its file version and line, as `list` shows them
        #[arg(value_name = "FILE:LINE")]
        id: RejectId,
    },
    /// Load rejects again after a fix; those that are still invalid stay rejects
    Replay(Replay),
}

/// Identifies a reject, as `12:345`, or a part of a document, as `12:345:3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectId {
    /// The id of the file version in the ledger.
    pub file_id: i32,
    /// The line on which the record begins, from 1.
    pub line: i64,
    /// The part of a document; without, all parts that were rejected.
    pub part: Option<i32>,
}

impl FromStr for RejectId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(file, rest)| {
            let (line, part) = match rest.split_once(':') {
                Some((line, part)) => (line, Some(part.parse().ok()?)),
                None => (rest, None),
            };
            Some(Self { file_id: file.parse().ok()?, line: line.parse().ok()?, part })
        });
        parts.ok_or_else(|| "expected a file and a line, such as 12:345".to_owned())
    }
}

impl fmt::Display for RejectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file_id, self.line)?;
        self.part.map_or(Ok(()), |part| write!(f, ":{part}"))
    }
}

/// Selects rejects.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Selection {
    /// Only those of this run
    #[arg(long, value_name = "ID")]
    pub run: Option<Uuid>,
    /// Only those of this file, as `sales/Sales.Customer.csv`
    #[arg(long, value_name = "KEY")]
    pub file: Option<String>,
}

/// The rejects to replay, and a correction.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Replay {
    /// Only this one
    #[arg(value_name = "FILE:LINE")]
    pub id: Option<RejectId>,
    /// Corrected text of the whole record, in the format of its file
    #[arg(long, value_name = "TEXT", requires = "id")]
    pub raw: Option<String>,
    /// The selection.
    #[command(flatten)]
    pub selection: Selection,
}

impl Replay {
    /// What is replayed, for the audit log; all rejects if it is empty.
    fn object(&self) -> String {
        let Selection { run, file } = &self.selection;
        let parts = [
            self.id.map(|id| id.to_string()),
            run.map(|run| format!("run={run}")),
            file.as_ref().map(|file| format!("file={file}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// The rejects to list, and the format.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct List {
    /// The selection.
    #[command(flatten)]
    pub selection: Selection,
    /// Most rejects to list
    #[arg(long, value_name = "N", default_value_t = DEFAULT_LIMIT,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

const DEFAULT_LIMIT: u32 = 50;

impl Default for List {
    fn default() -> Self {
        Self { selection: Selection::default(), limit: DEFAULT_LIMIT, json: false }
    }
}

impl Args {
    /// The action.
    #[must_use]
    pub fn action(self) -> Action {
        self.action.unwrap_or_else(|| Action::List(List::default()))
    }
}

/// Lists, shows or replays.
pub async fn run(args: Args, config: &Config) -> Result<Exit> {
    match args.action() {
        Action::List(list) => show_list(&database(config).await?, &list).await,
        Action::Show { id } => show_one(&database(config).await?, id).await,
        Action::Replay(replay) => {
            let object = replay.object();
            Box::pin(operator::asked("rejects replay", object, run_replay(replay, config))).await
        }
    }
}

async fn database(config: &Config) -> Result<PgPool> {
    wiring::ready_schema(config, false).await?;
    wiring::database(config).await
}

async fn show_list(pool: &PgPool, list: &List) -> Result<Exit> {
    let rejects =
        load::list_rejects(pool, &list.selection.clone().into(), i64::from(list.limit)).await?;
    if list.json {
        let mut text = String::new();
        for reject in &rejects {
            let line = serde_json::to_string(reject).map_err(|error| {
                Error::internal("a reject cannot be serialised").with_source(error)
            })?;
            text.push_str(&line);
            text.push('\n');
        }
        output::print(&text)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["id", "file", "column", "reason", "message"]);
    for reject in &rejects {
        table.push([
            Cell::from(id(reject).to_string()),
            Cell::from(reject.file_key.as_str()),
            Cell::from(reject.column.as_deref().unwrap_or("")),
            Cell::from(reject.reason.as_str()),
            Cell::from(reject.message.as_str()),
        ]);
    }
    let text = if rejects.is_empty() { "no rejects\n".to_owned() } else { table.render() };
    output::print(&text)?;
    Ok(Exit::Done)
}

fn id(reject: &StoredReject) -> RejectId {
    let StoredReject { file_id, line, part, .. } = *reject;
    RejectId { file_id, line, part: Some(part).filter(|part| *part > 0) }
}

async fn show_one(pool: &PgPool, id: RejectId) -> Result<Exit> {
    let selection = RejectSelection {
        row: Some((id.file_id, id.line)),
        part: id.part,
        ..RejectSelection::default()
    };
    let rejects = load::list_rejects(pool, &selection, 1).await?;
    let Some(reject) = rejects.first() else {
        let message = format!("there is no reject {id}; `salesgraph rejects list` shows them");
        return Err(Error::new(Code::NotFound, message));
    };
    output::print(&format!(
        "file      {}\nline      {}\nbyte      {}\ncolumn    {}\nreason    {}\n\
         message   {}\nrun       {}\nrejected  {}\n\n{}\n",
        reject.file_key,
        reject.line,
        reject.byte_offset,
        reject.column.as_deref().unwrap_or("(the whole record)"),
        reject.reason,
        reject.message,
        reject.run_id,
        reject.rejected_at.to_rfc3339(),
        reject.raw,
    ))?;
    Ok(Exit::Done)
}

async fn run_replay(replay: Replay, config: &Config) -> Result<Exit> {
    wiring::ready_schema(config, false).await?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let mut selection = RejectSelection::from(replay.selection);
    selection.row = replay.id.map(|id| (id.file_id, id.line));
    selection.part = replay.id.and_then(|id| id.part);
    let work = load::Replay {
        database: wiring::connect_options(config)?,
        limits: wiring::batch_limits(config),
        selection,
        corrected: replay.raw.map(String::into_bytes),
        stop,
    };
    let lake = wiring::curated(config).await?;
    let summary = work.run(load::RunAs { lake, ..load::RunAs::default() }).await?;
    if let (true, Some(id)) = (summary.files.is_empty(), replay.id) {
        let message = format!(
            "{id} cannot be replayed: there is no such reject, or its text was too long to be \
             stored and --raw is needed; see `salesgraph rejects show {id}`"
        );
        return Err(Error::new(Code::NotFound, message));
    }
    if summary.files.is_empty() && summary.steps.is_empty() {
        output::print("no reject matches\n")?;
        return Ok(Exit::Done);
    }
    output::print(&load_progress::table(&summary))?;
    Ok(exit_of(&summary))
}

impl From<Selection> for RejectSelection {
    fn from(selection: Selection) -> Self {
        Self { run: selection.run, file_key: selection.file, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_is_identified_by_file_and_line() {
        let id = RejectId { file_id: 12, line: 345, part: None };
        assert_eq!("12:345".parse(), Ok(id));
        assert_eq!(id.to_string(), "12:345");
        let part = RejectId { file_id: 12, line: 345, part: Some(3) };
        assert_eq!("12:345:3".parse(), Ok(part));
        assert_eq!(part.to_string(), "12:345:3");
        for bad in ["", "12", "12:", "a:1", "1:2:x", "1:2:3:4"] {
            assert!(bad.parse::<RejectId>().is_err(), "{bad}");
        }
    }
}
