//! Jobs: work that is queued in Postgres and done by workers, once or until it is given up.
//! docs/jobs.md lists the guarantees.
//!
//! The table `job` is the state of each job: what is counted, shown and decided on. The
//! queue library only delivers its id to a worker. `queue` adds and cancels, `worker` runs
//! the deliveries, `execution` is one of them, `lease` its statements, `schedule` adds jobs
//! at due times.

mod background;
mod counts;
mod depth;
mod execution;
mod handler;
mod lake;
mod lease;
pub mod loads;
mod queue;
pub mod rates;
mod report;
mod retention;
mod retry;
mod schedule;
mod span;
mod task;
pub mod webhook;
mod worker;

pub use background::Background;
pub use counts::{Count, StoredJob, counts, list};
pub use depth::{Depth, depths};
pub use handler::{Handler, Run};
pub use lake::{AnswerFromLake, LakeAnswers};
pub use queue::{NewJob, add, cancel, open};
pub use report::{MakeReport, ScheduledSweep, SweepReports};
pub use schedule::{Due, Schedule};
pub use task::Task;
pub use worker::{Worker, WorkerOptions};
