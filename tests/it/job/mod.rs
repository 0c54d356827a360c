//! Jobs, workers, schedules and notifications.

mod queue;
mod retries;
mod schedule;
mod webhook;
mod worker_process;
