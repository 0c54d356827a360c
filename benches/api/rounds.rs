//! The rounds: for each document one side after the other, again and again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::args::Args;
use crate::database::Database;
use crate::documents::Document;
use crate::program::Program;
use crate::report::Row;
use crate::secured::Caller;
use crate::sides::{Asked, Sides};
use crate::wrk::{self, Drive, Outcome};
use crate::{Result, floor};

/// How far the mean size of an answer may be off that of the answers that were
/// read. An answer with an error in place of data is much smaller.
const SIZE_TOLERANCE: f64 = 0.02;

/// wrk leaves with requests under way, which the server asked last works off.
const SETTLE: Duration = Duration::from_millis(500);

/// A server, as it is asked for one document.
struct Target<'a> {
    what: String,
    program: &'a Program,
    authorization: Option<&'a str>,
    bodies: PathBuf,
    /// Bytes of a mean answer, known from the warm-up.
    mean_bytes: f64,
}

/// The targets of one document.
struct Turn<'a> {
    asked: &'a Asked<'a>,
    postgraphile: Option<Target<'a>>,
    plain: Option<Target<'a>>,
    rows: Option<Target<'a>>,
    cached: Option<Target<'a>>,
    secured: Vec<(Caller, bool, Target<'a>)>,
}

/// Compares all answers, warms up, and runs all rounds.
pub(crate) async fn run(
    args: &Args,
    documents: &[&'static Document],
    database: &Database,
    sides: &Sides,
) -> Result<Vec<Row>> {
    let folder = TempDir::new()?;
    let mut all = Vec::new();
    for document in documents {
        println!("comparing the answers to {}", document.name);
        all.push(sides.ask(document, database).await?);
    }
    let mut turns = Vec::new();
    for asked in &all {
        println!("warming up for {}", asked.document.name);
        turns.push(turn(args, folder.path(), asked)?);
    }
    let mut rows: Vec<Row> = documents.iter().copied().map(Row::new).collect();
    for round in 1..=args.rounds {
        for (turn, row) in turns.iter().zip(&mut rows) {
            println!("round {round}: {}", row.document.name);
            for (target, outcomes) in [
                (&turn.postgraphile, &mut row.postgraphile),
                (&turn.plain, &mut row.plain),
                (&turn.rows, &mut row.rows),
                (&turn.cached, &mut row.cached),
            ] {
                let Some(target) = target else { continue };
                let outcome = target.measure(args)?;
                println!("  {}: {:.0} a second", target.program.name, outcome.rate());
                outcomes.push(outcome);
            }
            for (caller, cache, target) in &turn.secured {
                let outcome = target.measure(args)?;
                let name = caller.name();
                println!("  {}, by {name}: {:.0} a second", target.program.name, outcome.rate());
                row.secured.entry((*caller, *cache)).or_default().push(outcome);
            }
            if args.floor {
                let statement = &turn.asked.statement;
                let rate = floor::rate(database, statement, args.connections, args.seconds).await?;
                println!("  Postgres itself: {rate:.0} a second");
                row.floor.push(rate);
            }
        }
    }
    Ok(rows)
}

fn turn<'a>(args: &Args, folder: &Path, asked: &'a Asked<'a>) -> Result<Turn<'a>> {
    let write = |side: &str, bodies: &[String]| {
        let file = folder.join(format!("{side}-{}", asked.document.name));
        fs::write(&file, bodies.join("\n"))?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(file)
    };
    let target = |side: &str, requests: &'a Option<(&'a Program, Vec<String>)>| {
        let Some((program, bodies)) = requests else { return Ok(None) };
        let file = write(side, bodies)?;
        Target::warm_up(args, program, None, asked.document, file).map(Some)
    };
    let secured = asked.secured.iter().map(|requests| {
        let file = write("secured", &requests.bodies)?;
        let authorization = Some(requests.authorization.as_str());
        let target = Target::warm_up(args, requests.program, authorization, asked.document, file)?;
        Ok((requests.caller, requests.cache, target))
    });
    Ok(Turn {
        postgraphile: target("postgraphile", &asked.postgraphile)?,
        plain: target("plain", &asked.plain)?,
        rows: target("rows", &asked.rows)?,
        cached: target("cached", &asked.cached)?,
        secured: secured.collect::<Result<_>>()?,
        asked,
    })
}

impl<'a> Target<'a> {
    fn warm_up(
        args: &Args,
        program: &'a Program,
        authorization: Option<&'a str>,
        document: &Document,
        bodies: PathBuf,
    ) -> Result<Self> {
        let what = format!("{}, asked for {}", program.name, document.name);
        let target = Self { what, program, authorization, bodies, mean_bytes: 0.0 };
        let outcome = target.drive(args, args.warm_up, true)?;
        Ok(Self { mean_bytes: outcome.mean_bytes(), ..target })
    }

    fn measure(&self, args: &Args) -> Result<Outcome> {
        let outcome = self.drive(args, args.seconds, false)?;
        let (found, expected) = (outcome.mean_bytes(), self.mean_bytes);
        if (found / expected - 1.0).abs() > SIZE_TOLERANCE {
            let what = &self.what;
            let message = format!(
                "{what}, gave {found:.0} bytes an answer, while those that were read had \
                 {expected:.0}: some must be errors"
            );
            return Err(message.into());
        }
        Ok(outcome)
    }

    /// Asks, and fails unless every request was answered.
    fn drive(&self, args: &Args, seconds: u64, check: bool) -> Result<Outcome> {
        std::thread::sleep(SETTLE);
        let (url, connections) = (self.program.url.as_str(), args.connections);
        let authorization = self.authorization;
        let (bodies, accept_encoding) = (&self.bodies, args.accept_encoding.as_deref());
        let drive =
            Drive { url, bodies, connections, seconds, authorization, accept_encoding, check };
        let outcome = wrk::run(&drive)?;
        let (failed, requests) = (outcome.failed(), outcome.requests);
        if failed > 0 {
            return Err(format!("{}, failed in {failed} of {requests} requests", self.what).into());
        }
        Ok(outcome)
    }
}
