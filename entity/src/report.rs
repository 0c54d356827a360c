//! `report`.

use sea_orm::entity::prelude::*;

codes! {
    /// What a report has rows of.
    ReportKind: "String(StringLen::N(15))" {
        /// Order lines.
        SalesLines = "sales_lines",
        /// Orders.
        SalesOrders = "sales_orders",
        /// Customers.
        Customers = "customers",
        /// Products.
        Products = "products",
        /// Groups of order lines with their measures.
        SalesAggregate = "sales_aggregate",
        /// The demand forecast by product and date.
        DemandForecast = "demand_forecast",
        /// The rows of a GraphQL query.
        Query = "query",
    }
}

codes! {
    /// Format of a report.
    ReportFormat: "String(StringLen::N(8))" {
        /// CSV by RFC 4180, in UTF-8, with a header.
        Csv = "csv",
        /// The same, compressed by gzip.
        CsvGzip = "csv_gzip",
        /// Apache Parquet.
        Parquet = "parquet",
    }
}

codes! {
    /// State of a report.
    ReportState: "String(StringLen::N(9))" {
        /// Waits for a worker.
        Queued = "queued",
        /// Is being made.
        Running = "running",
        /// The file is complete, and can be downloaded.
        Succeeded = "succeeded",
        /// Could not be made; the error says why.
        Failed = "failed",
        /// Canceled before it was complete.
        Canceled = "canceled",
        /// Was complete, and has been removed because of its age.
        Expired = "expired",
    }
}

/// The columns of codes.
pub const CODES: &[(Column, &crate::Codes)] = &[
    (Column::Kind, &ReportKind::CODES),
    (Column::Format, &ReportFormat::CODES),
    (Column::State, &ReportState::CODES),
];

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report", comment = "A report: rows of a query as a file.")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "UUID of the report. UUIDs sort by time.")]
    pub id: Uuid,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "The organisation that asked for it; empty without one.")]
    pub organization: String,
    #[sea_orm(column_type = "Text", comment = "The caller's name for what it is for.")]
    pub project: String,
    #[sea_orm(comment = "What it has rows of.")]
    pub kind: ReportKind,
    #[sea_orm(comment = "Format of the file.")]
    pub format: ReportFormat,
    #[sea_orm(comment = "State of the report.")]
    pub state: ReportState,
    #[sea_orm(column_type = "JsonBinary")]
    #[sea_orm(comment = "What was asked for: the query, its variables, columns, encoding.")]
    pub request: Json,
    #[sea_orm(comment = "SHA-256 of the request and of the rights it is made with.")]
    pub fingerprint: Vec<u8>,
    #[sea_orm(column_type = "Text")]
    #[sea_orm(comment = "The scopes it is made with, separated by spaces.")]
    pub grants: String,
    #[sea_orm(comment = "The territories it is limited to; null is no limit.")]
    pub territories: Option<Vec<i32>>,
    #[sea_orm(column_type = "Text", comment = "Who asked for it first; empty for the operator.")]
    pub requested_by: String,
    #[sea_orm(comment = "When it was asked for first.")]
    pub requested_at: DateTimeUtc,
    #[sea_orm(comment = "When a worker last began to make it; null before.")]
    pub started_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "When it ended, well or not; null before.")]
    pub finished_at: Option<DateTimeUtc>,
    #[sea_orm(comment = "How many times a worker has begun to make it.")]
    pub attempt: i32,
    #[sea_orm(comment = "Rows written so far.")]
    pub progress_rows: i64,
    #[sea_orm(comment = "Bytes of the file uploaded so far.")]
    pub progress_bytes: i64,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Key of the file in the bucket of reports.")]
    pub object_key: Option<String>,
    #[sea_orm(comment = "Counts the reports of the same request: 1 is the first.")]
    pub version: i32,
    #[sea_orm(comment = "Rows of the file, without a header; null unless it is complete.")]
    pub row_count: Option<i64>,
    #[sea_orm(comment = "Size of the file in bytes; null unless it is complete.")]
    pub byte_size: Option<i64>,
    #[sea_orm(column_type = "String(StringLen::N(64))", nullable)]
    #[sea_orm(comment = "SHA-256 of the file in hexadecimal; null unless it is complete.")]
    pub sha256: Option<String>,
    #[sea_orm(comment = "Version of the data that it shows, as in `extensions.dataVersion` of \
                   responses; null unless it is complete.")]
    pub data_version: Option<i64>,
    #[sea_orm(comment = "When that version of the data was committed.")]
    pub data_as_of: Option<DateTimeUtc>,
    #[sea_orm(column_type = "Text", nullable)]
    #[sea_orm(comment = "Constant code of its failure; null unless failed.")]
    pub error_code: Option<String>,
    #[sea_orm(column_type = "Text", nullable, comment = "Its message.")]
    pub error_message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
