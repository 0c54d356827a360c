//! Commits to tables.

use http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::super::call::Sent;
use super::super::http::Answer;
use super::super::wire::{Change, Loaded};
use super::{Catalog, body, is_iceberg, segment};
use crate::error::{Code, Error, Result};

/// How often a commit is sent that may have been done.
const MOST_COMMITS: usize = 3;

/// A change of a table that is to be committed.
pub(in crate::lake) struct Commit<'a> {
    pub(in crate::lake) table: &'a str,
    pub(in crate::lake) change: &'a Change,
    /// Whether it is done, as the table shows.
    pub(in crate::lake) is_done: &'a (dyn Fn(&Loaded) -> bool + Send + Sync),
}

/// How commits have ended.
pub(in crate::lake) enum Outcome {
    /// All are done, and the tables are these.
    Done(Vec<Loaded>),
    /// One of them cannot be done, as the table has changed. Those before it are done.
    Conflict,
}

impl Catalog {
    /// Commits changes: all at once where the catalogue can, else one after another. It ends
    /// well before a commit of a process that is gone is held to be over.
    ///
    /// # Errors
    /// Those of requests, and if `stop` ends it. What is done is then not known: the tables show
    /// it.
    pub(in crate::lake) async fn commit(
        &self,
        commits: &[Commit<'_>],
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        match timeout(self.longest_commit, self.commit_all(commits, stop)).await {
            Ok(ended) => ended,
            Err(_) => {
                let message = format!(
                    "the catalogue {} has not committed all tables within {} s; the next run \
                     finds out which",
                    self.caller.uri,
                    self.longest_commit.as_secs_f64()
                );
                Err(Error::new(Code::Unavailable, message))
            }
        }
    }

    async fn commit_all(
        &self,
        commits: &[Commit<'_>],
        stop: &CancellationToken,
    ) -> Result<Outcome> {
        if commits.len() > 1 && self.known(stop).await?.has_transactions {
            let done = self.commit_together(commits, stop).await?;
            return Ok(done.map_or(Outcome::Conflict, Outcome::Done));
        }
        let mut done = Vec::new();
        for commit in commits {
            match self.commit_one(commit, stop).await? {
                Some(loaded) => done.push(loaded),
                None => return Ok(Outcome::Conflict),
            }
        }
        Ok(Outcome::Done(done))
    }

    /// `None` if the table has changed.
    async fn commit_one(
        &self,
        commit: &Commit<'_>,
        stop: &CancellationToken,
    ) -> Result<Option<Loaded>> {
        let table = commit.table;
        let url = format!("{}/{}", self.tables_url(stop).await?, segment(table));
        let change = body(&self.identified(commit)?)?;
        let mut last = None;
        for _ in 0..MOST_COMMITS {
            let sent = self.caller.tell(&url, &change, stop).await?;
            match sent {
                Sent::Answer(answer) if answer.status.is_success() => {
                    return Loaded::parse(&answer.body, table).map(Some);
                }
                Sent::Answer(answer) if !is_conflict(&answer) => {
                    return Err(self.caller.refused(&format!("a commit to {table}"), &answer));
                }
                Sent::Answer(_) => return self.is_done(commit, stop).await,
                Sent::Unknown(error) => {
                    if let Some(loaded) = self.is_done(commit, stop).await? {
                        return Ok(Some(loaded));
                    }
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::internal("a commit was not sent")))
    }

    /// `None` if a table has changed.
    async fn commit_together(
        &self,
        commits: &[Commit<'_>],
        stop: &CancellationToken,
    ) -> Result<Option<Vec<Loaded>>> {
        let url = format!("{}/transactions/commit", self.known(stop).await?.base);
        let changes: Vec<Json> =
            commits.iter().map(|commit| self.identified(commit)).collect::<Result<_>>()?;
        let change = body(&json!({"table-changes": changes}))?;
        let mut last = None;
        for _ in 0..MOST_COMMITS {
            match self.caller.tell(&url, &change, stop).await? {
                Sent::Answer(answer) if !answer.status.is_success() && !is_conflict(&answer) => {
                    return Err(self.caller.refused("a commit of several tables", &answer));
                }
                // It has no tables.
                Sent::Answer(_) => return self.are_done(commits, stop).await,
                Sent::Unknown(error) => {
                    if let Some(loaded) = self.are_done(commits, stop).await? {
                        return Ok(Some(loaded));
                    }
                    last = Some(error);
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::internal("a commit was not sent")))
    }

    /// The tables, if all of them show that their changes are done.
    async fn are_done(
        &self,
        commits: &[Commit<'_>],
        stop: &CancellationToken,
    ) -> Result<Option<Vec<Loaded>>> {
        let mut done = Vec::new();
        for commit in commits {
            match self.is_done(commit, stop).await? {
                Some(loaded) => done.push(loaded),
                None => return Ok(None),
            }
        }
        Ok(Some(done))
    }

    /// The table, if it shows that the change is done.
    async fn is_done(
        &self,
        commit: &Commit<'_>,
        stop: &CancellationToken,
    ) -> Result<Option<Loaded>> {
        let loaded = self.load(commit.table, stop).await?;
        Ok(loaded.filter(|loaded| (commit.is_done)(loaded)))
    }

    fn identified(&self, commit: &Commit<'_>) -> Result<Json> {
        let failed = |error| Error::internal("a commit cannot be written").with_source(error);
        let mut change = serde_json::to_value(commit.change).map_err(failed)?;
        if let Some(change) = change.as_object_mut() {
            let identifier = json!({"namespace": [self.namespace], "name": commit.table});
            change.insert("identifier".to_owned(), identifier);
        }
        Ok(change)
    }
}

/// Whether a table has changed, or is there no longer.
fn is_conflict(answer: &Answer) -> bool {
    answer.status == StatusCode::CONFLICT
        || (answer.status == StatusCode::NOT_FOUND && is_iceberg(answer))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::OnceCell;

    use super::super::tests::catalog;
    use super::super::{Known, LONGEST_COMMIT};
    use super::*;

    #[tokio::test]
    async fn a_commit_has_an_end() {
        // It takes connections and never answers.
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut catalog = catalog(&format!("http://{}", server.local_addr().unwrap())).await;
        let base = format!("{}/v1", catalog.caller.uri);
        catalog.known = OnceCell::new_with(Some(Known { base, has_transactions: false }));
        catalog.longest_commit = Duration::from_millis(100);
        let change = Change { requirements: Vec::new(), updates: Vec::new() };
        let commit = Commit { table: "sales", change: &change, is_done: &|_| false };
        let ended = catalog.commit(&[commit], &CancellationToken::new()).await;
        let error = ended.err().unwrap();
        assert_eq!(error.code(), Code::Unavailable);
        assert!(error.message().contains("has not committed all tables"), "{error:?}");
        assert!(
            LONGEST_COMMIT < Duration::from_secs(5 * 60),
            "an attempt is dead after twice that"
        );
    }
}
