//! Currency rates from a public API. `client` asks it, `fetch` keeps each answer raw and puts
//! it on a queue, `store` reads it from there: what fits the schema becomes rows and a curated
//! file, what does not dead letters. `key` knows where all that is.

mod address;
mod client;
mod curated;
mod dead;
mod decode;
mod fetch;
mod key;
mod queue;
mod raw;
mod replay;
mod reprocess;
mod request;
mod rows;
mod sqs;
mod store;
mod url;

pub use fetch::Fetcher;
pub use queue::RawQueue;
pub use replay::{FailureSelection, raw_of_failures};
pub use reprocess::reprocess;
pub use request::{RatesRequest, default_request};
pub use sqs::SqsQueue;
pub use store::{Stored, store};
