//! Files of the rows of queries.

mod export_refuse;
mod export_stream;
mod export_values;
mod format_parquet;
mod saved_query;
mod saved_query_http;
