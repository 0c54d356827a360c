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
        let Some(wanted) = self.wanted(id).await? else { return Ok(()) };
        let scan = self.lake.scan_sales(&wanted.metadata).await?;
        let Question { keys, totals, parts, .. } = &wanted.question;
        let mut answering = self.engine.begin(scan, &wanted.question).await?;
        let mut transaction = self.pool.begin().await?;
        // The first statement has every group.
        let mut groups = None;
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
            groups.get_or_insert(i64::try_from(rows).unwrap_or(i64::MAX));
        }
        sqlx::query(
            "UPDATE lake_answer SET state = 'succeeded', groups = $2, \
                 wanted_until = greatest(wanted_until, now() + interval '10 seconds') \
             WHERE id = $1 AND state = 'queued'",
        )
        .bind(wanted.id)
        .bind(groups.unwrap_or_default())
        .execute(&mut *transaction)
        .await?;
        // Who waits for it looks then.
        sqlx::query("SELECT pg_notify('salesgraph_activity', '')")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        tracing::info!(answer = %id, groups, parts = parts.len(), "the lake has answered");
        Ok(())
    }

    /// The question, if somebody still waits for its answer.
    async fn wanted(&self, id: Uuid) -> Result<Option<Wanted>> {
        let row = sqlx::query(
            "SELECT metadata, question FROM lake_answer \
             WHERE id = $1 AND state = 'queued' AND wanted_until > now()",
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

    /// Ends when nobody waits any more.
    async fn unwanted(&self, id: Uuid) {
        loop {
            sleep(LOOK).await;
            let wanted: Result<Option<bool>, _> =
                sqlx::query_scalar("SELECT wanted_until > now() FROM lake_answer WHERE id = $1")
                    .bind(id)
                    .fetch_optional(&self.pool)
                    .await;
            if let Ok(None | Some(false)) = wanted {
                return;
            }
        }
    }
}

impl Handler for AnswerFromLake {
    fn run<'a>(&'a self, job: &'a Run) -> BoxFuture<'a, Result<()>> {
        async move {
            let id = answer_of(job)?;
            tokio::select! {
                ended = Box::pin(self.answer(id)) => ended,
                () = job.stop.cancelled() => Err(Error::new(Code::Conflict, "the job was stopped")),
                () = self.unwanted(id) => {
                    tracing::info!(answer = %id, "nobody waits for the lake any more");
                    Ok(())
                }
            }
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
