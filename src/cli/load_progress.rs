//! The progress of a load, bars on a terminal and log lines elsewhere, and its final
//! table.

use std::sync::Arc;

use super::output::{Cell, Table, file_name, thousands, whole};
use crate::load::{
    Counts, DoubtfulSample, FileSummary, LeftOut, Observer, RejectSample, RunSummary, StepSummary,
};
use crate::storage::ObjectVersion;

/// Logs the start and the end of each file and step.
struct Lines;

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

    fn mirrored(&self, summary: &FileSummary) {
        let FileSummary { key, counts, .. } = summary;
        tracing::info!(key, removed = counts.removed, kept = counts.kept, "mirrored");
    }

    fn deriving(&self, step: &'static str) {
        tracing::info!(step, "bringing up to date");
    }

    fn derived(&self, summary: &StepSummary) {
        let StepSummary { step, rows_written, seconds } = summary;
        tracing::info!(step, rows_written, seconds, "up to date");
    }
}

/// Bars where standard error is a terminal that can show them.
pub(super) fn observer() -> Arc<dyn Observer> {
    #[cfg(feature = "demo")]
    if !crate::telemetry::screen().is_hidden() {
        return Arc::new(super::bars::Bars::default());
    }
    Arc::new(Lines)
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
    for file in &summary.files {
        text.extend(file.doubtful_samples.iter().map(|sample| doubt(&file.key, sample)));
        let more = file.doubtful.saturating_sub(file.doubtful_samples.len() as u64);
        if more > 0 {
            text.push_str(&format!("{}: and {} more doubtful rows\n", file.key, thousands(more)));
        }
        text.extend(mirrored(file, summary.run_id.is_some()));
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
    for file in summary.files.iter().filter(|file| file.not_loaded_before > 0) {
        let rows = thousands(whole(file.not_loaded_before));
        text.push_str(&format!("{}: earlier runs rejected or parked {rows} rows\n", file.key));
    }
    for LeftOut { key, expected } in &summary.left_out {
        text.push_str(&format!("left out: {key}; a file to load is called {expected}\n"));
    }
    if summary.files_left_out > 0 {
        let count = thousands(summary.files_left_out as u64);
        text.push_str(&format!("{count} file(s) with nearly the name of one to load, left out\n"));
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

/// What a mirrored file removed, or would remove, as a line.
fn mirrored(file: &FileSummary, done: bool) -> Option<String> {
    let Counts { removed, kept, .. } = file.counts;
    if removed == 0 && kept == 0 {
        return None;
    }
    let (removed, kept) = (thousands(whole(removed)), thousands(whole(kept)));
    let does = if done { "removed" } else { "would remove" };
    let key = &file.key;
    Some(format!("{key}: {does} {removed} rows it lacks, keep {kept} that others refer to\n"))
}

/// A row that is accepted and may have taken in others, as a line.
fn doubt(key: &str, sample: &DoubtfulSample) -> String {
    let DoubtfulSample { line, inner_line } = sample;
    format!("{key}:{line}: accepted, but line {inner_line} in a quoted field may be a row\n")
}

/// A row that a check would reject, as a line.
fn finding(key: &str, sample: &RejectSample) -> String {
    let RejectSample { key: own, line, column, reason, message } = sample;
    let key = own.as_deref().unwrap_or(key);
    let column = column.as_ref().map(|column| format!(" {column}:")).unwrap_or_default();
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
