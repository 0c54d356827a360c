//! Statements as Postgres executed them, and whether a cluster takes them.

use std::collections::BTreeMap;

use crate::support::cluster::refusal;
use crate::support::servers::servers;
use crate::support::statements;

/// How many are shown.
const SHOWN: usize = 8;

/// Distinct ones of the connections of a database whose plans are told, with their plans. A cluster
/// tells none: it has taken them, and there is nothing to look at.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, serde_json::Value>);

impl Seen {
    /// Adds those of some work.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        // Loads are too large for the stack of a test, several times over.
        let (done, plans) = statements::explained(Box::pin(work)).await;
        for mut plan in plans {
            let sql = plan["Query Text"].as_str().expect("a statement").to_owned();
            self.0.insert(sql, plan["Plan"].take());
        }
        done
    }

    /// Whether one of them has this text.
    #[track_caller]
    pub(super) fn assert_has(&self, texts: &[&str]) {
        for text in texts.iter().filter(|_| !servers().is_cluster()) {
            let has = self.0.keys().any(|sql| sql.contains(text));
            assert!(has, "no statement has {text}: what it does is not looked at");
        }
    }

    /// None of them has what a cluster refuses, and Postgres made a plan for each.
    #[track_caller]
    pub(super) fn check(&self) {
        if servers().is_cluster() {
            return;
        }
        assert!(self.0.len() > 5, "only {:?}", self.0.keys());
        let refused = self.0.keys().filter_map(|sql| Some((sql, refusal(sql)?)));
        let refused: Vec<String> =
            refused.map(|(sql, why)| format!("{why}:\n{sql}")).take(SHOWN).collect();
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
        let unplanned: Vec<_> = self.0.iter().filter(|(_, plan)| plan.is_null()).collect();
        assert!(unplanned.is_empty(), "{unplanned:?}");
    }
}
