//! The description of every metric: the one list of them.

use super::descriptor::{Descriptor, Kind};

macro_rules! metrics {
    ($($(#[$doc:meta])* $constant:ident: $kind:ident $name:literal [$($label:literal),*] = $help:literal;)*) => {
        $($(#[$doc])* pub static $constant: Descriptor = Descriptor {
            name: $name,
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        };)*

        /// All of them, in the order of the documentation.
        pub static ALL: &[&Descriptor] = &[$(&$constant),*];
    };
}

metrics! {
    /// Requests.
    HTTP_REQUESTS: Counter "salesgraph_http_requests_total" ["operation", "status", "cache"] =
        "Requests that were answered, without health checks";
    /// Their durations.
    HTTP_DURATION: Histogram "salesgraph_http_request_duration_seconds" ["operation", "cache"] =
        "From the head of a request to the head of its response";
    /// Requests now.
    HTTP_IN_PROGRESS: Gauge "salesgraph_http_requests_in_progress" [] =
        "Requests whose response has not begun";
    /// Connections now.
    HTTP_CONNECTIONS: Gauge "salesgraph_http_connections" ["state"] =
        "Open connections to the API; parked ones wait for their next request and hold no buffers";
    /// WebSockets.
    WEBSOCKETS: Gauge "salesgraph_websockets" [] = "Open WebSockets whose caller is known";
    /// Running subscriptions.
    SUBSCRIPTIONS: Gauge "salesgraph_subscriptions" [] =
        "Running operations on WebSockets and as event streams";
    /// Executions.
    EXECUTIONS: Counter "salesgraph_graphql_executions_total" ["type", "outcome"] =
        "Operations that were executed, not answered from the cache; each of a batch and each time of a subscription; canceled by the time limit or a client that is gone";
    /// Errors.
    ERRORS: Counter "salesgraph_graphql_errors_total" ["code"] =
        "Errors in responses, by extensions.code; GraphQL responses with errors may have status 200";
    /// Costs.
    COST: Histogram "salesgraph_graphql_operation_cost" ["operation"] =
        "Estimated cost of executed operations, as extensions.cost.estimate";
    /// Memory of the response cache.
    CACHE_BYTES: Gauge "salesgraph_response_cache_bytes" [] = "Memory of cached responses and their keys";
    /// Questions to the columns.
    COLUMNS_REQUESTS: Counter "salesgraph_analytics_requests_total" ["outcome"] =
        "Aggregates that no table keeps ready: answered from the columns in memory (columns), else from the rows of Postgres, and why";
    /// Memory of the columns.
    COLUMNS_BYTES: Gauge "salesgraph_analytics_bytes" [] = "Memory of the columns for aggregates";
    /// Reading them.
    COLUMNS_REFRESH: Histogram "salesgraph_analytics_refresh_seconds" ["outcome"] =
        "Time to read the columns for aggregates from Postgres";
    /// Connections.
    POOL_CONNECTIONS: Gauge "salesgraph_db_pool_connections" ["pool", "state"] =
        "Connections to Postgres that a pool has open";
    /// Limits of connections.
    POOL_MAX: Gauge "salesgraph_db_pool_max_connections" ["pool"] =
        "Connections to Postgres that a pool may have open";
    /// Waits.
    POOL_WAIT: Histogram "salesgraph_db_pool_wait_seconds" ["pool"] =
        "Time that statements of requests, and whole reports, waited for a connection";
    /// Statements that wait.
    POOL_WAITING: Gauge "salesgraph_db_pool_waiting" ["pool"] =
        "Statements of requests, and reports, that wait for a connection";
    /// Statements.
    STATEMENT_DURATION: Histogram "salesgraph_db_statement_duration_seconds" ["pool", "outcome"] =
        "Time of the statements of requests and reports until their last row is read, with opening a connection, without the wait for one; canceled by a limit or a client that is gone, too";
    /// S3.
    S3_DURATION: Histogram "salesgraph_s3_request_duration_seconds" ["service", "operation", "outcome"] =
        "Time of calls to S3 and SQS until the response's head, with retries";
    /// Jobs that ended here.
    JOB_DURATION: Histogram "salesgraph_job_duration_seconds" ["task", "outcome"] =
        "Time of the runs of jobs in this process";
    /// Reports.
    REPORTS: Counter "salesgraph_reports_total" ["kind", "format", "outcome"] =
        "Reports that this process has made or given up";
    /// Their rows.
    REPORT_ROWS: Counter "salesgraph_report_rows_total" ["kind", "format"] =
        "Rows of the reports that this process has made";
    /// Their bytes.
    REPORT_BYTES: Counter "salesgraph_report_bytes_total" ["kind", "format"] =
        "Bytes of the files of these reports, as stored";
    /// Whether Postgres told the rest.
    LEDGER_UP: Gauge "salesgraph_ledger_up" ["part"] =
        "Whether Postgres told the metrics of this part when last asked; 0 leaves them out";
    /// Rows.
    LOAD_ROWS: Counter "salesgraph_load_rows_total" ["outcome"] =
        "Rows that load runs had read when they ended, by what became of them, and rows of mirrored files removed and kept";
    /// Rejected rows.
    LOAD_REJECTS: Gauge "salesgraph_load_rejects" ["reason"] =
        "Rejected rows that wait to be replayed";
    /// Parked rows.
    LOAD_PARKED: Gauge "salesgraph_load_parked_rows" [] = "Rows that wait for the row they refer to";
    /// Runs.
    LOAD_RUNS: Counter "salesgraph_load_runs_total" ["state"] = "Load runs that have ended, without checks";
    /// When it was loaded.
    LAST_SUCCESS: Gauge "salesgraph_load_last_success_timestamp_seconds" [] =
        "End of the newest successful load of a source, not from the lake";
    /// How long ago.
    LAST_SUCCESS_AGE: Gauge "salesgraph_load_last_success_age_seconds" [] =
        "Seconds since the end of the newest successful load of a source";
    /// The data version.
    DATA_VERSION: Gauge "salesgraph_data_version" [] = "Version of all data: the number of the last commit";
    /// Its time.
    DATA_AS_OF: Gauge "salesgraph_data_version_timestamp_seconds" [] = "When that version was committed";
    /// The queue.
    QUEUE_JOBS: Gauge "salesgraph_job_queue_jobs" ["task", "state"] =
        "Jobs that have not ended: due, scheduled for later, or running";
    /// Its oldest job.
    QUEUE_AGE: Gauge "salesgraph_job_queue_oldest_age_seconds" ["task"] =
        "Age of the oldest job that waits; 0 without one";
    /// Its oldest due job.
    QUEUE_WAIT: Gauge "salesgraph_job_queue_oldest_wait_seconds" ["task"] =
        "How long the oldest job that waits has been due; 0 without one";
    /// Spans.
    TRACE_SPANS: Counter "salesgraph_trace_spans_total" ["outcome"] =
        "Spans that the collector has (exported), that could not be sent (failed), and that too many others waited before (dropped)";
    /// The program.
    BUILD_INFO: Gauge "salesgraph_build_info" ["version"] = "The version of the program; always 1";
    /// CPU time.
    PROCESS_CPU: Counter "process_cpu_seconds_total" [] = "CPU time of the process";
    /// Resident memory.
    PROCESS_RESIDENT: Gauge "process_resident_memory_bytes" [] = "Resident memory of the process";
    /// Virtual memory.
    PROCESS_VIRTUAL: Gauge "process_virtual_memory_bytes" [] = "Virtual memory of the process";
    /// Descriptors.
    PROCESS_FDS: Gauge "process_open_fds" [] = "Open file descriptors of the process";
    /// Limit of descriptors.
    PROCESS_MAX_FDS: Gauge "process_max_fds" [] = "Most open file descriptors of the process";
    /// Threads.
    PROCESS_THREADS: Gauge "process_threads" [] = "Threads of the process";
    /// Start.
    PROCESS_START: Gauge "process_start_time_seconds" [] = "When the process started";
}

/// The table of the documentation.
#[must_use]
pub fn markdown_table() -> String {
    let mut table = String::from("| metric | type | labels | meaning |\n|---|---|---|---|\n");
    for Descriptor { name, kind, labels, help } in ALL {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let (kind, labels) = (kind.as_str(), labels.join(", "));
        table.push_str(&format!("| `{name}` | {kind} | {labels} | {help} |\n"));
    }
    table
}
