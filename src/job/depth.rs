//! How many jobs wait, and for how long, for metrics.

use sqlx::{PgConnection, Row as _};

use super::task::{ALL, code};

/// The jobs of a task that have not ended.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Depth {
    /// The code of the task.
    pub task: &'static str,
    /// Jobs that wait for a worker.
    pub due: i64,
    /// Jobs that wait for their time.
    pub later: i64,
    /// Jobs that are run.
    pub running: i64,
    /// Seconds since the oldest of those that wait was queued.
    pub oldest_age: f64,
    /// Seconds since the oldest of those that are due was due.
    pub oldest_wait: f64,
}

const DEPTHS: &str = "
SELECT task, count(*) FILTER (WHERE state = 'queued' AND run_at <= now()),
    count(*) FILTER (WHERE state = 'queued' AND run_at > now()),
    count(*) FILTER (WHERE state = 'running'),
    coalesce(extract(epoch FROM now() - min(created_at) FILTER (WHERE state = 'queued')),
        0)::float8,
    coalesce(extract(epoch FROM now() - min(run_at)
        FILTER (WHERE state = 'queued' AND run_at <= now())), 0)::float8
FROM job WHERE state IN ('queued', 'running') GROUP BY task";

/// The jobs that have not ended, of every task.
///
/// # Errors
/// As any query.
pub async fn depths(connection: &mut PgConnection) -> sqlx::Result<Vec<Depth>> {
    let mut depths: Vec<_> =
        ALL.iter().map(|task| Depth { task: code(*task), ..Depth::default() }).collect();
    for row in sqlx::query(DEPTHS).fetch_all(connection).await? {
        let task: String = row.try_get(0)?;
        let Some(depth) = depths.iter_mut().find(|depth| depth.task == task) else { continue };
        depth.due = row.try_get(1)?;
        depth.later = row.try_get(2)?;
        depth.running = row.try_get(3)?;
        depth.oldest_age = row.try_get(4)?;
        depth.oldest_wait = row.try_get(5)?;
    }
    Ok(depths)
}
