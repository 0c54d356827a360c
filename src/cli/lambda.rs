//! `salesgraph lambda`

mod event;
mod selection;

use std::env;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use self::event::Event;
use self::selection::Selection;
use super::exit::Exit;
use super::{load, operator, shutdown, wiring};
use crate::config::Config;
use crate::error::{Code, Error, Result};
use crate::load::{LoadOptions, Outcome, RunSummary};
use crate::storage::{Source, SourceUri};

const EXAMPLES: &str = "\
Examples:
  cp salesgraph bootstrap && zip function.zip bootstrap
                            for the runtime provided.al2023: started without
                            arguments, the program serves the function
  salesgraph lambda         the command of a function that is a container image

Configured by environment variables as `load` is: DATABASE_URL and SOURCE_URI, and
LOG_FORMAT=json. An invocation is one load in the foreground:
  an S3 notification of created objects, by itself, by EventBridge, SNS or SQS
                            loads those objects, if they are files of the source: of
                            several, all that is new in the folder that they have in
                            common, and the load fails if a file there does
  a schedule of EventBridge, or {}
                            loads what is new in the source

It answers with the summary that `load --json` prints. A load that fails is an error of the
function whose errorType is the code: LOCKED while another run holds the lock, TIMEOUT if it
was stopped before the function's deadline. What was committed stays, so the next invocation
goes on from there; Lambda makes two more of an event that is not of a queue, SQS as many as
the queue says. Rejected rows are no error, nor is an object that is gone. Messages of SQS
that cannot be read are answered as batchItemFailures (ReportBatchItemFailures).";

/// What the runtime of Lambda sets.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const REQUIRED: [&str; 4] = [
    RUNTIME_API,
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];
/// The longest time that is kept for the batches in flight and the end of the run.
const MOST_RESERVED: Duration = Duration::from_secs(30);
/// Files in an answer, which may have six megabytes.
const FILES_SHOWN: usize = 200;

/// Arguments of `lambda`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {}

/// Whether this process is a function of AWS Lambda.
pub(super) fn is_function() -> bool {
    env::var_os(RUNTIME_API).is_some()
}

/// Serves invocations until a signal, or until Lambda ends the process.
pub async fn run(_: &Args, config: &Config) -> Result<Exit> {
    require_runtime()?;
    let configured: SourceUri = config.storage.require_source()?.parse()?;
    config.database.require_url()?;
    let stop = CancellationToken::new();
    shutdown::cancel_on_signal(stop.clone())?;
    let function = Function { config, configured, stop, busy: Mutex::new(()) };
    let runtime = Runtime::new(service_fn(|event| function.answer(event)));
    tokio::select! {
        ended = runtime.run() => {
            let failed = |error| {
                Error::internal("the runtime API of Lambda does not answer").with_source(error)
            };
            ended.map_err(failed)?;
        }
        () = function.stopped_while_idle() => {}
    }
    Ok(Exit::Done)
}

fn require_runtime() -> Result<()> {
    let missing: Vec<_> = REQUIRED.into_iter().filter(|name| env::var_os(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    let message = format!(
        "{missing} not set: `lambda` is started by AWS Lambda; elsewhere use `salesgraph load`"
    );
    Err(Error::new(Code::Config, message))
}

struct Function<'a> {
    config: &'a Config,
    /// The source of which objects are loaded.
    configured: SourceUri,
    stop: CancellationToken,
    /// Held during an invocation.
    busy: Mutex<()>,
}

impl Function<'_> {
    async fn answer(&self, event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
        let _busy = self.busy.lock().await;
        let (payload, context) = event.into_parts();
        let span = tracing::info_span!("invocation", request_id = context.request_id);
        Box::pin(self.invoke(&payload, context.deadline())).instrument(span).await
    }

    /// An invocation in progress is answered; the process is then ended by Lambda.
    async fn stopped_while_idle(&self) {
        self.stop.cancelled().await;
        if self.busy.try_lock().is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn invoke(&self, payload: &Value, deadline: SystemTime) -> Result<Value, Diagnostic> {
        let event = Event::read(payload).map_err(|error| diagnostic(&error))?;
        let options = wiring::load_options(self.config, false).await;
        let options = options.map_err(|error| diagnostic(&error))?;
        let selection = match event.objects {
            None => Selection::everything(self.configured.clone()),
            Some(objects) => Selection::of(objects, &self.configured, &options),
        };
        if selection.ignored_count > 0 {
            let Selection { ignored, ignored_count, .. } = &selection;
            tracing::warn!(ignored_count, ?ignored, "objects that are not files of the source");
        }
        let Selection { source, taken, mut ignored, .. } = selection;
        let answer = match source {
            None => None,
            Some(source) => self.load(source, !taken.is_empty(), options, deadline).await?,
        };
        let mut answer = answer.unwrap_or_else(|| {
            ignored.extend(taken);
            json!({ "outcome": "nothing_to_load" })
        });
        set(&mut answer, "ignored", ignored.into());
        if !event.unread.is_empty() {
            tracing::warn!(unread = ?event.unread, "messages of the batch that cannot be read");
        }
        if event.is_batch {
            let failed = event.unread.into_iter().map(|id| json!({ "itemIdentifier": id }));
            set(&mut answer, "batchItemFailures", failed.collect());
        }
        Ok(answer)
    }

    /// `None` if the objects of an event are gone.
    async fn load(
        &self,
        source: SourceUri,
        may_be_gone: bool,
        options: LoadOptions,
        deadline: SystemTime,
    ) -> Result<Option<Value>, Diagnostic> {
        let stop = self.stop.child_token();
        let object = source.to_string();
        let work = operator::asked("load", object, self.summarise(source, options, stop.clone()));
        let mut work = Box::pin(work);
        let ended = tokio::select! {
            ended = &mut work => ended,
            () = sleep(working_time(deadline)) => {
                tracing::warn!("stopping before the deadline of the function");
                stop.cancel();
                work.await
            }
        };
        let summary = ended.map_err(|error| diagnostic(&error))?;
        match summary.outcome {
            Outcome::Failed if may_be_gone && found_nothing(&summary) => {
                // A bucket that is not there is another matter.
                self.require_listing().await.map_err(|error| diagnostic(&error))?;
                tracing::warn!("the objects of the event are gone");
                Ok(None)
            }
            Outcome::Failed => Err(failure(&summary, stop.is_cancelled())),
            Outcome::Succeeded | Outcome::SucceededWithRejects => Ok(Some(shown(summary)?)),
        }
    }

    async fn require_listing(&self) -> Result<()> {
        let settings = crate::storage::S3Settings::from(&self.config.storage);
        let source = Source::connect(&self.configured, &settings).await?;
        source.list().next_page().await?;
        Ok(())
    }

    async fn summarise(
        &self,
        source: SourceUri,
        options: LoadOptions,
        stop: CancellationToken,
    ) -> Result<RunSummary> {
        wiring::ready_schema(self.config, false).await?;
        let settings = crate::storage::S3Settings::from(&self.config.storage);
        let source = Source::connect(&source, &settings).await?;
        let (load, known) = load::prepare(self.config, source, options, stop).await?;
        load.run_as(known).await
    }
}

/// Whether the run ended as there was no file to load.
fn found_nothing(summary: &RunSummary) -> bool {
    summary.error.as_ref().is_some_and(|error| error.code == Code::NotFound.as_str())
}

/// How long a load may go on: a fifth of the time is kept for its end.
fn working_time(deadline: SystemTime) -> Duration {
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    left.saturating_sub((left / 5).min(MOST_RESERVED))
}

/// The error of the function for a failed run. Its log has the rest.
fn failure(summary: &RunSummary, is_stopped: bool) -> Diagnostic {
    let error = summary.first_error();
    let message = error.map_or("a file failed", |error| error.message.as_str());
    let run = summary.run_id.unwrap_or_default();
    if is_stopped {
        let read = summary.totals.read;
        return Diagnostic {
            error_type: Code::Timeout.as_str().to_owned(),
            error_message: format!("run {run} was stopped after {read} rows: {message}"),
        };
    }
    let file = summary.files.iter().find(|file| file.error.is_some() && summary.error.is_none());
    let file = file.map(|file| format!("{}: ", file.key)).unwrap_or_default();
    Diagnostic {
        error_type: error.map_or(Code::Internal.as_str(), |error| error.code).to_owned(),
        error_message: format!("run {run} failed: {file}{message}"),
    }
}

/// The summary as JSON, with as many files as an answer may have.
fn shown(mut summary: RunSummary) -> Result<Value, Diagnostic> {
    let omitted = summary.files.len().saturating_sub(FILES_SHOWN);
    summary.files.truncate(FILES_SHOWN);
    let mut shown = serde_json::to_value(summary).map_err(|error| {
        diagnostic(&Error::internal("the summary cannot be serialised").with_source(error))
    })?;
    if omitted > 0 {
        set(&mut shown, "files_omitted", omitted.into());
    }
    Ok(shown)
}

/// Sets a field of an object.
fn set(object: &mut Value, field: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(field.to_owned(), value);
    }
}

/// The error of the function: whoever invokes it sees the public message.
fn diagnostic(error: &Error) -> Diagnostic {
    tracing::error!(code = error.code().as_str(), error = error.detail(), "nothing is loaded");
    Diagnostic {
        error_type: error.code().as_str().to_owned(),
        error_message: error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_stops_before_the_deadline() {
        let of = |seconds| working_time(SystemTime::now() + Duration::from_secs(seconds));
        assert!(of(900) <= Duration::from_secs(870) && of(900) > Duration::from_secs(860));
        assert!(of(10) <= Duration::from_secs(8) && of(10) > Duration::from_secs(7));
        assert_eq!(working_time(SystemTime::UNIX_EPOCH), Duration::ZERO);
    }
}
