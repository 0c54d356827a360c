//! Which answers are kept.

use sqlx::PgConnection;

use crate::error::Result;

/// Most groups of all answers that are kept.
const MOST_KEPT: i64 = 4_000_000;
/// What an answer counts for at least, as its question takes room as well.
const LEAST: i64 = 1_000;
/// Answers that are removed at a time.
const AT_A_TIME: i32 = 100;

/// Removes what nobody wants any more, unless a worker may be at it, which gives it up. Of the
/// rest it removes what was wanted longest ago, as far as it is too much. Who reads such an answer
/// notices that it is gone.
pub(in crate::job) async fn sweep(connection: &mut PgConnection) -> Result<()> {
    sqlx::query(
        "DELETE FROM lake_answer WHERE id IN (SELECT id FROM lake_answer \
         WHERE (wanted_until < now() AND (state <> 'queued' OR NOT EXISTS (SELECT FROM job \
             WHERE job.id = job_id AND job.state IN ('queued', 'running')))) \
         OR id IN (SELECT id FROM ( \
             SELECT id, sum(greatest(groups, $1)) OVER (ORDER BY wanted_until DESC, id) AS upto \
             FROM lake_answer WHERE state = 'succeeded') AS kept WHERE upto > $2) \
         ORDER BY wanted_until LIMIT $3 FOR UPDATE SKIP LOCKED)",
    )
    .bind(LEAST)
    .bind(MOST_KEPT)
    .bind(AT_A_TIME)
    .execute(connection)
    .await?;
    Ok(())
}
