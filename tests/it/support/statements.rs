//! The statements that a piece of code sends, as sqlx logs them.

use std::cell::RefCell;
use std::fmt;
use std::sync::Once;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

thread_local! {
    /// What this thread has sent while it records; `None` when it does not.
    static SEEN: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Asked once for a pool, whoever comes first: it is no statement of anybody's work.
const LAYOUT: &str = "SELECT to_regproc('note_change') IS NOT NULL";

/// Of the statement that estimates sizes, asked once a minute by whoever comes then.
const SIZES: &str = "pg_stat_get_live_tuples";

/// The statements of `work`, which must stay on its thread.
pub(crate) async fn during<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    // One subscriber for the process: the interest in an event is cached for all
    // threads, and those that do not record would decide it.
    static START: Once = Once::new();
    START.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(Statements);
        tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
    });
    SEEN.set(Some(Vec::new()));
    let value = work.await;
    (value, SEEN.take().unwrap_or_default())
}

thread_local! {
    /// The plans that Postgres has told this thread while it records.
    static PLANS: RefCell<Option<Vec<serde_json::Value>>> = const { RefCell::new(None) };
}

/// The statements of `work`, which must stay on its thread, with their plans, as databases tell
/// them that [`super::cluster::tell_plans`] was called for.
pub(crate) async fn explained<T>(work: impl Future<Output = T>) -> (T, Vec<serde_json::Value>) {
    PLANS.set(Some(Vec::new()));
    let (value, _) = during(work).await;
    (value, PLANS.take().unwrap_or_default())
}

fn note_plan(event: &Event<'_>) {
    PLANS.with_borrow_mut(|plans| {
        let Some(plans) = plans else { return };
        let mut text = Text::default();
        event.record(&mut text);
        let plan = text.message.split_once("plan:\n").map(|(_, plan)| plan);
        plans.extend(plan.map(|plan| serde_json::from_str(plan).expect("a plan as JSON")));
    });
}

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        match event.metadata().target() {
            "sqlx::query" => {}
            "sqlx::postgres::notice" => return note_plan(event),
            _ => return,
        }
        SEEN.with_borrow_mut(|seen| {
            if let Some(seen) = seen {
                let mut text = Text::default();
                event.record(&mut text);
                let sql = if text.whole.is_empty() { text.summary } else { text.whole };
                if sql.trim() != LAYOUT && !sql.contains(SIZES) {
                    seen.push(sql);
                }
            }
        });
    }
}

#[derive(Default)]
struct Text {
    summary: String,
    whole: String,
    message: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            "message" => value.clone_into(&mut self.message),
            _ => {}
        }
    }
}
