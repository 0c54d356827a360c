//! Metrics: what this process counts, and how it is exposed to Prometheus.
//!
//! They count always, whether or not anyone listens: on the way of a request that is a few
//! atomic additions, without a lock or an allocation. `names` describes each metric once, for
//! the exposition, the documentation and the tests; `exposition` writes them.

mod columns;
mod database;
mod descriptor;
mod exposition;
mod family;
mod graphql;
mod histogram;
mod http;
pub mod names;
mod process;
mod work;

pub use self::columns::{RefreshOutcome, columns_asked, columns_kept, columns_read};
pub use self::database::{Execution, PoolMetrics, Wait, pool};
pub use self::descriptor::{Descriptor, Kind};
pub use self::exposition::{Exposition, Samples};
pub use self::family::{Counters, Histograms};
pub use self::graphql::{executed, failed};
pub use self::histogram::Histogram;
pub use self::http::{BATCH, CacheOutcome, NONE, OTHER, OperationMetrics, in_progress, operation};
pub use self::names::markdown_table;
pub use self::work::{
    JobOutcome, SpanOutcome, job_ended, report_ended, report_written, s3_answered, spans_ended,
};
