//! Workers, in this process and as processes of their own.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use salesgraph::job::loads::Loads;
use salesgraph::job::{Handler, Task, Worker, WorkerOptions};
use salesgraph::load::Ending;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::TestApp;

/// A worker must stop within this time.
const LIMIT: Duration = Duration::from_secs(60);

/// Options by which dead workers are noticed soon.
pub(crate) fn quick() -> WorkerOptions {
    WorkerOptions {
        reports: 2,
        lake_queries: 1,
        grace: Duration::from_millis(100),
        heartbeat: Duration::from_millis(250),
        dead_after: Duration::from_secs(2),
    }
}

/// A worker in this process.
pub(crate) struct Working {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Working {
    /// Starts it.
    pub(crate) fn start(worker: Worker) -> Self {
        let stop = CancellationToken::new();
        let until = stop.clone();
        let task = tokio::spawn(async move { worker.run(until).await.expect("the worker ends") });
        Self { stop, task }
    }

    /// A worker for one task.
    pub(crate) fn on(app: &TestApp, task: Task, handler: Arc<dyn Handler>) -> Self {
        Self::start(Worker::new(app.pool.clone(), quick()).handle(task, handler))
    }

    /// A worker for the jobs of loads.
    pub(crate) async fn loading(app: &TestApp) -> Self {
        let loads = loads(app, None).await;
        Self::start(with_loads(Worker::new(app.pool.clone(), quick()), &loads))
    }

    /// Stops it, and waits until it has ended.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        timeout(LIMIT, self.task).await.expect("it ends in time").expect("it does not panic");
    }
}

/// The handler of loads.
pub(crate) async fn loads(app: &TestApp, ending: Option<Arc<dyn Ending>>) -> Arc<Loads> {
    Arc::new(Loads {
        pool: app.pool.clone(),
        database: app.database(),
        s3: app.s3().clone(),
        options: app.loader(|_| {}).await.options,
        ending,
        lake: None,
    })
}

/// A worker that also loads.
pub(crate) fn with_loads(worker: Worker, loads: &Arc<Loads>) -> Worker {
    worker
        .handle(Task::Load, loads.clone())
        .handle(Task::ReplayRejects, loads.clone())
        .handle(Task::DemandForecast, loads.clone())
}

/// Starts the program as a worker without a schedule, which soon takes over from dead ones.
pub(crate) fn start_worker(command: &mut Command) -> Child {
    command
        .arg("worker")
        .env("LOAD_SCHEDULE", "off")
        .env("WORKER_DEAD_AFTER", "2s")
        .env("WORKER_GRACE", "100ms")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

impl TestApp {
    /// Starts `salesgraph worker` without a schedule.
    pub(crate) fn start_worker(&self) -> Child {
        start_worker(self.command().env("LOAD_BATCH_ROWS", "50"))
    }

    /// Waits until the job has ended; gives its state, attempts, and error.
    pub(crate) async fn ended(&self, job: Uuid) -> (String, i32, String) {
        self.wait_until(&format!("SELECT finished_at IS NOT NULL FROM job WHERE id = '{job}'"))
            .await;
        sqlx::query_as(
            "SELECT state::text, attempts, concat_ws(': ', error_code, error_message) \
             FROM job WHERE id = $1",
        )
        .bind(job)
        .fetch_one(&self.pool)
        .await
        .expect("the job")
    }
}
