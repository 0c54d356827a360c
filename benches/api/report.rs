//! What the benchmark prints at its end: Markdown, for the documentation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ::salesgraph::cli::output::thousands;

use crate::documents::Document;
use crate::secured::Caller;
use crate::stats;
use crate::wrk::Outcome;

/// What the rounds of one document gave. A side that could not answer it, or was
/// left out, has none.
pub(crate) struct Row {
    pub(crate) document: &'static Document,
    pub(crate) postgraphile: Vec<Outcome>,
    pub(crate) plain: Vec<Outcome>,
    /// Without columns in memory.
    pub(crate) rows: Vec<Outcome>,
    pub(crate) cached: Vec<Outcome>,
    /// By caller, and whether the cache was on.
    pub(crate) secured: BTreeMap<(Caller, bool), Vec<Outcome>>,
    /// Times a second, of Postgres itself.
    pub(crate) floor: Vec<f64>,
}

impl Row {
    /// A row before the first round.
    pub(crate) fn new(document: &'static Document) -> Self {
        let (postgraphile, plain, rows, cached, secured) = Default::default();
        Self { document, postgraphile, plain, rows, cached, secured, floor: Vec::new() }
    }
}

/// The most memory each server held, in MiB; none where it did not run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) postgraphile: Option<f64>,
    pub(crate) plain: Option<f64>,
    pub(crate) cached: Option<f64>,
}

/// The least requests a second with the cache on.
const GOAL_CACHED: f64 = 10_000.0;
/// The most memory salesgraph may hold.
const GOAL_PEAK_MIB: f64 = 100.0;

/// The table, the ratios of the rounds, and the goals.
pub(crate) fn render(rows: &[Row], memory: Memory) -> String {
    let mut text = String::from(
        "requests a second (median and 99th percentile of the latency in ms); medians of the \
         rounds\n\n\
         | document | PostGraphile 5 | salesgraph | ratio | salesgraph, cache on | Postgres itself |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let ratio =
            median(ratios(row).into_iter()).map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let floor = median(row.floor.iter().copied()).map_or("–".to_owned(), whole);
        _ = writeln!(
            text,
            "| {} | {} | {} | {ratio} | {} | {floor} |",
            row.document.title,
            cell(&row.postgraphile, "–"),
            cell(&row.plain, "not yet"),
            cell(&row.cached, "not yet"),
        );
    }
    let mib = |peak: Option<f64>| peak.map_or("–".to_owned(), |peak| format!("{peak:.0} MiB"));
    let (theirs, plain, cached) = (mib(memory.postgraphile), mib(memory.plain), mib(memory.cached));
    _ = writeln!(text, "| peak memory of the server | {theirs} | {plain} | | {cached} | |");
    text.push_str("\nsalesgraph / PostGraphile, round by round:\n");
    for row in rows {
        let ratios: Vec<String> = ratios(row).iter().map(|ratio| format!("{ratio:.2}")).collect();
        if !ratios.is_empty() {
            _ = writeln!(text, "  {}: {}", row.document.name, ratios.join("  "));
        }
    }
    text.push_str("\nsalesgraph / Postgres itself, round by round:\n");
    for row in rows {
        let rounds = row.plain.iter().zip(&row.floor);
        let ratios: Vec<String> =
            rounds.map(|(ours, floor)| format!("{:.2}", ours.rate() / floor)).collect();
        if !ratios.is_empty() {
            _ = writeln!(text, "  {}: {}", row.document.name, ratios.join("  "));
        }
    }
    text.push_str(&by_rows(rows));
    text.push_str(&secured(rows));
    text.push_str("\ngoals:\n");
    for row in rows {
        let name = row.document.name;
        if let Some((ratio, goal)) = median(ratios(row).into_iter()).zip(row.document.goal) {
            let met = judge(ratio >= goal);
            _ = writeln!(
                text,
                "  {name}: {ratio:.2} times PostGraphile, at least {goal:.0}: {met}"
            );
        }
        if let Some(rate) = median(row.cached.iter().map(Outcome::rate)) {
            let (met, goal) = (judge(rate >= GOAL_CACHED), whole(GOAL_CACHED));
            _ = writeln!(text, "  {name}: {} cached, at least {goal}: {met}", whole(rate));
        }
    }
    for (name, peak) in [("cache off", memory.plain), ("cache on", memory.cached)] {
        if let Some(peak) = peak {
            let met = judge(peak <= GOAL_PEAK_MIB);
            _ = writeln!(
                text,
                "  memory, {name}: {peak:.0} MiB, at most {GOAL_PEAK_MIB:.0}: {met}"
            );
        }
    }
    text
}

/// What columns in memory are worth, round by round.
fn by_rows(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.rows.is_empty()) {
        let rounds = row.plain.iter().zip(&row.rows);
        let ratios: Vec<String> =
            rounds.map(|(ours, rows)| format!("{:.1}", ours.rate() / rows.rate())).collect();
        let name = row.document.name;
        let of_rows = cell(&row.rows, "–");
        _ = writeln!(text, "  {name}: {} (by rows {of_rows})", ratios.join("  "));
    }
    match text.is_empty() {
        true => text,
        false => format!("\nwith columns in memory / by rows, round by round:\n{text}"),
    }
}

/// What access control leaves of the rate, round by round.
fn secured(rows: &[Row]) -> String {
    let mut text = String::new();
    if rows.iter().all(|row| row.secured.is_empty()) {
        return text;
    }
    text.push_str("\nwith access control / without it, round by round:\n");
    for row in rows {
        for ((caller, cache), rounds) in &row.secured {
            let open = if *cache { &row.cached } else { &row.plain };
            let each = || rounds.iter().zip(open).map(|(one, open)| one.rate() / open.rate());
            let ratios: Vec<String> = each().map(|ratio| format!("{ratio:.2}")).collect();
            let rate = median(rounds.iter().map(Outcome::rate)).unwrap_or_default();
            let (met, goal) = if *cache {
                (rate >= GOAL_CACHED, format!("at least {}", whole(GOAL_CACHED)))
            } else {
                let goal = caller.goal();
                (median(each()).is_some_and(|ratio| ratio >= goal), format!("at least {goal:.2}"))
            };
            let (name, caller, met) = (row.document.name, caller.name(), judge(met));
            let (cache, rate) = (if *cache { "cached" } else { "uncached" }, whole(rate));
            let ratios = ratios.join(" ");
            _ = writeln!(
                text,
                "  {name}, {caller}, {cache}: {ratios} ({rate} a second), {goal}: {met}"
            );
        }
    }
    text
}

fn judge(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

fn cell(rounds: &[Outcome], none: &str) -> String {
    let of = |value: fn(&Outcome) -> f64| median(rounds.iter().map(value));
    let (Some(rate), Some(p50), Some(p99)) =
        (of(Outcome::rate), of(Outcome::p50_ms), of(Outcome::p99_ms))
    else {
        return none.to_owned();
    };
    format!("{} ({p50:.1} / {p99:.1})", whole(rate))
}

fn ratios(row: &Row) -> Vec<f64> {
    row.plain
        .iter()
        .zip(&row.postgraphile)
        .map(|(ours, theirs)| ours.rate() / theirs.rate())
        .collect()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    Some(stats::median(values)).filter(|median| !median.is_nan())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is positive and far below 2^64"
)]
fn whole(rate: f64) -> String {
    thousands(rate.round() as u64)
}
