//! The progress of a load, bars on a terminal and log lines elsewhere, and its final
//! table.

use std::collections::HashMap;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{Cell, Progress, Table, thousands};
use crate::load::{Counts, FileSummary, Observer, RejectSample, RunSummary, StepSummary};
use crate::storage::ObjectVersion;
use crate::telemetry;

const BAR: &str = "{prefix:38!} {bar:24} {percent:>3}% {msg}";
/// For a step after the files, whose length is unknown.
const STEP: &str = "{prefix:38!} {spinner} bringing up to date";

/// Shows a bar for each file in progress.
pub(super) struct Bars {
    files: Mutex<HashMap<String, FileBar>>,
}

struct FileBar {
    bar: ProgressBar,
    rows: u64,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { files: Mutex::default() }
    }

    fn add(&self, key: &str, name: &str, bar: ProgressBar, template: &str) {
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = telemetry::screen().add(bar.with_style(style));
        bar.set_prefix(name.to_owned());
        if let Ok(mut files) = self.files.lock() {
            files.insert(key.to_owned(), FileBar { bar, rows: 0 });
        }
    }

    fn with(&self, key: &str, act: impl FnOnce(&mut FileBar)) {
        if let Ok(mut files) = self.files.lock()
            && let Some(file) = files.get_mut(key)
        {
            act(file);
        }
    }
}

impl Observer for Bars {
    fn began(&self, object: &ObjectVersion) {
        self.add(&object.key, file_name(&object.key), ProgressBar::new(object.size), BAR);
    }

    fn read(&self, object: &ObjectVersion, bytes: u64) {
        self.with(&object.key, |file| file.bar.set_position(bytes));
    }

    fn batch(&self, object: &ObjectVersion, counts: Counts) {
        self.with(&object.key, |file| {
            file.rows += whole(counts.read);
            file.bar.set_message(format!("{} rows", thousands(file.rows)));
        });
    }

    fn ended(&self, summary: &FileSummary) {
        let ended = self.files.lock().ok().and_then(|mut files| files.remove(&summary.key));
        match (ended, &summary.error) {
            (Some(file), Some(error)) => {
                file.bar.abandon_with_message(format!("failed: {}", error.message));
            }
            // The final table lists it; a screen may be too small for all files.
            (Some(file), None) => file.bar.finish_and_clear(),
            (None, _) => {}
        }
    }

    fn deriving(&self, step: &'static str) {
        self.add(step, step, ProgressBar::new_spinner(), STEP);
    }

    fn derived(&self, summary: &StepSummary) {
        let ended = self.files.lock().ok().and_then(|mut files| files.remove(summary.step));
        if let Some(step) = ended {
            step.bar.finish_and_clear();
        }
    }
}

/// Logs when a file begins and ends.
pub(super) struct Lines;

impl Observer for Lines {
    fn began(&self, object: &ObjectVersion) {
        tracing::info!(%object, bytes = object.size, "loading");
    }

    fn ended(&self, summary: &FileSummary) {
        let FileSummary { key, counts, seconds, .. } = summary;
        tracing::info!(
            key,
            read = counts.read,
            inserted = counts.inserted,
            updated = counts.updated,
            unchanged = counts.unchanged,
            rejected = counts.rejected,
            parked = counts.parked,
            seconds,
            "ended"
        );
    }

    fn deriving(&self, step: &'static str) {
        tracing::info!(step, "bringing up to date");
    }

    fn derived(&self, summary: &StepSummary) {
        let StepSummary { step, rows_written, seconds } = summary;
        tracing::info!(step, rows_written, seconds, "up to date");
    }
}

/// Bars if standard error is a terminal, otherwise lines.
pub(super) fn observer() -> std::sync::Arc<dyn Observer> {
    match Progress::choose() {
        Progress::Bars => std::sync::Arc::new(Bars::new()),
        Progress::Lines => std::sync::Arc::new(Lines),
    }
}

/// The final table of a run, with failed and skipped files below.
pub(super) fn table(summary: &RunSummary) -> String {
    let mut table = Table::new([
        "file", "rows read", "inserted", "updated", "unchanged", "rejected", "parked", "seconds",
    ]);
    for file in &summary.files {
        table.push(row(file_name(&file.key).into(), file.counts, file.seconds));
    }
    table.foot(row("all".into(), summary.totals, summary.seconds));
    let mut text = table.render();
    for file in &summary.files {
        if let Some(error) = &file.error {
            text.push_str(&format!("failed: {}: {} ({})\n", file.key, error.message, error.code));
        }
    }
    for file in &summary.files {
        text.extend(file.samples.iter().map(|sample| finding(&file.key, sample)));
        let more = whole(file.counts.rejected).saturating_sub(file.samples.len() as u64);
        if more > 0 && !file.samples.is_empty() {
            text.push_str(&format!("{}: and {} more\n", file.key, thousands(more)));
        }
    }
    for StepSummary { step, rows_written, seconds } in &summary.steps {
        let rows = thousands(whole(*rows_written));
        text.push_str(&format!("{step} brought up to date: {rows} rows in {seconds:.2} s\n"));
    }
    if let Some(error) = &summary.error {
        text.push_str(&format!("failed: {} ({})\n", error.message, error.code));
    }
    if summary.files_skipped > 0 {
        text.push_str(&format!("{} file(s) loaded before, skipped\n", summary.files_skipped));
    }
    if summary.totals.rejected > 0 && summary.run_id.is_some() {
        text.push_str("`salesgraph rejects list` shows the rejected rows\n");
    }
    if summary.totals.parked > 0 {
        text.push_str("parked rows wait for their parents; a later load resolves them\n");
    }
    text.push_str(&format!("{}\n", summary.outcome.as_str()));
    text
}

/// A row that a check would reject, as a line.
fn finding(key: &str, sample: &RejectSample) -> String {
    let RejectSample { line, column, reason, message } = sample;
    let column = column.map(|column| format!(" {column}:")).unwrap_or_default();
    format!("{key}:{line}:{column} {message} ({reason})\n")
}

fn row(name: Cell, counts: Counts, seconds: f64) -> [Cell; 8] {
    let number = |count: i64| match u64::try_from(count) {
        Ok(count) => Cell::Count(count),
        // Negative if rows of earlier runs were resolved.
        Err(_) => Cell::Text(count.to_string()),
    };
    [
        name,
        number(counts.read),
        number(counts.inserted),
        number(counts.updated),
        number(counts.unchanged),
        number(counts.rejected),
        number(counts.parked),
        Cell::Seconds(seconds),
    ]
}

fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

fn whole(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
