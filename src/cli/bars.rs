//! Progress bars of a load.

use std::collections::HashMap;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{file_name, thousands, whole};
use crate::load::{Counts, FileSummary, Observer, StepSummary};
use crate::storage::ObjectVersion;
use crate::telemetry;

const BAR: &str = "{prefix:38!} {bar:24} {percent:>3}% {msg}";
/// A step after the files has no known length.
const STEP: &str = "{prefix:38!} {spinner} bringing up to date";

/// A bar for each file or step under way.
#[derive(Default)]
pub(super) struct Bars {
    files: Mutex<HashMap<String, FileBar>>,
}

struct FileBar {
    bar: ProgressBar,
    rows: u64,
}

impl Bars {
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
            // The table at the end has it; screens are small and files may be many.
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
