//! Jobs that ended are forgotten after a while.

use sqlx::PgPool;

use crate::error::Result;

/// Failed jobs stay longer, because somebody may look for them. A bounded number at a time,
/// so that nothing waits for it.
const PRUNE: &str = "
DELETE FROM job WHERE id IN (
    SELECT id FROM job
    WHERE finished_at < now() - interval '7 days'
        AND (state <> 'failed' OR finished_at < now() - interval '90 days')
    LIMIT 1000)";

/// Forgets jobs that ended a week ago, or three months if they failed.
pub(super) async fn prune(pool: &PgPool) -> Result<()> {
    sqlx::query(PRUNE).execute(pool).await?;
    super::lake::sweep(&mut *pool.acquire().await?).await
}
