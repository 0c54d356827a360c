//! What the benchmark prints at its end.

use salesgraph::cli::output::{Cell, Table};

use crate::measure::Usage;
use crate::stats::median;

/// One pair of runs, and the run that finds nothing new.
pub(crate) struct Pair {
    pub(crate) psql: Usage,
    pub(crate) load: Usage,
    pub(crate) again: Usage,
}

impl Pair {
    /// How many times as long as psql the loader took.
    pub(crate) fn ratio(&self) -> f64 {
        self.load.seconds / self.psql.seconds
    }
}

/// The most the loader may take in terms of psql's time.
const GOAL_RATIO: f64 = 1.3;
/// The most memory the loader may hold.
const GOAL_PEAK_MIB: f64 = 64.0;
/// The most seconds a run over unchanged files may take.
const GOAL_AGAIN_SECONDS: f64 = 0.5;

/// The table of medians and the goals.
pub(crate) fn render(pairs: &[Pair], rows: i64) -> String {
    let mut table = Table::new(["median of each", "seconds", "rows/s", "peak MiB", "CPU s"]);
    table.push(line("psql \\copy", pairs, |pair| &pair.psql, Some(rows)));
    table.push(line("salesgraph load", pairs, |pair| &pair.load, Some(rows)));
    table.push(line("  run again", pairs, |pair| &pair.again, None));
    let ratios: Vec<String> = pairs.iter().map(|pair| format!("{:.2}", pair.ratio())).collect();
    let ratio = median(pairs.iter().map(Pair::ratio));
    let peak = pairs.iter().map(|pair| pair.load.peak_mib()).fold(0.0, f64::max);
    let again = median(pairs.iter().map(|pair| pair.again.seconds));
    let mut goals = Table::new(["goal", "at most", "measured", ""]);
    goals.push(goal("load / psql, median of the pairs", GOAL_RATIO, ratio));
    goals.push(goal("peak MiB of the loader, greatest", GOAL_PEAK_MIB, peak));
    goals.push(goal("seconds of a run over unchanged files", GOAL_AGAIN_SECONDS, again));
    format!(
        "{}\nload / psql, pair by pair: {}\n\n{}",
        table.render(),
        ratios.join("  "),
        goals.render()
    )
}

fn line(name: &str, pairs: &[Pair], side: fn(&Pair) -> &Usage, rows: Option<i64>) -> [Cell; 5] {
    let of = |value: fn(&Usage) -> f64| median(pairs.iter().map(|pair| value(side(pair))));
    let seconds = of(|usage| usage.seconds);
    let speed = rows.map(|rows| whole(count(rows) / seconds));
    [
        name.into(),
        Cell::Seconds(seconds),
        speed.map_or_else(|| "".into(), Cell::Count),
        Cell::Seconds(of(Usage::peak_mib)),
        Cell::Seconds(of(|usage| usage.cpu_seconds)),
    ]
}

fn goal(name: &str, most: f64, measured: f64) -> [Cell; 4] {
    let judgement = if measured <= most { "met" } else { "missed" };
    [name.into(), Cell::Seconds(most), Cell::Seconds(measured), judgement.into()]
}

#[expect(clippy::cast_precision_loss, reason = "rows and KiB stay far below 2^53")]
fn count(number: i64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a speed is positive and far below 2^64"
)]
fn whole(speed: f64) -> u64 {
    speed.round() as u64
}
