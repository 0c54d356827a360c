//! The job: the engine scans, and its groups are put into Postgres.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use sqlx::{PgPool, Row as _};
use tokio::time::sleep;
use uuid::Uuid;

use super::super::handler::{Handler, Run};
use super::array;
use super::request::WITHOUT_ANSWER;
use super::sweep::sweep;
use crate::error::{Code, Error, Result};
use crate::lake::Question;
use crate::lake::curated::Curated;
use crate::lake::engine::LakeEngine;

/// Most groups of an answer.
const MOST_GROUPS: usize = 1_000_000;
/// Bytes sent to Postgres at a time.
const CHUNK: usize = 1 << 20;
/// How often it is looked whether somebody still waits.
const LOOK: Duration = Duration::from_secs(2);

/// Answers questions to the lake: the payload is `{"answer": id}`.
#[derive(Clone)]
pub struct AnswerFromLake {
    /// The main database.
    pub pool: PgPool,
    /// The lake.
    pub lake: Curated,
    /// What scans it.
    pub engine: Arc<LakeEngine>,
}

struct Wanted {
    id: Uuid,
    metadata: String,
    question: Question,
}

impl AnswerFromLake {
    async fn answer(&self, id: Uuid) -> Result<()> {
        if self.leave(id).await? {
            return Ok(());
        }
        let Some(wanted) = self.wanted(id).await? else { return Ok(()) };
        let scan = self.lake.scan_sales(&wanted.metadata).await?;
        let Question { keys, totals, parts, .. } = &wanted.question;
        let mut answering = self.engine.begin(scan, &wanted.question).await?;
        let mut transaction = self.pool.begin().await?;
        let mut groups: usize = 0;
        for part in parts {
            let mut batches = answering.part(part).await?;
            let copy = "COPY lake_answer_group (answer_id, keys, totals) FROM STDIN";
            let mut copy = transaction.copy_in_raw(copy).await?;
            let (mut lines, mut rows) = (Vec::with_capacity(CHUNK), 0);
            let id = wanted.id.to_string();
            while let Some(batch) = batches.try_next().await? {
                rows += batch.rows;
                if rows > MOST_GROUPS {
                    return Err(too_many());
                }
                array::write(&mut lines, &id, &batch, *keys, &part.totals, *totals);
                if lines.len() > CHUNK {
                    copy.send(std::mem::take(&mut lines)).await?;
                }
            }
            copy.send(lines).await?;
            copy.finish().await?;
            groups = groups.saturating_add(rows);
        }
        let noted = sqlx::query(
            "UPDATE lake_answer SET state = 'succeeded', groups = $2, \
                 wanted_until = greatest(wanted_until, now() + interval '10 seconds') \
             WHERE id = $1 AND state = 'queued'",
        )
        .bind(wanted.id)
        .bind(i64::try_from(groups).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
        if noted.rows_affected() != 1 {
            // Another worker took the job over, as this one gave no sign. Its groups are there,
            // and these would count twice.
            transaction.rollback().await?;
            tracing::info!(answer = %id, "the question has been answered, or given up, elsewhere");
            return Ok(());
        }
        // Who waits for it looks then.
        sqlx::query("SELECT pg_notify('salesgraph_activity', '')")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        tracing::info!(answer = %id, groups, parts = parts.len(), "the lake has answered");
        Ok(())
    }

    /// The question, unless it has been answered or given up.
    async fn wanted(&self, id: Uuid) -> Result<Option<Wanted>> {
        let row = sqlx::query(
            "SELECT metadata, question FROM lake_answer WHERE id = $1 AND state = 'queued'",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let question: serde_json::Value = row.try_get("question")?;
        let question = serde_json::from_value(question).map_err(|error| {
            let message = "the worker does not know questions of this kind: it is of another \
                           release than the server";
            Error::new(Code::Conflict, message).with_source(error)
        })?;
        Ok(Some(Wanted { id, metadata: row.try_get("metadata")?, question }))
    }

    /// Gives the question up if nobody waits for it any more; whether it has. Who asks at the
    /// same moment either keeps it or asks anew, so no question is left without a job.
    async fn leave(&self, id: Uuid) -> Result<bool> {
        let left = sqlx::query(
            "UPDATE lake_answer SET state = 'failed', error_code = $2, error_message = $3 \
             WHERE id = $1 AND state = 'queued' AND wanted_until <= now()",
        )
        .bind(id)
        .bind(Code::Conflict.as_str())
        .bind(WITHOUT_ANSWER)
        .execute(&self.pool)
        .await?;
        Ok(left.rows_affected() == 1)
    }

    /// Ends when nobody waits any more, and the question is given up.
    async fn unwanted(&self, id: Uuid) {
        loop {
            sleep(LOOK).await;
            match self.leave(id).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(answer = %id, error = error.detail(), "the answer is looked at again");
                }
            }
        }
    }

    /// Makes room. That may fail without harm: the next question does it.
    async fn sweep(&self) {
        let swept = async { sweep(&mut *self.pool.acquire().await?).await };
        if let Err(error) = swept.await {
            tracing::warn!(error = error.detail(), "old answers of the lake are removed later");
        }
    }
}

impl Handler for AnswerFromLake {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let id = answer_of(job)?;
            self.sweep().await;
            let ended = tokio::select! {
                ended = Box::pin(self.answer(id)) => ended,
                () = job.stop.cancelled() => Err(Error::new(Code::Conflict, "the job was stopped")),
                () = self.unwanted(id) => {
                    tracing::info!(answer = %id, "nobody waits for the lake any more");
                    Ok(())
                }
            };
            self.sweep().await;
            ended
        }
        .boxed()
    }

    fn gave_up<'a>(&'a self, job: &'a Run, error: &'a Error) -> BoxFuture<'a, Result<()>> {
        async move {
            let (code, message) = match error.code() {
                Code::Internal => (
                    Code::Unavailable,
                    "the question has failed in the worker, or ended it, whose log has more: ask \
                     for less, or with engine: POSTGRES",
                ),
                code => (code, error.message()),
            };
            // For a moment, so that all who wait see it.
            sqlx::query(
                "UPDATE lake_answer SET state = 'failed', error_code = $2, error_message = $3, \
                     wanted_until = now() + interval '5 seconds' \
                 WHERE id = $1 AND state = 'queued'",
            )
            .bind(answer_of(job)?)
            .bind(code.as_str())
            .bind(message)
            .execute(&self.pool)
            .await?;
            Ok(())
        }
        .boxed()
    }
}

fn answer_of(job: &Run) -> Result<Uuid> {
    let id = job.payload.get("answer").and_then(|id| id.as_str());
    id.and_then(|id| id.parse().ok()).ok_or_else(|| Error::internal("a job has no answer"))
}

fn too_many() -> Error {
    let message = format!(
        "the answer has more than {MOST_GROUPS} groups: group by less, filter, or ask with engine: \
         POSTGRES"
    );
    Error::new(Code::LakeLimit, message)
}
