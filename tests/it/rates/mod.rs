//! Currency rates from a public API: fetched, kept raw, queued, stored, made again.

mod beside_files;
mod fetch;
mod readers;
mod refuse;
mod replay;
mod reprocess;
mod sqs;
mod store;
