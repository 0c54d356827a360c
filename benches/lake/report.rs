//! What the benchmark prints at its end: Markdown, for the documentation.

use std::fmt::Write as _;

use crate::questions::Question;
use crate::stats::median;

/// The seconds of each side's answers to a question.
pub(crate) struct Times {
    question: &'static Question,
    sides: Vec<(&'static str, Vec<f64>)>,
}

impl Times {
    pub(crate) fn new(question: &'static Question, names: Vec<&'static str>) -> Self {
        Self { question, sides: names.into_iter().map(|name| (name, Vec::new())).collect() }
    }

    pub(crate) fn push(&mut self, side: usize, seconds: f64) {
        if let Some((_, times)) = self.sides.get_mut(side) {
            times.push(seconds);
        }
    }
}

/// The table, and how many times as long as the API each side took.
pub(crate) fn render(measured: &[Times]) -> String {
    let mut text = String::from("seconds: the median (least to most)\n\n| |");
    let Some(first) = measured.first() else { return text };
    for (name, _) in &first.sides {
        _ = write!(text, " {name} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(first.sides.len()));
    for times in measured {
        _ = write!(text, "\n| {} |", times.question.title);
        for (_, seconds) in &times.sides {
            let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = seconds.iter().copied().fold(0.0, f64::max);
            let middle = median(seconds.iter().copied());
            _ = write!(text, " {} ({} to {}) |", shown(middle), shown(least), shown(most));
        }
    }
    text.push_str("\n\nratios of the medians\n");
    for times in measured {
        _ = writeln!(text, "  {}:", times.question.title);
        let of = |side: &str| {
            let found = times.sides.iter().find(|(name, _)| *name == side);
            found.map(|(_, seconds)| median(seconds.iter().copied()))
        };
        for (upper, lower) in [
            ("Daft, one worker", "Daft, two workers"),
            ("Daft, two workers", "DuckDB"),
            ("Postgres' rows", "Daft, two workers"),
            ("Postgres' rows", "DuckDB"),
            ("Postgres' rows", "API"),
            ("DuckDB", "API"),
            ("API, lake", "API"),
        ] {
            if let (Some(over), Some(under)) = (of(upper), of(lower)) {
                _ = writeln!(text, "    {upper} / {lower}: {:.2}", over / under);
            }
        }
    }
    text
}

/// Three digits.
fn shown(seconds: f64) -> String {
    match seconds {
        great if great >= 100.0 => format!("{great:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small if small >= 0.1 => format!("{small:.2}"),
        least => format!("{least:.4}"),
    }
}
